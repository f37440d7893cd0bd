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

struct ModelData {
  std::string id;             // set by encode/decode: of the encoded bytes
  std::string manifest_json;  // model.json as one object
  std::string name;

  // Shapes as in kernels::Whitening and kernels::Aggregation.
  std::vector<float> whitening_mean, whitening_projection;
  int words = 0, global_size = 0;
  std::vector<float> centroids, vlad_mean, vlad_projection;

  kernels::Whitening whitening() const { return {whitening_mean, whitening_projection}; }
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
