// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/dense_evidence.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/test_picture.hpp"

namespace pressmark::verify {
namespace {

Description of_size(int width, int height) {
  Description description;
  description.width_px = width;
  description.height_px = height;
  return description;
}

TEST(DenseEvidenceTest, TheNormalisedScoreIsTheMeanOfBothZScores) {
  EXPECT_NEAR(kernels::normalised_score(0.6f, {0.4f, 0.1f}, {0.5f, 0.2f}), 0.5 * (2 + 0.5), 1e-6);
  EXPECT_NEAR(kernels::normalised_score(0.4f, {0.4f, 0.1f}, {0.4f, 0.2f}), 0, 1e-6);
}

TEST(DenseEvidenceTest, PositionsAndMapsAreEachOthersInverse) {
  const Description query = of_size(512, 301), hit = of_size(200, 380);
  for (const Matrix3& map :
       {Matrix3{1, 0, 0, 0, 1, 0, 0, 0, 1}, Matrix3{0.6, -0.8, 31, 0.8, 0.5, -12, 0, 0, 1}}) {
    kernels::DensePosition position;
    ASSERT_TRUE(dense_position(map, query, hit, position));
    const Matrix3 back = hit_from_query_of(position, query, hit);
    for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(back[i], map[i], 1e-9) << i;
  }
}

TEST(DenseEvidenceTest, TheSamePhotoLiesOnItselfWithoutShift) {
  const Description photo = of_size(400, 301);
  kernels::DensePosition position;
  ASSERT_TRUE(dense_position({1, 0, 0, 0, 1, 0, 0, 0, 1}, photo, photo, position));
  EXPECT_EQ(position.linear, (std::array<double, 4>{1, 0, 0, 1}));
  EXPECT_NEAR(position.shift_x, 0, 1e-12);
  EXPECT_NEAR(position.shift_y, 0, 1e-12);
}

TEST(DenseEvidenceTest, WhatDenseCodesDoNotCompareIsRefused) {
  const Description photo = of_size(400, 300);
  kernels::DensePosition position;
  EXPECT_FALSE(dense_position({0.1, 0, 0, 0, 0.1, 0, 0, 0, 1}, photo, photo, position));
  EXPECT_FALSE(dense_position({9, 0, 0, 0, 9, 0, 0, 0, 1}, photo, photo, position));
  EXPECT_FALSE(dense_position({1, 0, 0, 1, 0, 0, 0, 0, 1}, photo, photo, position));
  EXPECT_FALSE(dense_position({1, 0, 0, 0, 1, 0, -1, 0, 1}, photo, photo, position));
}

// Cells are told in pixels of the photos, of which the canonical images are reduced parts.
TEST(DenseEvidenceTest, CellsOfAMovedPictureAgreeWhereItMovedTo) {
  const test::Picture picture = test::grey_of(test::test_picture(480, 480, 3));
  const auto backend = kernels::make_cpu_backend();
  const auto described = [&](const test::Picture& seen) {
    Description description = of_size(seen.width, seen.height);
    const kernels::GreyImage grey{seen.width, seen.height, seen.pixels};
    const kernels::GreyImage none;
    backend->dense_codes({&grey, 1}, {&none, 1}, {&description.dense, 1});
    return description;
  };
  Description query = described(picture), hit = described(test::cut(picture, 30, 18, 440, 440));
  query.photo_scale = 2;
  hit.photo_origin_x = 100;
  kernels::DensePosition position;
  ASSERT_TRUE(dense_position({1, 0, -30, 0, 1, -18, 0, 0, 1}, query, hit, position));
  DenseEvidence evidence;
  compare_cells(*backend, query, hit, position, evidence);
  ASSERT_GT(evidence.cells.size(), 12u);
  EXPECT_GT(evidence.agreeing_cells, 0.7 * static_cast<double>(evidence.cells.size()));
  int agreeing = 0;
  for (const CongruentCell& cell : evidence.cells) {
    agreeing += cell.agrees;
    EXPECT_NEAR(cell.query_side_px, 2 * 480 * 10 / 64.0, 1e-3);
    if (!cell.agrees) continue;
    // photo = origin + scale * (canonical + .5) - .5
    EXPECT_NEAR(cell.hit_x, 100 + (cell.query_x + 0.5) / 2 - 0.5 - 30, 12);
    EXPECT_NEAR(cell.hit_y, (cell.query_y + 0.5) / 2 - 0.5 - 18, 12);
  }
  EXPECT_EQ(agreeing, evidence.agreeing_cells);
}

}  // namespace
}  // namespace pressmark::verify
