// SPDX-License-Identifier: Apache-2.0
#include "pressmark/options.hpp"

#include <fmt/format.h>

#include "pressmark/catalogue.hpp"
#include "pressmark/error.hpp"
#include "pressmark/model.hpp"
#include "pressmark/report.hpp"

namespace pressmark {
namespace {

// Written so that NaN fails.
template <typename T>
void require_range(const char* field, T value, T low, T high) {
  if (value >= low && value <= high) return;
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{} must be between {} and {}, not {}", field, low, high, value));
}

}  // namespace

void DecodeOptions::validate() const {
  require_range<std::int64_t>("max_file_bytes", max_file_bytes, 1, std::int64_t{1} << 40);
  require_range<std::int64_t>("max_pixels", max_pixels, 1, std::int64_t{1} << 31);
}

void DescribeOptions::validate() const {
  require_range("long_side_px", long_side_px, 64, 1000);
  require_range("max_keypoints", max_keypoints, 16, 4096);
}

void CompactOptions::validate() const {
  require_range("removed_share", removed_share, 0.0, 1.0);
  require_range("images_per_segment", images_per_segment, 1, 65536);
}

void ImportOptions::validate() const {
  require_range("images_per_segment", images_per_segment, 1, 65536);
}

void SearchOptions::validate() const {
  require_range("candidates", candidates, 1, 100'000);
  require_range("dense_images", dense_images, 0, kMostDenseImages);
}

void VerifyOptions::validate() const {
  require_range("ratio", ratio, 0.01f, 1.0f);
  require_range("threshold_px", threshold_px, 0.1f, 50.0f);
  require_range("min_inliers", min_inliers, 4, 100'000);
  require_range("min_cells", min_cells, 1, 36);
  require_range("min_score", min_score, 0.0, 1e6);
}

void MatchOptions::validate() const {
  filter.validate();
  search.validate();
  verify.validate();
  require_range("query_keypoints", query_keypoints, 16, 4096);
  require_range("max_hits", max_hits, 1, 10'000);
}

void AddOptions::validate() const {
  decode.validate();
  require_range("images_per_segment", images_per_segment, 1, 65'536);
}

void AuditOptions::validate() const {
  require_range("queries", queries, std::int64_t{1}, std::int64_t{1'000'000});
  require_range("k", k, 1, 1000);
  require_range("candidate_queries", candidate_queries, std::int64_t{0}, std::int64_t{1'000'000});
  require_range("dense_images", dense_images, 0, SearchOptions::kMostDenseImages);
}

void TrainOptions::validate() const {
  describe.validate();
  decode.validate();
  require_range("warps_per_image", warps_per_image, 1, 64);
  require_range("words", words, 2, 1024);
  require_range("global_size", global_size, 1, words * kLocalCodeSize);
  require_range("vocabulary", vocabulary, 1, 65'536);
  require_range("strangers", strangers, 1, 100'000);
}

void ReportOptions::validate() const {
  decode.validate();
  require_range("preview_long_side_px", preview_long_side_px, 64, 4096);
}

}  // namespace pressmark
