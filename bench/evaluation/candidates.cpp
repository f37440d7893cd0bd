// SPDX-License-Identifier: Apache-2.0
//
// Candidates in a large catalogue: which share of a query's mates is among the first k? The photos
// of a set with ground truth are hidden among strangers, rendered ones as a rule; each stranger
// counts twice, because its mirror image is another mark. Figures:
// docs/decisions/0006-candidates-by-local-votes.md.
//
//   evaluate_candidates SET STRANGERS [PHOTOS [EVERY [KEPT]]]
//
// SET: folder with truth.csv; each EVERYth of its photos asks (1: all). STRANGERS: folder of
// photos; PHOTOS: in the catalogue altogether (100000). KEPT: folder in which the strangers'
// descriptions are kept, 37 KB each; made by the first run, continued where it broke off, and used
// by later ones instead of describing again. With KEPT, STRANGERS may be "-": no others than those.
#include <fmt/format.h>
#include <opencv2/core.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "bench/evaluation/strangers.hpp"
#include "engine/candidates/candidate_finder.hpp"
#include "engine/model/model_data.hpp"
#include "engine/pipeline/describe.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/evaluate.hpp"
#include "pressmark/inputs.hpp"

namespace {

using namespace pressmark;

constexpr std::array<std::size_t, 4> kFirst = {10, 100, 1000, 10'000};

struct Path {
  const char* name;
  std::vector<ImageId> candidates::Rankings::*ranking;
  std::array<std::size_t, kFirst.size()> found{};
};

int run(const std::filesystem::path& set, const std::filesystem::path& strangers, std::size_t most,
        std::size_t every, const std::filesystem::path& kept) {
  const Model model = Model::load_default();
  const std::unique_ptr<kernels::Backend> backend = kernels::make_cpu_backend();
  const DecodeOptions decode;
  const DescribeOptions describe;
  DescribeOptions describe_query;
  describe_query.max_keypoints = MatchOptions{}.query_keypoints;
  const auto images = pipeline::prepare_describer(*backend, model.data(), describe);
  const auto query_images = pipeline::prepare_describer(*backend, model.data(), describe_query);
  const pipeline::Describer describer{*images, describe, decode};
  const pipeline::Describer query_describer{*query_images, describe_query, decode};

  candidates::CandidateFinder finder(*backend, model.data());
  ImageId next = 0;
  const std::vector<TruthRow> truth = read_truth(set, set / "truth.csv");
  for (const TruthRow& row : truth) {
    const DescribedPhoto photo =
        pipeline::describe_loaded(describer, pipeline::load_file(set / row.file, decode), {});
    if (!photo.ok) {
      fmt::print(stderr, "{}: {}\n", photo.file.string(), photo.reason);
      return 1;
    }
    finder.add(next++, photo.description);
  }
  const std::size_t wanted = most - std::min(most, truth.size());
  const auto add = [&](const Description& description) { finder.add(next++, description); };
  if (kept.empty()) {
    bench::each_stranger(describer, strangers, wanted, add);
  } else {
    bench::each_kept_stranger(describer, model, strangers, kept, wanted, add);
  }

  std::array<Path, 4> paths{{{"global", &candidates::Rankings::global},
                             {"local_votes", &candidates::Rankings::votes},
                             {"dense", &candidates::Rankings::dense},
                             {"union", &candidates::Rankings::united}}};
  std::size_t mates = 0, queries = 0;
  std::clock_t time = 0;
  for (std::size_t q = 0; q < truth.size(); q += every, ++queries) {
    const Description query =
        pipeline::describe_loaded(query_describer, pipeline::load_file(set / truth[q].file, decode),
                                  {})
            .description;
    const auto dense = backend->prepare_search(query.dense);
    const candidates::CandidateFinder::Query asked{&query, dense.get(), static_cast<ImageId>(q)};
    const std::clock_t begin = std::clock();
    const candidates::Rankings rankings =
        finder.find({&asked, 1}, static_cast<int>(kFirst.back()), {}).front();
    time += std::clock() - begin;
    const auto is_mate = [&](ImageId id) {
      return id < static_cast<ImageId>(truth.size()) && id != static_cast<ImageId>(q) &&
             truth[static_cast<std::size_t>(id)].identity == truth[q].identity;
    };
    for (ImageId id = 0; id < static_cast<ImageId>(truth.size()); ++id) mates += is_mate(id);
    for (Path& path : paths) {
      const std::vector<ImageId>& ranking = rankings.*path.ranking;
      for (std::size_t rank = 0; rank < ranking.size(); ++rank) {
        if (!is_mate(ranking[rank])) continue;
        for (std::size_t k = 0; k < kFirst.size(); ++k) path.found[k] += rank < kFirst[k];
      }
    }
  }
  const double seconds = static_cast<double>(time) / CLOCKS_PER_SEC;
  fmt::print("{} photos, {} queries, {} mates; {:.2f} s of CPU time a query\n{:<12}", next, queries,
             mates, seconds / static_cast<double>(queries), "first");
  for (const std::size_t first : kFirst) fmt::print(" {:>6}", first);
  for (const Path& path : paths) {
    fmt::print("\n{:<12}", path.name);
    for (const std::size_t found : path.found) {
      fmt::print(" {:>6.3f}", static_cast<double>(found) / static_cast<double>(mates));
    }
  }
  fmt::print("\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const long most = argc > 3 ? std::atol(argv[3]) : 100'000;
  const long every = argc > 4 ? std::atol(argv[4]) : 1;
  const std::string strangers = argc > 2 ? argv[2] : "";
  const std::string kept = argc > 5 ? argv[5] : "";
  if (argc < 3 || argc > 6 || most < 1 || every < 1 || (strangers == "-" && kept.empty())) {
    std::fputs("usage: evaluate_candidates SET STRANGERS [PHOTOS [EVERY [KEPT]]]\n", stderr);
    return 2;
  }
  cv::setNumThreads(1);
  try {
    return run(argv[1], strangers == "-" ? "" : strangers, static_cast<std::size_t>(most),
               static_cast<std::size_t>(every), kept);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
