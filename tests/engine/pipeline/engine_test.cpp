// SPDX-License-Identifier: Apache-2.0
#include "pressmark/engine.hpp"

#include <cmath>

#include "pipeline_fixture.hpp"

namespace pressmark {
namespace {

using test::PipelineTest;

class EngineTest : public PipelineTest {
 protected:
  const Engine engine_{test::test_model(), describe_};
};

TEST_F(EngineTest, DescribesAPhotoWithItsFacts) {
  const PhotoInput photo = write_scene(1);
  const DescribedPhoto described = engine_.describe_file(photo.file);
  ASSERT_TRUE(described.ok) << described.reason;
  EXPECT_EQ(described.file, photo.file);
  EXPECT_EQ(described.info.format, "png");
  EXPECT_EQ(described.info.width_px, test::kSceneWidth);
  EXPECT_EQ(described.info.file_bytes,
            static_cast<std::int64_t>(std::filesystem::file_size(photo.file)));
  const Description& description = described.description;
  EXPECT_EQ(description.width_px, 256);
  EXPECT_EQ(description.height_px, 192);
  EXPECT_DOUBLE_EQ(description.photo_scale, 1.25);
  for (const Channel channel : kChannels) {
    const LocalCodes& local = description.local(channel);
    EXPECT_GT(local.keypoints.size(), 50u) << to_string(channel);
    EXPECT_LE(local.keypoints.size(), 200u);
    EXPECT_EQ(local.codes.size(), local.keypoints.size() * kLocalCodeSize);
  }
  EXPECT_NE(description.raw.keypoints, description.relit.keypoints);
  EXPECT_EQ(description.keypoint_count(), static_cast<int>(description.raw.keypoints.size() +
                                                           description.relit.keypoints.size()));
  ASSERT_EQ(description.global.size(), 32u);
  double squared = 0;
  for (float value : description.global) squared += double{value} * double{value};
  EXPECT_NEAR(squared, 1, 1e-5);
  EXPECT_EQ(engine_.device(), "cpu");
}

TEST_F(EngineTest, DescribesTheSamePhotoEquallyEachTime) {
  const PhotoInput photo = write_scene(2);
  EXPECT_EQ(engine_.describe_file(photo.file).description,
            engine_.describe_file(photo.file).description);
}

TEST_F(EngineTest, BadFilesAreInTheResult) {
  const DescribedPhoto text = engine_.describe_file(write_bad("text.jpg").file);
  EXPECT_FALSE(text.ok);
  EXPECT_EQ(text.code, ErrorCode::kUnsupported);
  EXPECT_THAT(text.reason, testing::HasSubstr("not an image"));
  EXPECT_NE(text.info.sha256, Sha256{});
  const DescribedPhoto missing = engine_.describe_file(directory_.path() / "none.jpg");
  EXPECT_FALSE(missing.ok);
  EXPECT_EQ(missing.code, ErrorCode::kNotFound);
  const DescribedPhoto outside =
      engine_.describe_file(write_scene(1).file, RegionOfInterest{300, 0, 100, 100});
  EXPECT_FALSE(outside.ok);
  EXPECT_EQ(outside.code, ErrorCode::kInvalidArgument);
}

TEST_F(EngineTest, ARegionIsDescribedInItsPlace) {
  const DescribedPhoto part =
      engine_.describe_file(write_scene(3).file, RegionOfInterest{60, 40, 200, 180});
  ASSERT_TRUE(part.ok);
  EXPECT_EQ(part.info.width_px, test::kSceneWidth);
  EXPECT_EQ(part.description.width_px, 200);
  EXPECT_EQ(part.description.height_px, 180);
  EXPECT_EQ(part.description.photo_origin_x, 60);
  EXPECT_EQ(part.description.photo_origin_y, 40);
}

TEST_F(EngineTest, OptionsAreChecked) {
  DescribeOptions describe;
  describe.long_side_px = 10;
  EXPECT_EQ(error_of([&] { Engine(test::test_model(), describe); }), ErrorCode::kInvalidArgument);
  VerifyOptions verify;
  verify.ratio = 0;
  EXPECT_EQ(error_of([&] { engine_.verify({}, {}, verify); }), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace pressmark
