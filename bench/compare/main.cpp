// SPDX-License-Identifier: Apache-2.0
//
// This engine and what others would take first, side by side on the same labelled photos: OpenCV's
// SIFT, ORB, AKAZE and its perceptual hash. Accuracy as `pressmark evaluate` counts it, cost in CPU
// time of one thread. Figures: docs/performance.md.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "bench/compare/measure.hpp"
#include "bench/compare/method.hpp"
#include "bench/plot/plot.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/evaluate.hpp"

namespace {

using namespace pressmark;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Arguments {
  fs::path set, truth, json, svg;
  std::string label;
  int keypoints = 1000, candidates = 100;
  bool by_design = false;
};

std::string share(const std::optional<double>& value) {
  return value ? fmt::format("{:.3f}", *value) : "-";
}

Json optional_value(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

void print_table(const std::vector<compare::Figures>& all, int candidates) {
  fmt::print("{:<14} {:>6} {:>6} {:>6} {:>8} {:>9} {:>8} {:>9} {:>9} {:>10}\n", "", "mAP", "R@1",
             "AUC", "TPR@.1%", "describe", "prepare", "compare", "bytes", "query");
  for (const compare::Figures& f : all) {
    const compare::Accuracy& a = f.accuracy;
    fmt::print(
        "{:<14} {:>6} {:>6} {:>6} {:>8} {:>6.2f} ms {:>5.2f} ms {:>6.0f} us {:>9.0f} {:>7.1f} ms\n",
        f.title, share(a.mean_average_precision), share(a.recall_at_1), share(a.auc),
        share(a.tpr_at_fpr_001), f.cost.describe_ms, f.cost.prepare_ms, f.cost.compare_us,
        f.cost.bytes, f.cost.query_ms(candidates));
  }
  fmt::print("query: CPU time to describe a photo and compare it with {} others\n", candidates);
}

Json to_json(const compare::Figures& f, int candidates) {
  const compare::Accuracy& a = f.accuracy;
  return {{"method", f.name},
          {"mean_average_precision", optional_value(a.mean_average_precision)},
          {"recall_at_1", optional_value(a.recall_at_1)},
          {"auc", optional_value(a.auc)},
          {"tpr_at_fpr_0.001", optional_value(a.tpr_at_fpr_001)},
          {"describe_ms", f.cost.describe_ms},
          {"prepare_ms", f.cost.prepare_ms},
          {"compare_us", f.cost.compare_us},
          {"bytes_per_image", f.cost.bytes},
          {"query_ms", f.cost.query_ms(candidates)}};
}

void write_file(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw Error(ErrorCode::kIo, "cannot write " + file.string());
}

void run(const Arguments& arguments, const std::vector<std::string>& command) {
  const std::vector<TruthRow> truth = read_truth(
      arguments.set, arguments.truth.empty() ? arguments.set / "truth.csv" : arguments.truth);
  std::vector<std::string> identities;
  for (const TruthRow& row : truth) {
    if (arguments.by_design && row.design.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "the truth file states no designs");
    }
    identities.push_back(arguments.by_design ? row.design : row.identity);
  }
  const int long_side = DescribeOptions{}.long_side_px;
  compare::Methods methods;
  methods.push_back(compare::make_pressmark());
  methods.push_back(compare::make_opencv_sift(long_side, arguments.keypoints));
  methods.push_back(compare::make_opencv_orb(long_side, arguments.keypoints));
  methods.push_back(compare::make_opencv_akaze(long_side, arguments.keypoints));
  methods.push_back(compare::make_opencv_phash());
  const DecodeOptions decode;
  const std::vector<compare::Figures> all = compare::measure(
      methods, identities,
      [&](std::size_t i) {
        const fs::path file = arguments.set / truth[i].file;
        try {
          return image::decode(image::read_file(file, decode.max_file_bytes), decode,
                               2 * long_side);
        } catch (const Error& error) {
          throw Error(error.code(), file.string() + ": " + error.what());
        }
      },
      [](const compare::Progress& now) {
        fmt::print(stderr, "\r{} of {}   ", now.done, now.total);
      });
  fmt::print(stderr, "\n");
  fmt::print("{} photos, {} pairs; OpenCV {}\n", truth.size(),
             truth.size() * (truth.size() - 1) / 2, cv::getVersionString());
  print_table(all, arguments.candidates);

  if (!arguments.json.empty()) {
    Json json{{"build", build_description()},
              {"opencv", cv::getVersionString()},
              {"command", command},
              {"set", arguments.label},
              {"photos", truth.size()},
              {"mates", arguments.by_design ? "design" : "identity"},
              {"long_side_px", long_side},
              {"peer_keypoints", arguments.keypoints},
              {"query_candidates", arguments.candidates}};
    for (const compare::Figures& f : all) {
      json["methods"].push_back(to_json(f, arguments.candidates));
    }
    write_file(arguments.json, json.dump(2) + "\n");
  }
  if (!arguments.svg.empty()) {
    bench::Plot plot;
    plot.title = arguments.label;
    plot.x_title = fmt::format("CPU time to describe a photo and compare it with {} others, ms",
                               arguments.candidates);
    plot.y_title = "mean average precision";
    for (const compare::Figures& f : all) {
      plot.points.push_back({f.title, f.cost.query_ms(arguments.candidates),
                             f.accuracy.mean_average_precision.value_or(0), f.name == "pressmark"});
    }
    write_file(arguments.svg, bench::to_svg(plot));
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "Compares this engine with OpenCV's SIFT, ORB, AKAZE and perceptual hash on labelled photos.",
      "bench_compare");
  app.add_option("SET", arguments.set, "Folder of the photos")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--truth", arguments.truth, "Truth file (docs/evaluation.md); SET/truth.csv");
  app.add_flag("--by-design", arguments.by_design, "Mates show one design, from whatever mould");
  app.add_option("--keypoints", arguments.keypoints, "Most keypoints of the peers")
      ->check(CLI::Range(16, 100'000))
      ->capture_default_str();
  app.add_option("--candidates", arguments.candidates, "Comparisons of a query that cost counts")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--label", arguments.label, "What the set is; title of the plot");
  app.add_option("--json", arguments.json, "Write the figures to this file");
  app.add_option("--svg", arguments.svg, "Write a plot of accuracy against cost to this file");
  CLI11_PARSE(app, argc, argv);
  if (arguments.label.empty()) arguments.label = arguments.set.filename().string();
  cv::setNumThreads(1);
  try {
    run(arguments, {argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_compare: {}\n", error.what());
    return 1;
  }
  return 0;
}
