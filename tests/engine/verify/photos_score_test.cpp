// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/photos_score.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace pressmark::verify {
namespace {

TEST(PhotosScoreTest, OnePhotoSpeaksForItself) {
  EXPECT_DOUBLE_EQ(score_of_photos(std::vector{4.25}), 4.25);
}

TEST(PhotosScoreTest, TheBestCountsLessTheChancesOfTheOthers) {
  EXPECT_DOUBLE_EQ(score_of_photos(std::vector{1.0, 5.0, 0.0, 4.5}), 5 - std::log10(4));
}

TEST(PhotosScoreTest, IsNeverNegative) {
  EXPECT_EQ(score_of_photos(std::vector{0.0, 0.1}), 0);
  EXPECT_EQ(score_of_photos({}), 0);
}

}  // namespace
}  // namespace pressmark::verify
