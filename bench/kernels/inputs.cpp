// SPDX-License-Identifier: Apache-2.0
#include "bench/kernels/inputs.hpp"

#include <algorithm>
#include <random>

#include "engine/model/model_data.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::bench {
namespace {

// Small pictures side by side: detail of all sizes everywhere.
std::vector<std::uint8_t> photo(std::uint64_t seed) {
  constexpr int kTile = 64;
  std::vector<std::uint8_t> pixels(std::size_t{3} * kWidth * kHeight);
  for (int top = 0; top < kHeight; top += kTile) {
    for (int left = 0; left < kWidth; left += kTile) {
      const test::Picture tile = test::test_picture(kTile, kTile, 100 * seed++);
      for (int y = 0; y < kTile; ++y) {
        const auto row = tile.pixels.begin() + std::ptrdiff_t{3} * y * kTile;
        std::copy(row, row + 3 * kTile,
                  pixels.begin() + std::ptrdiff_t{3} * ((top + y) * kWidth + left));
      }
    }
  }
  return pixels;
}

}  // namespace

Inputs::Inputs() {
  const auto cpu = kernels::make_cpu_backend();
  for (std::size_t i = 0; i < kImages; ++i) pixels.push_back(photo(1 + 48 * i));
  for (const auto& image : pixels) {
    views.push_back({image.data(), kWidth, kHeight, 3, std::int64_t{3} * kWidth});
  }
  greys.resize(kImages);
  masks.resize(kImages);
  relit.resize(kImages);
  features.resize(kImages);
  codes.resize(kImages);
  std::vector<Light> lights(kImages);
  std::vector<DenseCode> first(kImages);
  cpu->canonicalise(views, kWidth, greys);
  cpu->mask_glare(greys, masks);
  cpu->relight(greys, masks, relit, lights);
  cpu->extract(greys, masks, kKeypoints, features);
  for (const kernels::LocalFeatures& image : features) keypoints += image.keypoints.size();
  cpu->embed(features, model.data().raw.whitening(), codes);
  cpu->dense_codes(greys, masks, first);
  for (const auto& image : codes) {
    indexed.push_back(std::span(image).first(std::min<std::size_t>(image.size(), 200 * 64)));
  }
  for (std::size_t i = 0; i < kDenseCandidates; ++i) dense.push_back(first[i % kImages]);
  for (std::size_t i = 0; i < kMatchCandidates; ++i) {
    code_views.push_back({features[i % kImages].keypoints, codes[i % kImages]});
  }
  std::mt19937 random(1);
  const auto uniform = [&](float low, float high) {
    return low + (high - low) * static_cast<float>(random() >> 8) * 0x1p-24f;
  };
  for (std::size_t set = 0; set < kMatchCandidates; ++set) {
    keypoint_pairs.emplace_back();
    for (int i = 0; i < 200; ++i) {
      const Keypoint query{uniform(0, 500), uniform(0, 380), uniform(4, 20), uniform(0, 6)};
      Keypoint hit = query;
      hit.x_px += 3;
      if (i % 4 != 0) hit = {uniform(0, 500), uniform(0, 380), uniform(4, 20), uniform(0, 6)};
      keypoint_pairs.back().push_back({query, hit});
    }
  }
  many_codes.resize(kCodes * kLocalCodeSize);
  for (std::int8_t& value : many_codes) value = static_cast<std::int8_t>(random() >> 26);
}

const Inputs& inputs() {
  static const Inputs instance;
  return instance;
}

}  // namespace pressmark::bench
