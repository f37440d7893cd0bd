// SPDX-License-Identifier: Apache-2.0
//
// Printed packages (Klasson, Zhang, Kjellstrom, WACV 2019: grocery store dataset): 31 clean product
// pictures are the catalogue, phone photos in shops the queries. Every query is verified against
// every product, by us and by OpenCV SIFT + brute force + MAGSAC with the same keypoint budget,
// whose score is its number of inliers.
//
// usage: evaluate_grocery_packages DIR [JSON [EVERY]]     EVERY: only every Nth photo
#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <opencv2/core/utility.hpp>
#include <string>
#include <vector>

#include "bench/baselines/opencv_sift.hpp"
#include "bench/evaluation/ranking.hpp"
#include "pressmark/engine.hpp"

namespace {

using pressmark::evaluation::RankingFigures;
using pressmark::evaluation::ScoredQuery;

constexpr const char* kIconicSuffix = "_Iconic";

struct Query {
  std::filesystem::path file;
  std::size_t product = 0;
};

std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> entries;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    entries.push_back(entry.path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

// Threshold that lets through at most this share of queries whose product is not there.
double threshold_for(const std::vector<ScoredQuery>& queries, double false_positive_rate) {
  std::vector<double> wrong;
  for (const ScoredQuery& query : queries) {
    double best = 0;
    for (std::size_t i = 0; i < query.scores.size(); ++i) {
      if (i != query.truth) best = std::max(best, query.scores[i]);
    }
    wrong.push_back(best);
  }
  std::sort(wrong.begin(), wrong.end(), std::greater<>());
  const auto allowed =
      static_cast<std::size_t>(false_positive_rate * static_cast<double>(wrong.size()));
  return std::nextafter(wrong[std::min(allowed, wrong.size() - 1)], 1e9);
}

// Products of one maker share logos and layout: "Arla-Sour-Cream" -> "Arla".
std::string brand(const std::string& product) {
  return product.substr(0, product.find('-'));
}

void report(const char* name, const std::vector<ScoredQuery>& queries, double threshold,
            nlohmann::ordered_json& json) {
  const RankingFigures figures = pressmark::evaluation::rank(queries, threshold);
  const double strict = threshold_for(queries, 0.01);
  const RankingFigures at_one_percent = pressmark::evaluation::rank(queries, strict);
  fmt::print(
      "{:<26} {:>6.3f} {:>6.3f} {:>6.3f}  {:>9.1f} {:>6.3f} {:>6.3f} {:>10.3f}  {:>9.1f} "
      "{:>6.3f}\n",
      name, figures.recall_at_1, figures.recall_at_5, figures.mean_average_precision, threshold,
      figures.true_positive_rate, figures.false_positive_rate,
      figures.false_positive_rate_unrelated, strict, at_one_percent.true_positive_rate);
  json[name] = {{"recall_at_1", figures.recall_at_1},
                {"recall_at_5", figures.recall_at_5},
                {"mAP", figures.mean_average_precision},
                {"threshold", threshold},
                {"tpr", figures.true_positive_rate},
                {"fpr", figures.false_positive_rate},
                {"fpr_other_brands", figures.false_positive_rate_unrelated},
                {"threshold_at_fpr_0.01", strict},
                {"tpr_at_fpr_0.01", at_one_percent.true_positive_rate}};
}

}  // namespace

int main(int argc, char** argv) {
  const int every = argc == 4 ? std::atoi(argv[3]) : 1;
  if (argc < 2 || argc > 4 || every < 1) {
    std::fputs("usage: evaluate_grocery_packages DIR [JSON [EVERY]]\n", stderr);
    return 2;
  }
  int photos = 0;
  const std::filesystem::path directory = argv[1];
  cv::setNumThreads(1);
  const pressmark::DescribeOptions options;
  const pressmark::Engine engine(pressmark::Model::load_default(), options);
  // As Catalogue::match does: queries have more keypoints than catalogued photos.
  pressmark::DescribeOptions query_options = options;
  query_options.max_keypoints = pressmark::MatchOptions{}.query_keypoints;
  const pressmark::Engine query_engine(engine.model(), query_options);
  const pressmark::VerifyOptions verify;

  std::vector<std::string> products;
  std::vector<pressmark::Description> iconic;
  std::vector<pressmark::baselines::SiftPhoto> iconic_sift;
  for (const auto& file : sorted_entries(directory / "iconic")) {
    const std::string stem = file.stem().string();
    products.push_back(stem.substr(0, stem.find(kIconicSuffix)));
    const auto photo = engine.describe_file(file);
    if (!photo.ok) {
      fmt::print(stderr, "{}: {}\n", file.string(), photo.reason);
      return 1;
    }
    iconic.push_back(photo.description);
    iconic_sift.push_back(
        pressmark::baselines::describe(file, options.long_side_px, options.max_keypoints));
  }
  std::vector<Query> queries;
  for (const auto& folder : sorted_entries(directory / "photos")) {
    const auto product = std::find(products.begin(), products.end(), folder.filename().string());
    if (product == products.end()) {
      fmt::print(stderr, "{}: no iconic picture\n", folder.string());
      return 1;
    }
    for (const auto& file : sorted_entries(folder)) {
      if (photos++ % every != 0) continue;
      queries.push_back({file, static_cast<std::size_t>(product - products.begin())});
    }
  }

  std::vector<ScoredQuery> ours(queries.size()), global(queries.size()), textbook(queries.size());
  tbb::parallel_for(std::size_t{0}, queries.size(), [&](std::size_t q) {
    const auto photo = query_engine.describe_file(queries[q].file);
    const auto sift = pressmark::baselines::describe(queries[q].file, options.long_side_px,
                                                     query_options.max_keypoints);
    std::vector<std::size_t> siblings;
    for (std::size_t p = 0; p < products.size(); ++p) {
      if (brand(products[p]) == brand(products[queries[q].product])) siblings.push_back(p);
    }
    for (auto* scored : {&ours[q], &global[q], &textbook[q]}) {
      scored->truth = queries[q].product;
      scored->siblings = siblings;
    }
    for (std::size_t p = 0; p < products.size(); ++p) {
      ours[q].scores.push_back(engine.verify(photo.description, iconic[p], verify).score);
      global[q].scores.push_back(std::inner_product(photo.description.global.begin(),
                                                    photo.description.global.end(),
                                                    iconic[p].global.begin(), 0.0));
      textbook[q].scores.push_back(static_cast<double>(
          pressmark::baselines::match(sift, iconic_sift[p], verify.threshold_px).query.size()));
    }
  });

  nlohmann::ordered_json json;
  json["build"] = pressmark::build_description();
  json["model"] = engine.model().id();
  json["products"] = products.size();
  json["queries"] = queries.size();
  fmt::print(
      "{} products, {} photos\n{:<26} {:>6} {:>6} {:>6}  {:>9} {:>6} {:>6} {:>10}  {:>9} {:>6}\n",
      products.size(), queries.size(), "", "R@1", "R@5", "mAP", "threshold", "TPR", "FPR",
      "FPR other", "threshold", "TPR at 1 % FPR");
  report("verified", ours, verify.min_score, json["figures"]);
  report("global vector alone", global, 0.5, json["figures"]);
  report("OpenCV SIFT + BF + MAGSAC", textbook, verify.min_inliers, json["figures"]);
  fmt::print(
      "FPR: photos whose product is left out of the catalogue and that still get a hit;\n"
      "FPR other: the same, with all products of its brand left out\n");
  if (argc >= 3) std::ofstream(argv[2]) << json.dump(2) << "\n";
  return 0;
}
