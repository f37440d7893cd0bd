// SPDX-License-Identifier: Apache-2.0
//
// Adding while others search: bench_live_search [ROWS] [DIMENSION] [RATE]. Two readers search a
// GlobalIndex of ROWS vectors, first alone, then while a writer adds RATE vectors a second, then
// while it adds as many as it can, and alone again among all. Each time as many are added as fill
// the tail several times.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <thread>
#include <vector>

#include "bench/process.hpp"
#include "engine/index/global_index.hpp"
#include "engine/index/ivf_builder.hpp"
#include "vectors.hpp"

namespace {

using namespace pressmark;
using bench::Clock, bench::cpu_seconds, bench::seconds_since;

constexpr std::size_t kReaders = 2, kAddedAtOnce = 256, kCount = 10;
constexpr double kIdleSeconds = 5;

struct Times {
  std::vector<double> microseconds;  // of each search
  double cpu_seconds = 0;            // of all
};

void print(const char* what, Times times) {
  std::vector<double>& microseconds = times.microseconds;
  std::sort(microseconds.begin(), microseconds.end());
  const std::size_t count = microseconds.size();
  fmt::print("{:28} {:7} searches, median {:7.0f} us, p99 {:7.0f} us, {:7.0f} us of CPU time\n",
             what, count, microseconds[count / 2], microseconds[count * 99 / 100],
             1e6 * times.cpu_seconds / static_cast<double>(count));
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t rows = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 200'000;
  const std::size_t dimension = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 256;
  const double wanted_rate = count > 3 ? std::strtod(arguments[3], nullptr) : 20'000;
  constexpr std::size_t added = 3 * index::kLeastListedRows / kAddedAtOnce * kAddedAtOnce;
  const std::size_t all = rows + 2 * added;
  const bench::PhotoVectors photos(all, dimension);
  std::vector<float> vectors(all * dimension);
  photos.fill(0, all, vectors.data());
  const std::vector<float> queries = photos.queries(1000);
  std::vector<ImageId> ids(all);
  std::iota(ids.begin(), ids.end(), ImageId{1});

  const auto part = std::span(vectors).first(rows * dimension);
  const index::IvfImage image = index::IvfBuilder(part, static_cast<int>(dimension)).build();
  index::GlobalIndex global(static_cast<int>(dimension));
  global.add_part(
      {std::span(ids).first(rows), part, index::view_ivf(image.bytes(), "lists"), nullptr});

  // The times of all searches until `work` is done.
  const auto searched_during = [&](const auto& work) {
    std::atomic<bool> is_done = false;
    std::vector<Times> times(kReaders);
    std::vector<std::thread> readers;
    for (std::size_t t = 0; t < kReaders; ++t) {
      readers.emplace_back([&, t] {
        for (std::size_t q = t; !is_done; q += kReaders) {
          const auto start = Clock::now();
          static_cast<void>(
              global.search(std::span(queries).subspan(q % 1000 * dimension, dimension), kCount));
          times[t].microseconds.push_back(1e6 * seconds_since(start));
        }
        times[t].cpu_seconds = cpu_seconds();
      });
    }
    work();
    is_done = true;
    for (std::thread& reader : readers) reader.join();
    for (std::size_t t = 1; t < kReaders; ++t) {
      times[0].microseconds.insert(times[0].microseconds.end(), times[t].microseconds.begin(),
                                   times[t].microseconds.end());
      times[0].cpu_seconds += times[t].cpu_seconds;
    }
    return times[0];
  };

  const auto search_alone = [&](const char* what) {
    print(what, searched_during([] {
            std::this_thread::sleep_for(std::chrono::duration<double>(kIdleSeconds));
          }));
  };
  std::size_t row = rows;
  // Rate 0: one call after the other.
  const auto add_at = [&](const char* what, double rate) {
    double cpu = 0, wall = 0;
    std::vector<double> calls;
    const auto times = searched_during([&] {
      const double before = cpu_seconds();
      const auto start = Clock::now();
      for (std::size_t done = 0; done < added; done += kAddedAtOnce, row += kAddedAtOnce) {
        if (rate > 0) {
          std::this_thread::sleep_until(
              start + std::chrono::duration_cast<Clock::duration>(
                          std::chrono::duration<double>(static_cast<double>(done) / rate)));
        }
        const auto begin = Clock::now();
        global.add(std::span(ids).subspan(row, kAddedAtOnce),
                   std::span(vectors).subspan(row * dimension, kAddedAtOnce * dimension));
        calls.push_back(1e6 * seconds_since(begin));
      }
      wall = seconds_since(start);
      cpu = cpu_seconds() - before;
    });
    print(what, times);
    const double vectors_added = static_cast<double>(added);
    fmt::print(
        "  {} vectors added, {:.0f} a second, {:.0f} a second of its thread; the longest of "
        "{} calls took {:.0f} ms; {}\n",
        added, vectors_added / wall, vectors_added / cpu, calls.size(),
        *std::max_element(calls.begin(), calls.end()) / 1000, global.description());
  };

  search_alone("two readers alone");
  add_at("while a third thread adds", wanted_rate);
  search_alone("alone among those as well");
  add_at("while it adds all it can", 0);
  search_alone("alone among all");
}
