// SPDX-License-Identifier: Apache-2.0
//
// Queries per second beside recall, of global vectors that are like those of photos (vectors.hpp):
//
//   bench_search ROWS DIMENSION [--queries N] [--threads N] [--lists N] [--peers] [--json FILE]
//                [--folder DIRECTORY]
//
// With --folder vectors and lists are written to files there and mapped, as a catalogue's are; they
// stay until the program ends. Peers run on one thread.
#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench/process.hpp"
#include "engine/index/global_index.hpp"
#include "engine/index/int8_scan.hpp"
#include "engine/index/ivf_batch.hpp"
#include "engine/index/ivf_builder.hpp"
#include "engine/index/ivf_search.hpp"
#include "exact.hpp"
#include "kernels/byte_tiles.hpp"
#include "memory.hpp"
#include "peers.hpp"
#include "vectors.hpp"

namespace {

using namespace pressmark;
using bench::Clock, bench::cpu_seconds, bench::seconds_since, bench::Found, bench::Memory,
    bench::recall;

constexpr std::size_t kCount = 10;  // neighbours

struct Arguments {
  std::size_t rows = 0, dimension = 0, queries = 500, threads = 1;
  int lists = 0;
  bool with_peers = false;
  std::string json, folder;
};

[[noreturn]] void fail(const std::string& what) {
  fmt::print(stderr, "bench_search: {}\n", what);
  std::exit(1);
}

struct Timing {
  double per_second = 0, per_cpu_second = 0, median_us = 0, p99_us = 0;
  Found found;
};

// Every query once on one of `threads` threads, after a round that warms up.
Timing timed(std::size_t threads, std::size_t queries,
             const std::function<std::vector<std::int64_t>(std::size_t)>& search) {
  Timing timing;
  timing.found.resize(queries);
  std::vector<double> microseconds(queries);
  const auto round = [&] {
    std::atomic<std::size_t> next = 0;
    std::atomic<double> spent = 0;
    std::vector<std::thread> pool;
    for (std::size_t t = 0; t < threads; ++t) {
      pool.emplace_back([&] {
        const double before = cpu_seconds();
        for (std::size_t q = next++; q < queries; q = next++) {
          const auto start = Clock::now();
          timing.found[q] = search(q);
          microseconds[q] = 1e6 * seconds_since(start);
        }
        spent += cpu_seconds() - before;
      });
    }
    for (std::thread& thread : pool) thread.join();
    timing.per_cpu_second = static_cast<double>(queries) / spent;
  };
  round();
  const auto start = Clock::now();
  round();
  timing.per_second = static_cast<double>(queries) / seconds_since(start);
  std::sort(microseconds.begin(), microseconds.end());
  timing.median_us = microseconds[queries / 2];
  timing.p99_us = microseconds[queries * 99 / 100];
  return timing;
}

// CPU time of a query in microseconds, of two ways of searching, on this thread: the least of
// rounds in turns, since whatever else the machine does only adds to it.
std::pair<double, double> least_in_turns(std::size_t queries,
                                         const std::function<void(std::size_t)>& first,
                                         const std::function<void(std::size_t)>& second) {
  constexpr int kRounds = 15;
  std::pair<double, double> least{1e300, 1e300};
  const auto round = [&](const std::function<void(std::size_t)>& search, double& best) {
    const double before = cpu_seconds();
    for (std::size_t q = 0; q < queries; ++q) search(q);
    best = std::min(best, 1e6 * (cpu_seconds() - before) / static_cast<double>(queries));
  };
  for (int i = 0; i < kRounds; ++i) {
    round(first, least.first);
    round(second, least.second);
  }
  return least;
}

class Report {
 public:
  void line(const std::string& method, const std::string& effort, const Timing& timing,
            double recalled) {
    fmt::print(
        "{:36} {:26} recall@10 {:.4f} {:7.0f} queries/s {:7.0f} /CPU s  median {:6.0f} us  p99 "
        "{:6.0f} us\n",
        method, effort, recalled, timing.per_second, timing.per_cpu_second, timing.median_us,
        timing.p99_us);
    lines.push_back({{"method", method},
                     {"effort", effort},
                     {"recall_at_10", recalled},
                     {"queries_per_second", timing.per_second},
                     {"queries_per_cpu_second", timing.per_cpu_second},
                     {"median_us", timing.median_us},
                     {"p99_us", timing.p99_us}});
  }
  nlohmann::json lines = nlohmann::json::array(), facts = nlohmann::json::object();
};

std::vector<std::int64_t> rows_of(const std::vector<index::NearRow>& rows) {
  std::vector<std::int64_t> result;
  for (const index::NearRow& row : rows) result.push_back(row.row);
  return result;
}

Arguments parse(int count, char** values) {
  Arguments arguments;
  std::vector<std::size_t> sizes;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    const auto value = [&] {
      if (i + 1 >= count) fail(name + " needs a value");
      return values[++i];
    };
    if (name == "--queries") {
      arguments.queries = std::strtoull(value(), nullptr, 10);
    } else if (name == "--threads") {
      arguments.threads = std::strtoull(value(), nullptr, 10);
    } else if (name == "--lists") {
      arguments.lists = std::atoi(value());
    } else if (name == "--json") {
      arguments.json = value();
    } else if (name == "--folder") {
      arguments.folder = value();
    } else if (name == "--peers") {
      arguments.with_peers = true;
    } else {
      sizes.push_back(std::strtoull(name.c_str(), nullptr, 10));
    }
  }
  if (sizes.size() != 2 || sizes[0] < 1000 || sizes[1] == 0) {
    fail(
        "usage: bench_search ROWS DIMENSION [--queries N] [--threads N] [--lists N] [--peers] "
        "[--json FILE] [--folder DIRECTORY]");
  }
  arguments.rows = sizes[0];
  arguments.dimension = sizes[1];
  return arguments;
}

}  // namespace

int main(int count, char** values) {
  const Arguments arguments = parse(count, values);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::size_t rows = arguments.rows, dimension = arguments.dimension;
  Report report;

  const bench::PhotoVectors photos(rows, dimension);
  const Memory memory(arguments.folder, "vectors", rows * dimension * sizeof(float));
  auto* filled = reinterpret_cast<float*>(memory.bytes().data());
  auto start = Clock::now();
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, rows, 1000),
                    [&](const tbb::blocked_range<std::size_t>& some) {
                      photos.fill(some.begin(), some.size(), filled + some.begin() * dimension);
                    });
  const std::span<const float> vectors(filled, rows * dimension);
  const std::vector<float> queries = photos.queries(arguments.queries);
  const auto query = [&](std::size_t q) {
    return std::span(queries).subspan(q * dimension, dimension);
  };
  fmt::print("{} x {}, made in {:.1f} s\n", rows, dimension, seconds_since(start));
  start = Clock::now();
  const Found expected = bench::exact_neighbours(vectors, queries, dimension, kCount);
  fmt::print("exact neighbours of {} queries in {:.1f} s\n", arguments.queries,
             seconds_since(start));

  start = Clock::now();
  index::IvfOptions options;
  options.lists = arguments.lists;
  const index::IvfBuilder builder(vectors, static_cast<int>(dimension), options);
  const double trained_s = seconds_since(start);
  const Memory lists_memory(arguments.folder, "lists", builder.bytes());
  start = Clock::now();
  builder.write(lists_memory.bytes());
  const double written_s = seconds_since(start);
  memory.forget();
  lists_memory.forget();
  start = Clock::now();
  const index::IvfListsView lists = index::view_ivf(lists_memory.bytes(), "lists");
  const double opened_s = seconds_since(start);
  fmt::print(
      "{} lists: trained and assigned in {:.1f} s, written in {:.1f} s ({} bytes a row), "
      "opened in {:.6f} s\n",
      lists.facts.lists, trained_s, written_s, builder.bytes() / rows, opened_s);
  fmt::print(
      "mean squared distance to centroids: {:.4f} held out, {:.4f} all\nrecall@10 / @100 by "
      "lists:",
      lists.facts.trained_error, lists.facts.rows_error);
  for (std::size_t step = 0; step < index::RecallCurve::kSteps; ++step) {
    fmt::print(" {:.3f}/{:.3f}", lists.facts.curves[0].recall[step],
               lists.facts.curves[1].recall[step]);
  }
  fmt::print("\n");
  report.facts = {{"rows", rows},
                  {"dimension", dimension},
                  {"lists", lists.facts.lists},
                  {"trained_seconds", trained_s},
                  {"written_seconds", written_s},
                  {"opened_seconds", opened_s},
                  {"bytes_per_row", builder.bytes() / rows}};

  for (const double target : {0.8, 0.9, 0.95, 0.97, 0.99}) {
    const index::IvfEffort effort = index::effort_for(lists.facts, kCount, target);
    const Timing timing = timed(arguments.threads, arguments.queries, [&](std::size_t q) {
      return rows_of(index::search_ivf(lists, vectors.data(), query(q), kCount, effort));
    });
    report.line(fmt::format("int8 lists, {} threads", arguments.threads),
                fmt::format("{:.2f}: {} lists, {} rows", target, effort.probes, effort.shortlist),
                timing, recall(timing.found, expected));
  }

  std::vector<ImageId> ids(rows);
  std::iota(ids.begin(), ids.end(), ImageId{1});
  index::GlobalIndex global(static_cast<int>(dimension));
  global.add_part({ids, vectors, lists, nullptr});
  for (const double target : {0.95, 0.97}) {
    const Timing timing = timed(arguments.threads, arguments.queries, [&](std::size_t q) {
      std::vector<std::int64_t> found;
      for (const auto& neighbour : global.search(query(q), kCount, {.recall = target})) {
        found.push_back(neighbour.id - 1);
      }
      return found;
    });
    report.line(fmt::format("GlobalIndex, {} threads", arguments.threads),
                fmt::format("{:.2f}", target), timing, recall(timing.found, expected));
  }
  for (const double target : {0.95, 0.97}) {
    const index::IvfEffort effort = index::effort_for(lists.facts, kCount, target);
    const auto [bare, whole] = least_in_turns(
        arguments.queries,
        [&](std::size_t q) {
          static_cast<void>(index::search_ivf(lists, vectors.data(), query(q), kCount, effort));
        },
        [&](std::size_t q) {
          static_cast<void>(global.search(query(q), kCount, {.recall = target}));
        });
    fmt::print("{:.2f}, in turns: lists {:.1f} us, GlobalIndex {:.1f} us of CPU time: {:+.1f} %\n",
               target, bare, whole, 100 * (whole / bare - 1));
    report.facts[fmt::format("global_index_{:.2f}_cpu_us", target)] = {bare, whole};
  }
  for (const std::size_t step : {10, 30, 100, 300, 1000}) {
    std::vector<ImageId> selected;
    for (std::size_t row = step / 2; row < rows; row += step) selected.push_back(ids[row]);
    const index::ImageSelection selection(selected);
    Found filtered;
    const auto search = [&](std::size_t q, bool is_exact) {
      std::vector<std::int64_t> found;
      for (const auto& neighbour :
           global.search(query(q), kCount, {.selection = &selection, .is_exact = is_exact})) {
        found.push_back(neighbour.id);
      }
      return found;
    };
    const auto line = [&](const char* how, const Timing& timing) {
      report.line(fmt::format("GlobalIndex, {} threads", arguments.threads),
                  fmt::format("{}, 1 of {} selected", how, step), timing,
                  recall(timing.found, filtered));
    };
    const Timing exactly =
        timed(arguments.threads, arguments.queries, [&](std::size_t q) { return search(q, true); });
    filtered = exactly.found;
    line("exact", exactly);
    line("0.97", timed(arguments.threads, arguments.queries,
                       [&](std::size_t q) { return search(q, false); }));
  }
  tbb::task_arena arena(static_cast<int>(arguments.threads));
  for (const bool with_tiles : {true, false}) {
    if (kernels::allow_tiles(with_tiles) != with_tiles) continue;
    for (const std::size_t batch : {64, 500, 2000}) {
      const index::IvfEffort effort = index::effort_for(lists.facts, kCount, 0.95);
      const auto begin = Clock::now();
      const double before = bench::process_cpu_seconds();
      Timing timing;
      arena.execute([&] {
        for (std::size_t q = 0; q < arguments.queries; q += batch) {
          const std::size_t some = std::min(batch, arguments.queries - q);
          for (const auto& answer : index::search_ivf_batch(
                   lists, vectors.data(),
                   std::span(queries).subspan(q * dimension, some * dimension), kCount, effort)) {
            timing.found.push_back(rows_of(answer));
          }
        }
      });
      timing.per_second = static_cast<double>(arguments.queries) / seconds_since(begin);
      timing.per_cpu_second =
          static_cast<double>(arguments.queries) / (bench::process_cpu_seconds() - before);
      report.line(
          fmt::format("int8 lists{}, {} threads", with_tiles ? ", tiles" : "", arguments.threads),
          fmt::format("0.95, batches of {}", batch), timing, recall(timing.found, expected));
    }
  }
  fmt::print("resident: {:.2f} GB\n", static_cast<double>(bench::resident_bytes()) / 1e9);

  if (arguments.with_peers) {
    using Make = std::function<bench::Peer()>;
    const auto peer_lists = static_cast<std::size_t>(lists.facts.lists);
    std::vector<Make> peers = {
        [&] { return bench::faiss_pq_fast_scan(vectors, dimension, peer_lists); },
        [&] { return bench::faiss_ivf_flat(vectors, dimension, peer_lists); }};
#ifdef PRESSMARK_HAS_HNSWLIB
    peers.push_back([&] { return bench::hnsw(vectors, dimension); });
#endif
    for (const Make& make : peers) {
      start = Clock::now();
      const bench::Peer peer = make();
      fmt::print("{}: built in {:.1f} s\n", peer.name, seconds_since(start));
      for (std::size_t effort = 0; effort < peer.efforts; ++effort) {
        const std::string knob = peer.set_effort(effort);
        const Timing timing = timed(1, arguments.queries,
                                    [&](std::size_t q) { return peer.search(query(q), kCount); });
        const double recalled = recall(timing.found, expected);
        report.line(peer.name, knob, timing, recalled);
        if (recalled > 0.995) break;
      }
    }
  }
  if (!arguments.json.empty()) {
    std::ofstream(arguments.json)
        << nlohmann::json{{"facts", report.facts}, {"results", report.lines}}.dump(2) << '\n';
  }
}
