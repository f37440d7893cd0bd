// SPDX-License-Identifier: Apache-2.0
//
// All agree exactly, as the stages do.
#include "stage_runs.hpp"
#include "tests/kernels/describe_inputs.hpp"

namespace pressmark::kernels {
namespace {

void append(const LocalCodes& local, std::vector<double>& row) {
  row.push_back(static_cast<double>(local.keypoints.size()));
  for (const Keypoint& keypoint : local.keypoints) {
    row.insert(row.end(), {double{keypoint.x_px}, double{keypoint.y_px}, double{keypoint.size_px},
                           double{keypoint.angle_rad}});
  }
  row.insert(row.end(), local.codes.begin(), local.codes.end());
  row.push_back(static_cast<double>(local.words.size()));
  row.insert(row.end(), local.words.begin(), local.words.end());
}

void append(const ImageDescription& description, std::vector<double>& row) {
  row.insert(row.end(), {static_cast<double>(description.grey.width),
                         static_cast<double>(description.grey.height)});
  row.insert(row.end(), description.grey.pixels.begin(), description.grey.pixels.end());
  row.insert(row.end(), {double{description.light.azimuth_rad}, double{description.light.coherence},
                         description.light.sure ? 1.0 : 0.0});
  for (const LocalCodes& local : description.local) append(local, row);
  row.insert(row.end(), description.global.begin(), description.global.end());
  const auto* dense = reinterpret_cast<const std::int8_t*>(&description.dense);
  row.insert(row.end(), dense, dense + sizeof(DenseCode));
  row.insert(row.end(),
             {double{description.dense_cohort.mean}, double{description.dense_cohort.deviation}});
  row.insert(row.end(), description.detail.begin(), description.detail.end());
}

struct Limits {
  int long_side_px, max_keypoints;
  std::size_t indexed_codes, cohort_size;
};

std::vector<double> describe(const Backend& backend, const std::vector<ReliefPhotos::Size>& sizes,
                             const Limits& limits) {
  const RandomDescribeModel model(limits.long_side_px, limits.max_keypoints, limits.indexed_codes,
                                  limits.cohort_size);
  const ReliefPhotos photos(sizes);
  std::vector<ImageDescription> outputs(sizes.size());
  backend.prepare_describer(model.get())->describe(photos.views(), outputs);
  std::vector<double> row;
  for (const ImageDescription& output : outputs) append(output, row);
  return row;
}

}  // namespace

std::vector<StageRun> describe_runs() {
  using Row = std::vector<double>;
  return {
      {"DescribeNoPhotos", 0,
       [](const Backend& backend) {
         return describe(backend, {}, {48, 20, 8, 2});
       }},
      {"DescribeOnePixel", 0,
       [](const Backend& backend) -> Row {
         return describe(backend, {{1, 1, 3}}, {48, 20, 8, 1});
       }},
      {"DescribeSeveralSizes", 0,
       [](const Backend& backend) -> Row {
         return describe(backend, {{70, 50, 3}, {1, 1, 1}, {31, 46, 1, 5}}, {48, 24, 15, 3});
       }},
      {"DescribeWithoutKeypointsAndCohort", 0,
       [](const Backend& backend) -> Row {
         return describe(backend, {{40, 33, 1}}, {48, 0, 8, 0});
       }},
      // All codes are indexed, and there is room for more.
      {"DescribeFewKeypoints", 0,
       [](const Backend& backend) -> Row {
         return describe(backend, {{18, 20, 1}, {33, 24, 3, 2}}, {40, 400, 500, 1});
       }},
  };
}

}  // namespace pressmark::kernels
