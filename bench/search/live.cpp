// SPDX-License-Identifier: Apache-2.0
//
// Adding while others search: bench_live_search [ROWS] [DIMENSION] [RATE] [READERS]. Readers (two)
// search a GlobalIndex of ROWS vectors, first alone, then while a writer adds RATE vectors a
// second, then while it adds as many as it can, and alone again among all. Each time as many are
// added as fill the tail several times. Beside the time that passed for each search stands what it
// took of its thread, which does not depend on what else the processors had to do.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/process.hpp"
#include "engine/index/global_index.hpp"
#include "engine/index/ivf_builder.hpp"
#include "vectors.hpp"

namespace {

using namespace pressmark;
using bench::Clock, bench::cpu_seconds, bench::seconds_since;

constexpr std::size_t kAddedAtOnce = 256, kCount = 10;
constexpr double kIdleSeconds = 5;

// What kept the calling thread from running, since it began.
struct Waits {
  double queued_s = 0;  // ready to run, and no processor was free
  double cpu_s = 0;
  long blocked = 0;  // times it gave its processor away to wait for something
  long faults = 0;   // pages that had to be mapped

  static Waits of_this_thread() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    std::ifstream file("/proc/thread-self/schedstat");  // nanoseconds on a processor, and queued
    double ran = 0, queued = 0;
    if (!(file >> ran >> queued)) throw std::runtime_error("cannot read schedstat");
    return {1e-9 * queued, cpu_seconds(), usage.ru_nvcsw, usage.ru_minflt + usage.ru_majflt};
  }
  Waits since(const Waits& before) const {
    return {queued_s - before.queued_s, cpu_s - before.cpu_s, blocked - before.blocked,
            faults - before.faults};
  }
};

struct Times {
  std::vector<double> passed_us, cpu_us;  // of each search
  Waits waits;                            // of all searches

  void append(const Times& other) {
    passed_us.insert(passed_us.end(), other.passed_us.begin(), other.passed_us.end());
    cpu_us.insert(cpu_us.end(), other.cpu_us.begin(), other.cpu_us.end());
    waits = {waits.queued_s + other.waits.queued_s, waits.cpu_s + other.waits.cpu_s,
             waits.blocked + other.waits.blocked, waits.faults + other.waits.faults};
  }
};

void print(const char* what, Times times) {
  const auto quantile = [](std::vector<double>& values, std::size_t percent) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() * percent / 100);
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  fmt::print(
      "{:26} {:6} searches; passed: median {:6.0f} us, p99 {:6.0f} us; CPU time: median {:5.0f} "
      "us, p99 {:5.0f} us; ran {:.2f} s, waited for a processor {:.2f} s, blocked {} times, {} "
      "pages mapped\n",
      what, times.cpu_us.size(), quantile(times.passed_us, 50), quantile(times.passed_us, 99),
      quantile(times.cpu_us, 50), quantile(times.cpu_us, 99), times.waits.cpu_s,
      times.waits.queued_s, times.waits.blocked, times.waits.faults);
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t rows = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 200'000;
  const std::size_t dimension = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 256;
  const double wanted_rate = count > 3 ? std::strtod(arguments[3], nullptr) : 20'000;
  const std::size_t reader_count = count > 4 ? std::strtoull(arguments[4], nullptr, 10) : 2;
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
    std::vector<Times> times(reader_count);
    std::vector<std::thread> readers;
    for (std::size_t t = 0; t < reader_count; ++t) {
      readers.emplace_back([&, t] {
        const Waits at_first = Waits::of_this_thread();
        for (std::size_t q = t; !is_done; q += reader_count) {
          const auto start = Clock::now();
          const double before = cpu_seconds();
          static_cast<void>(
              global.search(std::span(queries).subspan(q % 1000 * dimension, dimension), kCount));
          times[t].cpu_us.push_back(1e6 * (cpu_seconds() - before));
          times[t].passed_us.push_back(1e6 * seconds_since(start));
        }
        times[t].waits = Waits::of_this_thread().since(at_first);
      });
    }
    work();
    is_done = true;
    for (std::thread& reader : readers) reader.join();
    for (std::size_t t = 1; t < reader_count; ++t) times[0].append(times[t]);
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

  search_alone("readers alone");
  add_at("while another thread adds", wanted_rate);
  search_alone("alone among those as well");
  add_at("while it adds all it can", 0);
  search_alone("alone among all");
}
