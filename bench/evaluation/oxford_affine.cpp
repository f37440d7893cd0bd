// SPDX-License-Identifier: Apache-2.0
//
// Registration on the Oxford affine sequences (Mikolajczyk et al., IJCV 2005): image 1 of each
// sequence on images 2 to 6, with known homographies. Ours beside OpenCV SIFT + brute force +
// MAGSAC on the same reduced pictures with the same number of keypoints.
//
// usage: evaluate_oxford_affine DIR [JSON]
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/core/persistence.hpp>
#include <vector>

#include "bench/baselines/opencv_sift.hpp"
#include "pressmark/engine.hpp"

namespace {

// An inlier is correct if the true homography sends it within this many pixels of the full photo.
constexpr double kCorrect_px = 5.0;

struct Outcome {
  int inliers = 0, correct = 0;
  double corner_error_px = INFINITY;  // mean over the corners of image 1

  double accuracy() const { return inliers > 0 ? static_cast<double>(correct) / inliers : 0; }
};

cv::Point2d map(const cv::Matx33d& h, double x, double y) {
  const cv::Vec3d p = h * cv::Vec3d(x, y, 1);
  return {p[0] / p[2], p[1] / p[2]};
}

double corner_error(const cv::Matx33d& estimate, const cv::Matx33d& truth, int width, int height) {
  double sum = 0;
  for (const auto& [x, y] :
       {std::pair{0, 0}, {width - 1, 0}, {0, height - 1}, {width - 1, height - 1}}) {
    sum += cv::norm(map(estimate, x, y) - map(truth, x, y)) / 4;
  }
  return sum;
}

void count(Outcome& outcome, const cv::Matx33d& truth, cv::Point2d query, cv::Point2d hit) {
  ++outcome.inliers;
  outcome.correct += cv::norm(map(truth, query.x, query.y) - hit) <= kCorrect_px;
}

Outcome ours(const pressmark::DescribedPhoto& query, const pressmark::DescribedPhoto& hit,
             const pressmark::Engine& engine, const cv::Matx33d& truth) {
  const pressmark::Verification verification = engine.verify(query.description, hit.description);
  Outcome outcome;
  if (!verification.verified) return outcome;
  for (const pressmark::Inlier& inlier : verification.inliers) {
    count(outcome, truth, {inlier.query_x, inlier.query_y}, {inlier.hit_x, inlier.hit_y});
  }
  outcome.corner_error_px = corner_error(cv::Matx33d(verification.transform.hit_from_query.data()),
                                         truth, query.info.width_px, query.info.height_px);
  return outcome;
}

Outcome textbook(const pressmark::baselines::SiftPhoto& query,
                 const pressmark::baselines::SiftPhoto& hit, const cv::Matx33d& truth,
                 const pressmark::PhotoInfo& info) {
  const auto match =
      pressmark::baselines::match(query, hit, pressmark::VerifyOptions{}.threshold_px);
  Outcome outcome;
  if (match.hit_from_query.empty()) return outcome;
  for (std::size_t i = 0; i < match.query.size(); ++i) {
    count(outcome, truth, match.query[i], match.hit[i]);
  }
  outcome.corner_error_px = corner_error(cv::Matx33d(match.hit_from_query.ptr<double>()), truth,
                                         info.width_px, info.height_px);
  return outcome;
}

nlohmann::ordered_json to_json(const Outcome& outcome) {
  nlohmann::ordered_json json;
  json["inliers"] = outcome.inliers;
  json["correct"] = outcome.correct;
  json["accuracy"] = outcome.accuracy();
  json["corner_error_px"] = std::isfinite(outcome.corner_error_px)
                                ? nlohmann::ordered_json(outcome.corner_error_px)
                                : nlohmann::ordered_json(nullptr);
  return json;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fputs("usage: evaluate_oxford_affine DIR [JSON]\n", stderr);
    return 2;
  }
  const std::filesystem::path directory = argv[1];
  const pressmark::DescribeOptions options;
  const pressmark::Engine engine(pressmark::Model::load_default(), options);
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  fmt::print("{:<8} {:>4}  {:>27}  {:>27}\n", "", "", "Pressmark", "OpenCV SIFT + BF + MAGSAC");
  fmt::print("{:<8} {:>4}  {:>8} {:>9} {:>8}  {:>8} {:>9} {:>8}\n", "sequence", "to", "inliers",
             "accuracy", "corner", "inliers", "accuracy", "corner");
  std::array<Outcome, 2> total;
  std::array<int, 2> registered{};  // pairs with a mean corner error of at most kCorrect_px
  int pairs = 0;
  for (const char* sequence : {"graf", "boat", "leuven", "wall", "bikes"}) {
    const auto folder = directory / sequence;
    const auto first = engine.describe_file(folder / "img1.png");
    if (!first.ok) {
      fmt::print(stderr, "{}: {}\n", (folder / "img1.png").string(), first.reason);
      return 1;
    }
    const auto first_sift = pressmark::baselines::describe(
        folder / "img1.png", options.long_side_px, options.max_keypoints);
    for (int n = 2; n <= 6; ++n) {
      const auto file = folder / fmt::format("img{}.png", n);
      const cv::FileStorage storage((folder / fmt::format("H1to{}p.xml", n)).string(),
                                    cv::FileStorage::READ);
      cv::Mat matrix;
      storage.getFirstTopLevelNode() >> matrix;
      matrix.convertTo(matrix, CV_64F);
      const cv::Matx33d truth(matrix.ptr<double>());

      const auto other = engine.describe_file(file);
      const std::array<Outcome, 2> outcomes{
          ours(first, other, engine, truth),
          textbook(
              first_sift,
              pressmark::baselines::describe(file, options.long_side_px, options.max_keypoints),
              truth, first.info)};
      ++pairs;
      fmt::print("{:<8} {:>4}", sequence, n);
      for (std::size_t i = 0; i < 2; ++i) {
        total[i].inliers += outcomes[i].inliers;
        total[i].correct += outcomes[i].correct;
        registered[i] += outcomes[i].corner_error_px <= kCorrect_px;
        fmt::print("  {:>8} {:>9.3f} {:>8.1f}", outcomes[i].inliers, outcomes[i].accuracy(),
                   outcomes[i].corner_error_px);
      }
      fmt::print("\n");
      rows.push_back({{"sequence", sequence},
                      {"to", n},
                      {"pressmark", to_json(outcomes[0])},
                      {"opencv_sift", to_json(outcomes[1])}});
    }
  }
  fmt::print("{:<8} {:>4}", "all", pairs);
  for (std::size_t i = 0; i < 2; ++i) {
    fmt::print("  {:>8} {:>9.3f} {:>5}/{:<2}", total[i].inliers, total[i].accuracy(), registered[i],
               pairs);
  }
  fmt::print("\ncorner: mean error of the corners in pixels; in the last row, pairs within {} px\n",
             kCorrect_px);
  if (argc == 3) {
    nlohmann::ordered_json json;
    json["build"] = pressmark::build_description();
    json["model"] = engine.model().id();
    json["pairs"] = rows;
    for (std::size_t i = 0; i < 2; ++i) {
      json[i == 0 ? "pressmark" : "opencv_sift"] = {{"inliers", total[i].inliers},
                                                    {"accuracy", total[i].accuracy()},
                                                    {"registered", registered[i]}};
    }
    std::ofstream(argv[2]) << json.dump(2) << "\n";
  }
  return 0;
}
