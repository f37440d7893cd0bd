// SPDX-License-Identifier: Apache-2.0
//
// A picture and its view through a known homography, as photos on disk: the map must come back.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "engine/model/model_data.hpp"
#include "engine/verify/fusion.hpp"
#include "engine/verify/geometry.hpp"
#include "pressmark/engine.hpp"
#include "tests/kernels/relief.hpp"
#include "tests/support/image_encoders.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_model.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::verify {
namespace {

using test::Picture;

Picture warped(const Picture& picture, const Matrix3& map, int width, int height) {
  const cv::Mat from(picture.height, picture.width, CV_8UC3,
                     const_cast<std::uint8_t*>(picture.pixels.data()));
  Picture result{width, height, 3, {}};
  result.pixels.resize(static_cast<std::size_t>(width * height * 3));
  cv::Mat to(height, width, CV_8UC3, result.pixels.data());
  const cv::Mat matrix(3, 3, CV_64F, const_cast<double*>(map.data()));
  cv::warpPerspective(from, to, matrix, to.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT,
                      cv::Scalar(128, 128, 128));
  return result;
}

// Pictures side by side: unlike a single large one, detailed everywhere.
Picture mosaic(int columns, int rows, int tile_width, int tile_height, std::uint64_t seed) {
  Picture result{columns * tile_width, rows * tile_height, 3, {}};
  cv::Mat whole(result.height, result.width, CV_8UC3);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      Picture tile = test::test_picture(tile_width, tile_height, seed++);
      cv::Mat(tile_height, tile_width, CV_8UC3, tile.pixels.data())
          .copyTo(whole(cv::Rect(column * tile_width, row * tile_height, tile_width, tile_height)));
    }
  }
  result.pixels.assign(whole.datastart, whole.dataend);
  return result;
}

double corner_error(const Transform& found, const Matrix3& planted, int width, int height) {
  double error = 0;
  for (double x : {0, width - 1}) {
    for (double y : {0, height - 1}) {
      Point a, b;
      if (!map_point(found.hit_from_query, {x, y}, a) || !map_point(planted, {x, y}, b)) {
        return INFINITY;
      }
      error = std::max(error, std::hypot(a.x - b.x, a.y - b.y));
    }
  }
  return error;
}

class VerifyTest : public testing::Test {
 protected:
  Description describe(const Picture& picture,
                       const std::optional<RegionOfInterest>& region = {}) const {
    const auto file = directory_.write("photo.png", test::make_png(picture));
    DescribedPhoto photo = engine_.describe_file(file, region);
    EXPECT_TRUE(photo.ok) << photo.reason;
    return photo.description;
  }

  const test::TemporaryDirectory directory_;
  const Engine engine_{test::test_model()};
};

TEST_F(VerifyTest, RecoversAPlantedHomography) {
  const Picture picture = test::test_picture(480, 360, 21);
  const Matrix3 map{0.85, 0.2, 30, -0.15, 0.9, 70, 2e-4, 1e-4, 1};
  const Description query = describe(picture), hit = describe(warped(picture, map, 500, 440));
  const Verification result = engine_.verify(query, hit);
  ASSERT_TRUE(result.verified) << result.score << ", " << result.inlier_count;
  EXPECT_LT(corner_error(result.transform, map, 480, 360), 1.5);
  EXPECT_EQ(static_cast<int>(result.inliers.size()), result.inlier_count);
  EXPECT_GT(result.area_query, 0.3);
  EXPECT_LE(result.area_query, 1);
  EXPECT_GT(result.area_hit, 0.2);
  EXPECT_LT(result.error_px, 2);
  for (const Inlier& inlier : result.inliers) {
    Point mapped;
    ASSERT_TRUE(
        map_point(result.transform.hit_from_query, {inlier.query_x, inlier.query_y}, mapped));
    EXPECT_LT(std::hypot(mapped.x - inlier.hit_x, mapped.y - inlier.hit_y), 4.1);
  }
}

TEST_F(VerifyTest, TellsScaleAndRotationOfASimilarity) {
  const Picture picture = test::test_picture(400, 300, 22);
  const double c = 0.8 * std::cos(0.6), s = 0.8 * std::sin(0.6);
  const Matrix3 map{c, -s, 200, s, c, 20, 0, 0, 1};
  const Verification result =
      engine_.verify(describe(picture), describe(warped(picture, map, 480, 460)));
  ASSERT_TRUE(result.verified);
  EXPECT_LT(corner_error(result.transform, map, 400, 300), 1.5);
  EXPECT_NEAR(result.transform.scale, 0.8, 0.01);
  EXPECT_NEAR(result.transform.rotation_deg, 0.6 * 180 / M_PI, 1);
}

TEST_F(VerifyTest, AnswersInPhotoPixelsWhereBothPhotosWereReduced) {
  const Picture picture = test::test_picture(1300, 900, 23);
  const Matrix3 map{0.6, 0.1, 40, -0.08, 0.62, 120, 3e-5, 2e-5, 1};
  const Description query = describe(picture), hit = describe(warped(picture, map, 900, 760));
  EXPECT_NEAR(query.photo_scale, 1300.0 / 512, 1e-9);
  const Verification result = engine_.verify(query, hit);
  ASSERT_TRUE(result.verified);
  EXPECT_LT(corner_error(result.transform, map, 1300, 900), 1.5 * hit.photo_scale);
  double scale, rotation_deg;
  local_scale_rotation(map, {650, 450}, scale, rotation_deg);
  EXPECT_NEAR(result.transform.scale, scale, 0.02);
}

TEST_F(VerifyTest, AnswersInPhotoPixelsWithRegionsOfInterest) {
  const Picture picture = mosaic(5, 4, 200, 200, 240);
  const Matrix3 map{0.7, -0.1, 150, 0.12, 0.75, 30, 0, 0, 1};
  const Picture view = warped(picture, map, 900, 800);
  const RegionOfInterest query_region{300, 250, 420, 360}, hit_region{200, 150, 600, 500};
  const Verification result =
      engine_.verify(describe(picture, query_region), describe(view, hit_region));
  ASSERT_TRUE(result.verified) << result.score;
  double error = 0;
  for (const Point corner : {Point{300, 250}, Point{719, 250}, Point{300, 609}, Point{719, 609}}) {
    Point a, b;
    ASSERT_TRUE(map_point(result.transform.hit_from_query, corner, a));
    ASSERT_TRUE(map_point(map, corner, b));
    error = std::max(error, std::hypot(a.x - b.x, a.y - b.y));
  }
  EXPECT_LT(error, 1.5);
  for (const Inlier& inlier : result.inliers) {
    EXPECT_GE(inlier.query_x, 299);
    EXPECT_LE(inlier.query_x, 721);
    EXPECT_GE(inlier.hit_y, 149);
    EXPECT_LE(inlier.hit_y, 651);
  }
}

TEST_F(VerifyTest, APhotoAgreesWithItself) {
  const Description photo = describe(test::test_picture(300, 260, 25));
  const Verification result = engine_.verify(photo, photo);
  ASSERT_TRUE(result.verified);
  EXPECT_EQ(result.transform.kind, TransformKind::kSimilarity);
  EXPECT_LT(corner_error(result.transform, {1, 0, 0, 0, 1, 0, 0, 0, 1}, 300, 260), 0.05);
  EXPECT_LT(result.error_px, 0.05);
}

TEST_F(VerifyTest, UnrelatedPicturesAreNotVerified) {
  std::vector<Description> photos;
  for (std::uint64_t seed = 30; seed < 36; ++seed) {
    photos.push_back(describe(test::test_picture(320, 240, seed)));
  }
  for (std::size_t i = 0; i < photos.size(); ++i) {
    for (std::size_t j = 0; j < photos.size(); ++j) {
      if (i == j) continue;
      const Verification result = engine_.verify(photos[i], photos[j]);
      EXPECT_FALSE(result.verified) << i << ", " << j << ": " << result.score;
      EXPECT_GE(result.score, 0);
    }
  }
}

TEST_F(VerifyTest, NoKeypointsGiveAnEmptyAnswer) {
  const Description photo = describe(test::test_picture(200, 200, 26)),
                    none = describe(Picture{40, 40, 3, std::vector<std::uint8_t>(4800, 90)});
  ASSERT_EQ(none.keypoint_count(), 0);
  for (const auto& [query, hit] : {std::pair{&photo, &none}, {&none, &photo}, {&none, &none}}) {
    const Verification result = engine_.verify(*query, *hit);
    EXPECT_FALSE(result.verified);
    EXPECT_EQ(result.score, 0);
    EXPECT_EQ(result.log_false_alarms, 0);
    EXPECT_EQ(result.raw, LocalEvidence{});
    EXPECT_EQ(result.relit, LocalEvidence{});
    EXPECT_EQ(result.inlier_count, 0);
    EXPECT_TRUE(result.inliers.empty());
  }
}

TEST_F(VerifyTest, ThresholdsDecideAloneWhatIsVerified) {
  const Description photo = describe(test::test_picture(240, 200, 27));
  const Verification loose = engine_.verify(photo, photo);
  VerifyOptions strict;
  strict.min_score = loose.score + 1;
  const Verification refused = engine_.verify(photo, photo, strict);
  EXPECT_FALSE(refused.verified);
  EXPECT_EQ(refused.score, loose.score);
  strict = {};
  strict.min_inliers = loose.inlier_count + 1;
  strict.min_cells = 36;
  EXPECT_FALSE(engine_.verify(photo, photo, strict).verified);
}

TEST_F(VerifyTest, CellsRegisterWhatHasTooFewInliers) {
  const Picture picture = test::test_picture(360, 320, 28);
  const Description whole = describe(picture),
                    part = describe(test::cut(picture, 20, 10, 320, 300));
  VerifyOptions options;
  options.min_inliers = 100'000;
  const Verification result = engine_.verify(whole, part, options);
  ASSERT_TRUE(result.verified) << result.score << " " << result.dense.agreeing_cells;
  EXPECT_TRUE(result.registered);
  EXPECT_GE(result.dense.agreeing_cells, options.min_cells);
  EXPECT_EQ(result.inlier_count, 0);
  EXPECT_TRUE(result.inliers.empty());
  EXPECT_EQ(result.transform.kind, TransformKind::kAffine);
  EXPECT_LT(corner_error(result.transform, {1, 0, -20, 0, 1, -10, 0, 0, 1}, 360, 320), 8);
  EXPECT_NEAR(result.transform.scale, 1, 0.03);
}

Picture negative(Picture picture) {
  for (auto& value : picture.pixels) value = static_cast<std::uint8_t>(255 - value);
  return picture;
}

TEST_F(VerifyTest, InvertedContrastIsFoundInBothChannels) {
  const Picture picture = test::test_picture(480, 360, 28);
  const Matrix3 map{0.85, 0.2, 30, -0.15, 0.9, 70, 0, 0, 1};
  const Picture view = warped(picture, map, 500, 440);
  const Verification same = engine_.verify(describe(picture), describe(view));
  const Verification inverted = engine_.verify(describe(picture), describe(negative(view)));
  ASSERT_TRUE(same.verified);
  ASSERT_TRUE(inverted.verified) << inverted.score;
  EXPECT_LT(corner_error(inverted.transform, map, 480, 360), 2.0);
  EXPECT_FALSE(same.raw.inverted);
  EXPECT_FALSE(same.relit.inverted);
  EXPECT_TRUE(inverted.raw.inverted);
  EXPECT_TRUE(inverted.relit.inverted);
  EXPECT_NEAR(inverted.raw.agreeing, same.raw.agreeing, 0.1 * same.raw.agreeing);
  EXPECT_NEAR(inverted.relit.agreeing, same.relit.agreeing, 0.1 * same.relit.agreeing);
  EXPECT_NEAR(inverted.score, same.score, 0.5);
}

Picture photo_of(const kernels::GreyImage& image) {
  return {image.width, image.height, 1, image.pixels};
}

TEST_F(VerifyTest, AReliefUnderAnotherLightIsFoundRelit) {
  const kernels::Relief relief(480, 360, 1);
  const Picture first = photo_of(relief.lit(0.4));
  for (double gap : {M_PI / 4, M_PI / 2, M_PI}) {
    const Picture second = test::cut(photo_of(relief.lit(0.4 + gap)), 25, 17, 420, 320);
    const Verification result = engine_.verify(describe(first), describe(second));
    const bool opposite = gap > 3;
    EXPECT_TRUE(result.verified) << gap << ": " << result.score;
    EXPECT_LT(corner_error(result.transform, {1, 0, -25, 0, 1, -17, 0, 0, 1}, 480, 360), 2) << gap;
    // From the opposite side the photo is its own negative, and either channel may agree best;
    // otherwise it is another photo.
    EXPECT_TRUE(opposite || result.channel == Channel::kRelit) << gap;
    EXPECT_EQ(result.raw.agreeing > 50, opposite) << gap;
    EXPECT_GT(2 * result.relit.agreeing, opposite ? 200 : 3 * result.raw.agreeing) << gap;
    if (opposite) {
      EXPECT_TRUE(result.raw.inverted);
    }
  }
}

TEST_F(VerifyTest, EachChannelAloneIsEnough) {
  const Picture picture = photo_of(kernels::Relief(360, 280, 2).lit(1.1));
  const Matrix3 map{1, 0, -25, 0, 1, -17, 0, 0, 1};
  const Description query = describe(picture), hit = describe(test::cut(picture, 25, 17, 300, 240));
  const Verification both = engine_.verify(query, hit);
  for (const Channel channel : kChannels) {
    const Channel other = channel == Channel::kRaw ? Channel::kRelit : Channel::kRaw;
    Description one = query;
    one.local(other) = {};
    const Verification result = engine_.verify(one, hit);
    EXPECT_TRUE(result.verified) << to_string(channel);
    EXPECT_EQ(result.channel, channel);
    EXPECT_EQ(result.local(channel), both.local(channel));
    EXPECT_EQ(result.local(other), LocalEvidence{});
    EXPECT_LT(corner_error(result.transform, map, 360, 280), 1) << to_string(channel);
    EXPECT_LE(result.evidence, both.evidence);
    EXPECT_LE(result.score, both.score);
  }
}

TEST_F(VerifyTest, TheChannelThatAgreesBetterIsRegistered) {
  const Picture picture = test::test_picture(480, 360, 21);
  Description query = describe(picture);
  const Description hit = describe(picture);
  for (const Channel channel : kChannels) {
    Description thinned = query;
    LocalCodes& local = thinned.local(channel == Channel::kRaw ? Channel::kRelit : Channel::kRaw);
    local.keypoints.resize(12);
    local.codes.resize(local.keypoints.size() * kLocalCodeSize);
    const Verification result = engine_.verify(thinned, hit);
    EXPECT_EQ(result.channel, channel);
    EXPECT_GE(result.inlier_count, result.local(channel).agreeing);
  }
}

TEST_F(VerifyTest, TheScoreIsTheModelsOfTheFigures) {
  const Description photo = describe(test::test_picture(300, 260, 25));
  const Description view = describe(
      warped(test::test_picture(300, 260, 25), {0.7, 0, 20, 0, 0.7, 30, 0, 0, 1}, 300, 260));
  for (const Verification& result : {engine_.verify(photo, photo), engine_.verify(photo, view)}) {
    ASSERT_GT(result.log_false_alarms, 0);
    const models::FusionModel& fusion = engine_.model().data().fusion;
    EXPECT_EQ(result.evidence, fused_evidence(fusion, fusion_features(result)));
    EXPECT_EQ(result.score, score_of_evidence(fusion, result.evidence));
  }
}

TEST_F(VerifyTest, TheRolesOfTheTwoPhotosMayBeExchanged) {
  const Picture picture = test::test_picture(480, 360, 24);
  const Matrix3 map{0.85, 0.2, 30, -0.15, 0.9, 70, 2e-4, 1e-4, 1};
  const Description query = describe(picture), hit = describe(warped(picture, map, 500, 440));
  const Verification there = engine_.verify(query, hit), back = engine_.verify(hit, query);
  ASSERT_TRUE(there.verified);
  ASSERT_TRUE(back.verified);
  const Matrix3 round = multiply(back.transform.hit_from_query, there.transform.hit_from_query);
  for (const Point corner : {Point{0, 0}, Point{479, 0}, Point{0, 359}, Point{479, 359}}) {
    Point to;
    ASSERT_TRUE(map_point(round, corner, to));
    EXPECT_LT(std::hypot(to.x - corner.x, to.y - corner.y), 3);
  }
}

}  // namespace
}  // namespace pressmark::verify
