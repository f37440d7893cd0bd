// SPDX-License-Identifier: Apache-2.0
//
// The numbers of a model in memory, and their file (docs/format.md, "Model files").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::models {

// Whitening of one channel's descriptors; shapes as in kernels::Whitening.
struct LocalModel {
  std::vector<float> mean, projection;
  // Code elements before this one keep their value when the photo's contrast is inverted, the
  // others change sign. Even.
  int even_size = 0;

  // Words by which the codes are indexed (engine/index/local_index.hpp), kLocalCodeSize values
  // each.
  std::vector<std::int8_t> vocabulary;

  kernels::Whitening whitening() const { return {mean, projection}; }
  kernels::Vocabulary words() const {
    return {static_cast<int>(vocabulary.size() / kLocalCodeSize), vocabulary};
  }
};

// How the channels' figures are joined (engine/verify/fusion.hpp).
struct FusionModel {
  static constexpr int kFeatures = 3;
  static constexpr int kKnots = 16;
  static constexpr double kDecadesPerKnot = 0.5;  // of rarity
  // The tail is extrapolated along this many knots, one and a half decades: one interval alone is
  // noise.
  static constexpr int kTailKnots = 4;
  std::vector<float> weights;  // kFeatures, then the constant
  // Evidence at which the share of unrelated pairs that reach it falls below 10^-(i / 2), for i <
  // kKnots: ascending.
  std::vector<float> knots;
};

// How moulds of one design are told apart (engine/verify/mould.hpp).
struct MouldModel {
  static constexpr int kFeatures = 14;
  // kFeatures, then the constant; empty: the training had no design of several moulds.
  std::vector<float> weights;
  // Evidence from which the mould is called the same, and up to which it is called different.
  float same_from = 0, different_to = 0;

  bool is_taught() const { return !weights.empty(); }
};

struct ModelData {
  std::string id;             // set by encode/decode: of the encoded bytes
  std::string manifest_json;  // model.json as one object
  std::string name;

  LocalModel raw, relit;
  FusionModel fusion;
  MouldModel mould;

  // Of the raw channel. Shapes as in kernels::Aggregation.
  int words = 0, global_size = 0;
  std::vector<float> centroids, vlad_mean, vlad_projection;

  // Photos that a photo's dense code is compared with to learn how much it resembles anything.
  std::vector<DenseCode> cohort;

  const LocalModel& local(Channel channel) const { return channel == Channel::kRaw ? raw : relit; }
  LocalModel& local(Channel channel) { return channel == Channel::kRaw ? raw : relit; }
  kernels::Aggregation aggregation() const {
    return {words, global_size, centroids, vlad_mean, vlad_projection};
  }
};

// The bytes of model.bin. The projection of the global vector is rounded to half precision: a
// model that was encoded and decoded equals itself from then on.
std::vector<std::uint8_t> encode_model(const ModelData& model);

// Throws Error: kCorruptData (magic, length, checksum, non-finite numbers), kUnsupported (newer
// version, other descriptor or code size). Fills everything but manifest and name.
ModelData decode_model(std::span<const std::uint8_t> bytes);

}  // namespace pressmark::models
