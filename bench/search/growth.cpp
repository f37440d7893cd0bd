// SPDX-License-Identifier: Apache-2.0
//
// How the time of a search in batches grows with the catalogue, of global vectors that are like
// those of photos (vectors.hpp):
//
//   bench_search_growth ROWS[,ROWS...] [--lists N[,N...]] [--queries N] [--batch N] [--checked N]
//                       [--threads N] [--recall R] [--folder DIRECTORY] [--json FILE]
//
// With --folder vectors and lists are written to files there and mapped, as a catalogue's are; they
// are gone with the program. One line, and one entry of the JSON, for each number of rows.
#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/index/ivf_batch.hpp"
#include "engine/index/ivf_builder.hpp"
#include "engine/index/tile_scan.hpp"
#include "exact.hpp"
#include "memory.hpp"
#include "timing.hpp"
#include "vectors.hpp"

namespace {

using namespace pressmark;
using bench::Clock, bench::Found, bench::process_cpu_seconds, bench::seconds_since;

constexpr std::size_t kCount = 10;  // neighbours
constexpr std::size_t kDimension = 256;

struct Arguments {
  std::vector<std::size_t> rows, lists = {0};
  std::size_t queries = 2000, batch = 2000, checked = 200;
  int threads = 2;
  double recall = 0.95;
  std::string json, folder;
};

[[noreturn]] void fail(const std::string& what) {
  fmt::print(stderr, "bench_search_growth: {}\n", what);
  std::exit(1);
}

std::vector<std::size_t> numbers(const std::string& text) {
  std::vector<std::size_t> values;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    values.push_back(std::strtoull(text.substr(at, end - at).c_str(), nullptr, 10));
    at = end + 1;
  }
  return values;
}

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    const auto value = [&] {
      if (i + 1 >= count) fail(name + " needs a value");
      return values[++i];
    };
    if (name == "--lists") {
      arguments.lists = numbers(value());
    } else if (name == "--queries") {
      arguments.queries = std::strtoull(value(), nullptr, 10);
    } else if (name == "--batch") {
      arguments.batch = std::strtoull(value(), nullptr, 10);
    } else if (name == "--checked") {
      arguments.checked = std::strtoull(value(), nullptr, 10);
    } else if (name == "--threads") {
      arguments.threads = std::atoi(value());
    } else if (name == "--recall") {
      arguments.recall = std::atof(value());
    } else if (name == "--folder") {
      arguments.folder = value();
    } else if (name == "--json") {
      arguments.json = value();
    } else {
      arguments.rows = numbers(name);
    }
  }
  if (arguments.rows.empty() || std::ranges::min(arguments.rows) < 1000 || arguments.queries == 0 ||
      arguments.batch == 0 || arguments.threads < 1) {
    fail(
        "usage: bench_search_growth ROWS[,ROWS...] [--lists N[,N...]] [--queries N] [--batch N] "
        "[--checked N] [--threads N] [--recall R] [--folder DIRECTORY] [--json FILE]");
  }
  return arguments;
}

// With so many lists (0: as usual).
nlohmann::json measure_lists(const Arguments& arguments, std::size_t wanted_lists,
                             std::span<const float> vectors, std::span<const float> queries,
                             const Found& expected, const bench::Memory& memory) {
  const std::size_t rows = vectors.size() / kDimension;
  index::IvfOptions options;
  options.lists = static_cast<int>(wanted_lists);
  double before = process_cpu_seconds();
  const index::IvfBuilder builder(vectors, static_cast<int>(kDimension), options);
  const double trained_s = process_cpu_seconds() - before;
  const bench::Memory lists_memory(arguments.folder, "lists", builder.bytes());
  before = process_cpu_seconds();
  builder.write(lists_memory.bytes());
  const double written_s = process_cpu_seconds() - before;
  memory.forget();
  lists_memory.forget();
  auto start = Clock::now();
  const index::IvfListsView lists = index::view_ivf(lists_memory.bytes(), "lists");
  const double opened_s = seconds_since(start);

  const index::IvfEffort effort = index::effort_for(lists.facts, kCount, arguments.recall);
  nlohmann::json entry = {{"rows", rows},
                          {"lists", lists.facts.lists},
                          {"probes", effort.probes},
                          {"training_cpu_seconds", trained_s},
                          {"writing_cpu_seconds", written_s},
                          {"opened_seconds", opened_s},
                          {"threads", arguments.threads},
                          {"batch", arguments.batch}};
  tbb::task_arena arena(arguments.threads);
  for (const bool with_tiles : {true, false}) {
    if (index::allow_tiles(with_tiles) != with_tiles) continue;
    // The second round is measured: the first one reads the files.
    Found found;
    double cpu_s = 0, wall_s = 0;
    for (int round = 0; round < 2; ++round) {
      found.clear();
      before = process_cpu_seconds();
      start = Clock::now();
      arena.execute([&] {
        for (std::size_t q = 0; q < arguments.queries; q += arguments.batch) {
          const std::size_t some = std::min(arguments.batch, arguments.queries - q);
          const auto answers = index::search_ivf_batch(
              lists, vectors.data(), queries.subspan(q * kDimension, some * kDimension), kCount,
              effort);
          for (const auto& answer : answers) {
            for (found.emplace_back(); const index::NearRow& row : answer) {
              found.back().push_back(row.row);
            }
          }
        }
      });
      wall_s = seconds_since(start);
      cpu_s = process_cpu_seconds() - before;
    }
    const auto count = static_cast<double>(arguments.queries);
    const double recalled = bench::recall(found, expected);
    fmt::print(
        "{:9} rows, {:5} lists, {:5} probed{}: recall@10 {:.4f}, {:.0f} queries/s, {:.0f} /CPU s; "
        "trained {:.0f} and written {:.0f} CPU s; opened {:.6f} s, resident {:.2f} GB\n",
        rows, lists.facts.lists, effort.probes, with_tiles ? ", tiles" : "", recalled,
        count / wall_s, count / cpu_s, trained_s, written_s, opened_s,
        static_cast<double>(bench::resident_bytes()) / 1e9);
    entry[with_tiles ? "tiles" : "vectors"] = {{"recall_at_10", recalled},
                                               {"queries_per_second", count / wall_s},
                                               {"cpu_us_per_query", 1e6 * cpu_s / count},
                                               {"resident_bytes", bench::resident_bytes()}};
  }
  return entry;
}

// As a catalogue of so many rows is searched.
void measure(const Arguments& arguments, std::size_t rows, nlohmann::json& entries) {
  const bench::PhotoVectors photos(rows, kDimension);
  const bench::Memory memory(arguments.folder, "vectors", rows * kDimension * sizeof(float));
  auto* filled = reinterpret_cast<float*>(memory.bytes().data());
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, rows, 1000),
                    [&](const tbb::blocked_range<std::size_t>& some) {
                      photos.fill(some.begin(), some.size(), filled + some.begin() * kDimension);
                    });
  const std::span<const float> vectors(filled, rows * kDimension);
  const std::vector<float> queries = photos.queries(arguments.queries);
  // Recall is that of some of them, since exact searches take far longer.
  const std::size_t checked = std::min(arguments.checked, arguments.queries);
  const Found expected = bench::exact_neighbours(
      vectors, std::span(queries).first(checked * kDimension), kDimension, kCount);

  for (const std::size_t lists : arguments.lists) {
    entries.push_back(measure_lists(arguments, lists, vectors, queries, expected, memory));
  }
}

}  // namespace

int main(int count, char** values) {
  const Arguments arguments = parse(count, values);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  nlohmann::json entries = nlohmann::json::array();
  try {
    for (const std::size_t rows : arguments.rows) measure(arguments, rows, entries);
  } catch (const std::exception& error) {
    fail(error.what());
  }
  if (!arguments.json.empty()) std::ofstream(arguments.json) << entries.dump(2) << '\n';
}
