// SPDX-License-Identifier: Apache-2.0
//
// A catalogue in a folder of its own, photos of scenes for it, and other views of them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "pressmark/catalogue.hpp"
#include "tests/support/image_encoders.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_model.hpp"

namespace pressmark::test {

inline constexpr int kSceneWidth = 320, kSceneHeight = 240;

inline Picture scene(int number) {
  return test_picture(kSceneWidth, kSceneHeight, static_cast<std::uint64_t>(7000 + number));
}

// The scene turned by 0.3 rad and at 0.9 of its size.
inline Picture view_of_scene(int number) {
  const Picture picture = scene(number);
  const cv::Mat from(picture.height, picture.width, CV_8UC3,
                     const_cast<std::uint8_t*>(picture.pixels.data()));
  Picture view{picture.width, picture.height, 3, {}};
  view.pixels.resize(picture.pixels.size());
  cv::Mat to(view.height, view.width, CV_8UC3, view.pixels.data());
  const cv::Mat map =
      cv::getRotationMatrix2D(cv::Point2f(kSceneWidth / 2.0f, kSceneHeight / 2.0f), 17.2, 0.9);
  cv::warpAffine(from, to, map, to.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT,
                 cv::Scalar(128, 128, 128));
  return view;
}

class PipelineTest : public testing::Test {
 protected:
  PhotoInput write(const std::string& name, const Picture& picture) const {
    return {directory_.write(name, make_png(picture)), {}, {}};
  }
  PhotoInput write_scene(int number) const {
    return write("scene" + std::to_string(number) + ".png", scene(number));
  }
  PhotoInput write_view(int number) const {
    return write("view" + std::to_string(number) + ".png", view_of_scene(number));
  }
  std::vector<PhotoInput> write_scenes(int count) const {
    std::vector<PhotoInput> photos;
    for (int i = 0; i < count; ++i) photos.push_back(write_scene(i));
    return photos;
  }
  PhotoInput write_bad(const std::string& name) const {
    return {directory_.write(name, bytes_of("no photo at all")), {}, {}};
  }

  std::filesystem::path place() const { return directory_.path() / "catalogue"; }
  Catalogue create() const { return Catalogue::create(place(), test_model(), describe_); }

  static std::vector<AddReport> add(Catalogue& catalogue, const std::vector<PhotoInput>& photos,
                                    const AddOptions& options = {}, const RunControl& control = {},
                                    const std::vector<Seizure>& seizures = {}) {
    std::vector<AddReport> reports;
    catalogue.add(photos, seizures, options, control,
                  [&](const AddReport& report) { reports.push_back(report); });
    return reports;
  }

  static std::vector<QueryResult> match(const Catalogue& catalogue,
                                        const std::vector<PhotoInput>& queries,
                                        const MatchOptions& options = {},
                                        const RunControl& control = {}) {
    std::vector<QueryResult> results;
    catalogue.match(queries, options, {}, control,
                    [&](const QueryResult& result) { results.push_back(result); });
    return results;
  }

  static std::vector<ImageId> hit_ids(const QueryResult& result) {
    std::vector<ImageId> ids;
    for (const Hit& hit : result.hits) ids.push_back(hit.image.id);
    return ids;
  }

  template <typename Call>
  static std::optional<ErrorCode> error_of(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return std::nullopt;
  }

  const TemporaryDirectory directory_;
  const DescribeOptions describe_{.long_side_px = 256, .max_keypoints = 200};
};

// Every value of both, to the last bit.
inline void expect_equal(const Verification& a, const Verification& b) {
  EXPECT_EQ(a.score, b.score);
  EXPECT_EQ(a.verified, b.verified);
  EXPECT_EQ(a.evidence, b.evidence);
  EXPECT_EQ(a.log_false_alarms, b.log_false_alarms);
  EXPECT_EQ(a.raw, b.raw);
  EXPECT_EQ(a.relit, b.relit);
  EXPECT_EQ(a.channel, b.channel);
  EXPECT_EQ(a.inlier_count, b.inlier_count);
  EXPECT_EQ(a.area_query, b.area_query);
  EXPECT_EQ(a.area_hit, b.area_hit);
  EXPECT_EQ(a.error_px, b.error_px);
  EXPECT_EQ(a.transform.kind, b.transform.kind);
  EXPECT_EQ(a.transform.hit_from_query, b.transform.hit_from_query);
  EXPECT_EQ(a.transform.scale, b.transform.scale);
  EXPECT_EQ(a.transform.rotation_deg, b.transform.rotation_deg);
  ASSERT_EQ(a.inliers.size(), b.inliers.size());
  for (std::size_t i = 0; i < a.inliers.size(); ++i) {
    EXPECT_EQ(a.inliers[i].query_x, b.inliers[i].query_x);
    EXPECT_EQ(a.inliers[i].query_y, b.inliers[i].query_y);
    EXPECT_EQ(a.inliers[i].hit_x, b.inliers[i].hit_x);
    EXPECT_EQ(a.inliers[i].hit_y, b.inliers[i].hit_y);
  }
}

inline void expect_equal(const PhotoInfo& a, const PhotoInfo& b) {
  EXPECT_EQ(a.sha256, b.sha256);
  EXPECT_EQ(a.file_bytes, b.file_bytes);
  EXPECT_EQ(a.format, b.format);
  EXPECT_EQ(a.width_px, b.width_px);
  EXPECT_EQ(a.height_px, b.height_px);
  EXPECT_EQ(a.orientation, b.orientation);
}

inline void expect_equal(const QueryResult& a, const QueryResult& b) {
  EXPECT_EQ(a.file, b.file);
  EXPECT_EQ(a.ok, b.ok);
  EXPECT_EQ(a.code, b.code);
  EXPECT_EQ(a.reason, b.reason);
  expect_equal(a.info, b.info);
  EXPECT_EQ(a.width_px, b.width_px);
  EXPECT_EQ(a.height_px, b.height_px);
  EXPECT_EQ(a.keypoints, b.keypoints);
  EXPECT_EQ(a.candidates, b.candidates);
  ASSERT_EQ(a.hits.size(), b.hits.size());
  for (std::size_t i = 0; i < a.hits.size(); ++i) {
    const CatalogueImage &left = a.hits[i].image, &right = b.hits[i].image;
    EXPECT_EQ(left.id, right.id);
    EXPECT_EQ(left.file, right.file);
    expect_equal(left.info, right.info);
    EXPECT_EQ(left.keypoints, right.keypoints);
    EXPECT_EQ(left.added_at, right.added_at);
    EXPECT_EQ(left.facts.metadata_json, right.facts.metadata_json);
    expect_equal(a.hits[i].verification, b.hits[i].verification);
  }
}

inline void expect_equal(const std::vector<QueryResult>& a, const std::vector<QueryResult>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) expect_equal(a[i], b[i]);
}

}  // namespace pressmark::test
