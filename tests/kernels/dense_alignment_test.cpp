// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "conformance.hpp"
#include "drawing.hpp"

namespace pressmark::kernels {
namespace {

using cpu::code_of;
using cpu::Drawing;

class DenseAlignmentTest : public BackendTest {
 protected:
  DensePyramid reduced(const DenseCode& code) const {
    DensePyramid pyramid;
    backend_->reduce_dense({&code, 1}, {&pyramid, 1});
    return pyramid;
  }

  DenseCode random_code(std::uint64_t seed) const {
    std::mt19937_64 random(seed);
    DenseCode code;
    for (std::int8_t& value : code.values) {
      value = static_cast<std::int8_t>(std::floor(uniform(random, -127, 128)));
    }
    return code;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, DenseAlignmentTest, testing::ValuesIn(kBackends), backend_name);

// By the definition, of a query that is only shifted by whole cells, or turned by pi as well.
double correlation(std::span<const std::int8_t> query, std::span<const std::int8_t> candidate,
                   int side, int shift_x, int shift_y, bool turned) {
  double sum = 0, query_squares = 0, candidate_squares = 0;
  for (int part = 0; part < 2; ++part) {
    const auto at = [&](std::span<const std::int8_t> values, int x, int y) {
      if (x < 0 || y < 0 || x >= side || y >= side) return 0.0;
      return static_cast<double>(values[static_cast<std::size_t>((part * side + y) * side + x)]);
    };
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        const int from_x = turned ? side - 1 - (x - shift_x) : x - shift_x;
        const int from_y = turned ? side - 1 - (y - shift_y) : y - shift_y;
        sum += at(query, from_x, from_y) * at(candidate, x, y);
        query_squares += at(query, x, y) * at(query, x, y);
        candidate_squares += at(candidate, x, y) * at(candidate, x, y);
      }
    }
  }
  return sum / std::sqrt(query_squares * candidate_squares);
}

TEST_P(DenseAlignmentTest, ScreeningEqualsTheDefinition) {
  const DenseCode query = random_code(1), candidate = random_code(2);
  const DensePyramid from = reduced(query), to = reduced(candidate);
  const auto alignment = backend_->prepare_alignment(query);
  constexpr int kSide = kQuarteredSide;
  for (const bool turned : {false, true}) {
    for (const auto& [x, y] : {std::pair{0, 0}, {3, -2}, {-8, 8}, {7, 0}, {-5, -8}}) {
      double best = 0;
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          if (std::abs(x + dx) > kSide / 2 || std::abs(y + dy) > kSide / 2) continue;
          best =
              std::max(best, correlation(from.quarter, to.quarter, kSide, x + dx, y + dy, turned));
        }
      }
      // The point (.1, .2) of the query, turned, and shifted by x, y cells.
      const float sign = turned ? -1 : 1;
      const DenseStart start{0.1f,
                             0.2f,
                             sign * 0.1f + static_cast<float>(x) / kSide,
                             sign * 0.2f + static_cast<float>(y) / kSide,
                             turned ? std::numbers::pi_v<float> : 0.0f,
                             0,
                             0};
      const auto found = screen(*alignment, to, {&start, 1});
      ASSERT_EQ(found.size(), 1u);
      EXPECT_NEAR(found[0].score, best, 1e-5) << x << " " << y << " " << turned;
    }
  }
}

TEST_P(DenseAlignmentTest, ReducingTakesMeans) {
  DenseCode code;
  code.values[0] = code.values[1] = code.values[kDenseSide] = code.values[kDenseSide + 1] = 127;
  code.values.back() = -127;
  const DensePyramid pyramid = reduced(code);
  EXPECT_EQ(pyramid.half.front(), 127);
  EXPECT_EQ(pyramid.half.back(), -32);
  EXPECT_EQ(pyramid.quarter.front(), 127);
  EXPECT_EQ(pyramid.quarter.back(), -32);
  EXPECT_EQ(std::count(pyramid.half.begin(), pyramid.half.end(), 0),
            static_cast<std::ptrdiff_t>(pyramid.half.size() - 2));
}

TEST_P(DenseAlignmentTest, FindsWhatTheWholeSearchFindsNearARoughStart) {
  const Drawing drawing(1);
  const DenseCode query = code_of(drawing.at(0, 1, 0, 0));
  const auto alignment = backend_->prepare_alignment(query);
  const auto search = backend_->prepare_search(query);
  struct Planted {
    float rotation, octaves, x, y;
  };
  for (const Planted& planted : {Planted{0, 0, 0, 0},
                                 {0.5f, 0.4f, 0.1f, -0.05f},
                                 {3.1f, -0.5f, 0.12f, 0.1f},
                                 {-2, 0.6f, 0.03f, 0.02f}}) {
    const DenseCode candidate = code_of(drawing.at(
        static_cast<double>(planted.rotation), std::exp2(static_cast<double>(planted.octaves)),
        static_cast<double>(planted.x), static_cast<double>(planted.y)));
    DenseMatch whole;
    search->search({&candidate, 1}, {&whole, 1});
    // Each of them off, as votes are, and one that is wrong.
    const std::vector<DenseStart> starts{
        {0, 0, planted.x - 0.03f, planted.y + 0.04f, planted.rotation + 2.5f, 0, 0},
        {0, 0, planted.x + 0.03f, planted.y - 0.04f, planted.rotation + 0.15f,
         planted.octaves - 0.2f, 0}};
    const DensePyramid pyramid = reduced(candidate);
    const auto screened = screen(*alignment, pyramid, starts);
    ASSERT_EQ(screened.size(), 2u);
    EXPECT_GE(screened[0].score, screened[1].score);
    const float aligned = align(*alignment, pyramid, screened);
    EXPECT_GT(aligned, 0.85f * whole.score);
    EXPECT_GT(aligned, align(*alignment, pyramid, {&starts[0], 1}) + 0.1f);
  }
}

TEST_P(DenseAlignmentTest, KeepsTheBestStartsTheEarlierOfEqualOnes) {
  const DenseCode code = code_of(Drawing(3).at(0, 1, 0, 0));
  const auto alignment = backend_->prepare_alignment(code);
  std::vector<DenseStart> starts;
  for (int i = 0; i < 20; ++i) starts.push_back({0, 0, 0.02f * static_cast<float>(i), 0, 0, 0, 0});
  std::reverse(starts.begin(), starts.end());
  const auto screened = screen(*alignment, reduced(code), starts);
  ASSERT_EQ(screened.size(), DenseAlignment::kScreenedStarts);
  EXPECT_NEAR(screened[0].score, 1, 1e-5);
  for (std::size_t i = 1; i < screened.size(); ++i) {
    EXPECT_LE(screened[i].score, screened[i - 1].score);
  }
}

TEST_P(DenseAlignmentTest, WhatIsOutOfReachOrEmptyScoresNothing) {
  const DenseCode code = code_of(Drawing(4).at(0, 1, 0, 0));
  const auto alignment = backend_->prepare_alignment(code);
  const DensePyramid pyramid = reduced(code);
  EXPECT_TRUE(screen(*alignment, pyramid, {}).empty());
  EXPECT_EQ(align(*alignment, pyramid, {}), 0);
  const std::vector<DenseStart> away{{0, 0, 0.9f, 0, 0, 0, 0},
                                     {0, 0, 0, -1e9f, 0, 0, 0},
                                     {0, 0, 0, 0, 0, 1.6f, 0},
                                     {0, 0, 0, 0, 0, -1e9f, 0}};
  for (const DenseStart& start : away) {
    EXPECT_EQ(align(*alignment, pyramid, {&start, 1}), 0);
    EXPECT_EQ(screen(*alignment, pyramid, {&start, 1}).at(0).score, 0);
  }
  const DenseStart start{};
  EXPECT_EQ(align(*alignment, reduced({}), {&start, 1}), 0);
  EXPECT_EQ(align(*backend_->prepare_alignment({}), pyramid, {&start, 1}), 0);
}

}  // namespace
}  // namespace pressmark::kernels
