// SPDX-License-Identifier: Apache-2.0
//
// A small model of random numbers and small photos to describe with it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "relief.hpp"

namespace pressmark::kernels {

class RandomDescribeModel {
 public:
  RandomDescribeModel(int long_side_px, int max_keypoints, std::size_t indexed_codes,
                      std::size_t cohort_size) {
    std::mt19937_64 random(71);
    model_.long_side_px = long_side_px;
    model_.max_keypoints = max_keypoints;
    model_.indexed_codes = indexed_codes;
    for (DescribeModel::OfChannel& channel : model_.channels) {
      channel.whitening = {keep(uniform_values(random, kDescriptorSize, 0, 0.2)),
                           keep(uniform_values(random, kLocalCodeSize * kDescriptorSize, -1, 1))};
      const std::size_t words = 70;
      vocabularies_.push_back(random_codes(random, words));
      channel.vocabulary = {static_cast<int>(words), vocabularies_.back()};
      channel.even_size = 32;
    }
    constexpr int kWords = 5, kGlobalSize = 9;
    constexpr std::size_t kVladSize = std::size_t{kWords} * kLocalCodeSize;
    model_.aggregation = {kWords, kGlobalSize, keep(uniform_values(random, kVladSize, -0.2, 0.2)),
                          keep(uniform_values(random, kVladSize, -0.01, 0.01)),
                          keep(uniform_values(random, kVladSize * kGlobalSize, -1, 1))};
    cohort_.resize(cohort_size);
    for (DenseCode& code : cohort_) {
      auto* values = reinterpret_cast<std::int8_t*>(&code);
      std::generate_n(values, sizeof(DenseCode),
                      [&] { return static_cast<std::int8_t>(uniform(random, -127, 127)); });
    }
    model_.cohort = cohort_;
  }
  RandomDescribeModel(const RandomDescribeModel&) = delete;
  RandomDescribeModel& operator=(const RandomDescribeModel&) = delete;

  const DescribeModel& get() const { return model_; }

 private:
  std::span<const float> keep(std::vector<float> values) {
    return floats_.emplace_back(std::move(values));
  }

  DescribeModel model_;
  std::deque<std::vector<float>> floats_;
  std::deque<std::vector<std::int8_t>> vocabularies_;
  std::vector<DenseCode> cohort_;
};

// Reliefs with some glare, grey or in colour.
class ReliefPhotos {
 public:
  struct Size {
    int width, height, channels;
    int padding = 0;  // bytes between rows
  };

  explicit ReliefPhotos(const std::vector<Size>& sizes) {
    for (const auto& [width, height, channels, padding] : sizes) {
      GreyImage grey = Relief(width, height, 80 + pixels_.size()).lit(0.7);
      for (int y = 2; y < std::min(height, 8); ++y) {
        for (int x = 3; x < std::min(width, 10); ++x) {
          grey.pixels[static_cast<std::size_t>(y * width + x)] = 255;
        }
      }
      std::vector<std::uint8_t>& bytes = pixels_.emplace_back();
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width * channels; ++x) {
          const int level = grey.pixels[static_cast<std::size_t>(y * width + x / channels)];
          bytes.push_back(static_cast<std::uint8_t>(std::max(0, level - 9 * (x % channels))));
        }
        // Nothing follows the last row.
        if (y + 1 < height) bytes.resize(bytes.size() + static_cast<std::size_t>(padding));
      }
      views_.push_back(
          {bytes.data(), width, height, channels, std::int64_t{width} * channels + padding});
    }
  }
  ReliefPhotos(const ReliefPhotos&) = delete;
  ReliefPhotos& operator=(const ReliefPhotos&) = delete;

  std::span<const ImageView> views() const { return views_; }

 private:
  std::deque<std::vector<std::uint8_t>> pixels_;
  std::vector<ImageView> views_;
};

}  // namespace pressmark::kernels
