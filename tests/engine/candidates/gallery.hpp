// SPDX-License-Identifier: Apache-2.0
//
// Random descriptions and photos of them seen again, with a small model to go with.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "engine/candidates/candidate_finder.hpp"
#include "kernels/math/keypoint_grid.hpp"

namespace pressmark::candidates {

class GalleryTest : public testing::Test {
 protected:
  static constexpr std::size_t kKeypoints = 40;

  GalleryTest() {
    for (models::LocalModel* local : {&model_.raw, &model_.relit}) {
      local->vocabulary = random_codes(16);
      local->even_size = 32;
    }
    model_.global_size = 4;
    options_.dense_images = 0;
  }

  std::vector<std::int8_t> random_codes(std::size_t count) {
    std::vector<std::int8_t> codes(count * kLocalCodeSize);
    for (std::int8_t& value : codes) value = static_cast<std::int8_t>(random_() % 41) - 20;
    return codes;
  }

  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() % 10'000) / 10'000;
  }

  // On the grid, as every stored keypoint is.
  Keypoint random_keypoint() {
    using namespace kernels;
    const auto px = [&](double low, double high) {
      return px_from_grid(grid_from_px(static_cast<float>(uniform(low, high))));
    };
    return {px(60, 450), px(60, 450), px(4, 16),
            angle_from_grid(grid_from_angle(static_cast<float>(uniform(0, 6.28))))};
  }

  void assign_words(Description& description) const {
    for (const Channel channel : kChannels) {
      LocalCodes& local = description.local(channel);
      const models::LocalModel& model = channel == Channel::kRaw ? model_.raw : model_.relit;
      const std::span<const std::int8_t> codes(local.codes);
      kernels::WordAssignment words;
      backend_->assign({&codes, 1}, model.words(), model.even_size, 1, {&words, 1});
      local.words = words.same;
    }
  }

  Description random_description() {
    Description description;
    description.width_px = description.height_px = 512;
    for (const Channel channel : kChannels) {
      LocalCodes& local = description.local(channel);
      local.codes = random_codes(kKeypoints);
      for (std::size_t i = 0; i < kKeypoints; ++i) local.keypoints.push_back(random_keypoint());
    }
    assign_words(description);
    for (int i = 0; i < model_.global_size; ++i) {
      description.global.push_back(static_cast<float>(uniform(-1, 1)));
    }
    // Blocks, which remain when the code is reduced.
    constexpr std::size_t kBlock = 8, kSide = kDenseSide;
    std::array<std::int8_t, 2 * kSide * kSide / (kBlock * kBlock)> blocks;
    for (std::int8_t& value : blocks) value = static_cast<std::int8_t>(random_() % 255) - 127;
    for (std::size_t i = 0; i < description.dense.values.size(); ++i) {
      const std::size_t x = i % kSide / kBlock, y = i / kSide / kBlock;
      description.dense.values[i] = blocks[y * kSide / kBlock + x];
    }
    description.dense_cohort = {0.2f, 0.03f};
    return description;
  }

  // Of `original` one raw code remains, in place but hardly to be known again, and the dense code.
  Description seen_again(const Description& original) {
    Description result = random_description();
    result.raw.keypoints[0] = original.raw.keypoints[0];
    for (std::size_t i = 0; i < kLocalCodeSize; ++i) {
      const int noise = static_cast<int>(random_() % 101) - 50;
      result.raw.codes[i] = static_cast<std::int8_t>(original.raw.codes[i] + noise);
    }
    assign_words(result);
    result.dense = original.dense;
    return result;
  }

  Rankings find(const CandidateFinder& finder, const Description& query, int count,
                std::optional<ImageId> left_out = std::nullopt,
                const index::ImageSelection* selection = nullptr) const {
    const auto dense = backend_->prepare_search(query.dense);
    const CandidateFinder::Query asked{&query, dense.get(), left_out};
    return finder.find({&asked, 1}, count, options_, selection).front();
  }

  std::mt19937_64 random_{11};
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_cpu_backend();
  models::ModelData model_;
  SearchOptions options_;
};

}  // namespace pressmark::candidates
