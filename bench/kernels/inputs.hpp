// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks of kernels work on: synthetic photos of 512 x 384 px and what the stages make
// of them on the CPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/ops.hpp"
#include "pressmark/model.hpp"

namespace pressmark::bench {

inline constexpr int kWidth = 512, kHeight = 384, kKeypoints = 512;
inline constexpr std::size_t kImages = 32;
inline constexpr std::size_t kDenseCandidates = 4096, kMatchCandidates = 512, kCodes = 1 << 20;

// What every stage needs from the stages before it.
struct Inputs {
  Inputs();

  Model model = Model::load_default();
  std::vector<std::vector<std::uint8_t>> pixels;
  std::vector<kernels::ImageView> views;
  std::vector<kernels::GreyImage> greys, masks, relit;
  std::vector<kernels::LocalFeatures> features;
  std::vector<std::vector<std::int8_t>> codes;
  std::vector<std::span<const std::int8_t>> indexed;
  std::vector<DenseCode> dense;                // of the images, repeated
  std::vector<kernels::CodesView> code_views;  // likewise
  std::vector<std::vector<kernels::KeypointPair>> keypoint_pairs;
  std::vector<std::int8_t> many_codes;
  std::size_t keypoints = 0;  // of all images
};

// Made at the first call.
const Inputs& inputs();

}  // namespace pressmark::bench
