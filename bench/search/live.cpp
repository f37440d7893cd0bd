// SPDX-License-Identifier: Apache-2.0
//
// Adding while others search: bench_live_search [ROWS] [DIMENSION]. Two readers search a
// GlobalIndex of ROWS vectors, first alone, then while a writer adds as many as fill the tail
// several times.
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

void print(const char* what, std::vector<double> microseconds) {
  std::sort(microseconds.begin(), microseconds.end());
  const std::size_t count = microseconds.size();
  fmt::print("{:28} {:7} searches, median {:7.0f} us, p99 {:7.0f} us\n", what, count,
             microseconds[count / 2], microseconds[count * 99 / 100]);
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t rows = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 200'000;
  const std::size_t dimension = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 256;
  const std::size_t added = 3 * index::kLeastListedRows;
  const bench::PhotoVectors photos(rows + added, dimension);
  std::vector<float> vectors((rows + added) * dimension);
  photos.fill(0, rows + added, vectors.data());
  const std::vector<float> queries = photos.queries(1000);
  std::vector<ImageId> ids(rows + added);
  std::iota(ids.begin(), ids.end(), ImageId{1});

  const auto part = std::span(vectors).first(rows * dimension);
  const index::IvfImage image = index::IvfBuilder(part, static_cast<int>(dimension)).build();
  index::GlobalIndex global(static_cast<int>(dimension));
  global.add_part(
      {std::span(ids).first(rows), part, index::view_ivf(image.bytes(), "lists"), nullptr});

  // Microseconds of all searches until `work` is done.
  const auto searched_during = [&](const auto& work) {
    std::atomic<bool> is_done = false;
    std::vector<std::vector<double>> times(kReaders);
    std::vector<std::thread> readers;
    for (std::size_t t = 0; t < kReaders; ++t) {
      readers.emplace_back([&, t] {
        for (std::size_t q = t; !is_done; q += kReaders) {
          const auto start = Clock::now();
          static_cast<void>(
              global.search(std::span(queries).subspan(q % 1000 * dimension, dimension), kCount));
          times[t].push_back(1e6 * seconds_since(start));
        }
      });
    }
    work();
    is_done = true;
    for (std::thread& reader : readers) reader.join();
    for (std::size_t t = 1; t < kReaders; ++t) {
      times[0].insert(times[0].end(), times[t].begin(), times[t].end());
    }
    return times[0];
  };

  print("two readers alone", searched_during([] {
          std::this_thread::sleep_for(std::chrono::duration<double>(kIdleSeconds));
        }));
  double seconds = 0, cpu = 0;
  const auto times = searched_during([&] {
    const double before = cpu_seconds();
    const auto start = Clock::now();
    for (std::size_t row = rows; row < rows + added; row += kAddedAtOnce) {
      const std::size_t some = std::min(kAddedAtOnce, rows + added - row);
      global.add(std::span(ids).subspan(row, some),
                 std::span(vectors).subspan(row * dimension, some * dimension));
    }
    seconds = seconds_since(start);
    cpu = cpu_seconds() - before;
  });
  print("while a third thread adds", times);
  fmt::print("added {} vectors in {:.1f} s: {:.0f} a second, {:.0f} a second of its thread; {}\n",
             added, seconds, static_cast<double>(added) / seconds, static_cast<double>(added) / cpu,
             global.description());
}
