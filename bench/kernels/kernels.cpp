// SPDX-License-Identifier: Apache-2.0
//
// What share of a device's memory bandwidth and arithmetic do the kernels reach? Each case calls a
// function of kernels/cuda on inputs that are on the device already. Before it is timed it declares
// what one item needs of device memory and of arithmetic; what the device could give is computed
// from its attributes. Events time it, on a warm second cache and on a cold one: a buffer larger
// than the cache is overwritten before each call.
//
// items: per second. memory: bytes needed per second. of_memory: share of the peak bandwidth.
// of_compute: share of the peak rate of what is named beside the case; products and sums are not
// fused (-fmad=false), so that one is one operation. Exit status: 1 where there is no device.
#include <benchmark/benchmark.h>
#include <cuda_runtime.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "bench/kernels/cases.hpp"
#include "bench/kernels/peaks.hpp"
#include "kernels/cuda/runtime/devices.hpp"
#include "kernels/cuda/runtime/lane_pool.hpp"
#include "kernels/cuda/runtime/stream.hpp"
#include "pressmark/error.hpp"

namespace {

using namespace pressmark;
using namespace pressmark::kernels;
using bench::Case, bench::Peaks, bench::Rate;
using cuda::DeviceBuffer, cuda::Event, cuda::Lane;

constexpr int kWarmUps = 5, kIterations = 40;

// Holds a stream back until the host has put a call's work into it, so that events see the device's
// time alone, not that of launches.
class Gate {
 public:
  void close(cudaStream_t stream) {
    is_open_ = false;
    cuda::check(cudaLaunchHostFunc(stream, &wait, this), "hold the stream back");
  }
  void open() { is_open_ = true; }

 private:
  // No longer than it should take: a call that waits for the stream itself would never end.
  static void wait(void* gate) {
    constexpr auto kMost = std::chrono::milliseconds(5);
    const auto end = std::chrono::steady_clock::now() + kMost;
    while (!static_cast<Gate*>(gate)->is_open_ && std::chrono::steady_clock::now() < end) {
    }
  }

  std::atomic<bool> is_open_ = true;
};

void time(benchmark::State& state, Lane& lane, const Peaks& peaks, const Case& one, bool is_cold) {
  // Reads of what is written here leave nothing of the inputs in the cache.
  DeviceBuffer<std::uint8_t> flushed = lane.allocate<std::uint8_t>(2 * peaks.cache_bytes);
  Event begin, end;
  Gate gate;
  double seconds = 0;
  {
    const std::function<void()> work = one.prepare(lane);
    lane.release();
    const auto call = [&] {
      if (is_cold && flushed.size() > 0) {
        cuda::check(cudaMemsetAsync(flushed.data(), 0, flushed.size(), lane.stream()),
                    "empty the cache");
      }
      gate.close(lane.stream());
      begin.record(lane.stream());
      work();
      end.record(lane.stream());
      gate.open();
      lane.release();
      return 1e-3 * static_cast<double>(end.milliseconds_since(begin));
    };
    for (int i = 0; i < kWarmUps; ++i) call();
    for (auto _ : state) {
      const double elapsed = call();
      seconds += elapsed;
      state.SetIterationTime(elapsed);
    }
  }
  const double items =
      static_cast<double>(one.items) * static_cast<double>(state.iterations()) / seconds;
  state.counters["items"] = items;
  state.counters["memory"] = items * one.need.bytes;
  state.counters["of_memory"] = items * one.need.bytes / peaks.bytes_per_s;
  state.counters["of_compute"] = items * one.need.operations / peaks.per_s(one.need.rate);
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const cuda::Devices devices = cuda::find_devices();
  if (devices.usable.empty()) {
    std::fprintf(stderr, "bench_kernels: no CUDA device: %s\n", devices.why_none.c_str());
    return 1;
  }
  cuda::LanePool lanes(devices.usable.front().ordinal);
  const Peaks peaks = bench::peaks_of_device();
  benchmark::AddCustomContext("device", devices.usable.front().name);
  benchmark::AddCustomContext("peak GB/s", std::to_string(1e-9 * peaks.bytes_per_s));
  for (const Rate rate : {Rate::kFp32, Rate::kDp4a, Rate::kFp64, Rate::kInstructions}) {
    benchmark::AddCustomContext(std::string("peak G/s of ") + to_string(rate),
                                std::to_string(1e-9 * peaks.per_s(rate)));
  }
  const std::vector<Case> cases = bench::all_cases();
  for (const Case& one : cases) {
    std::printf("%-22s a part of %s: %10.0f bytes, %12.0f %s\n", one.name, one.unit, one.need.bytes,
                one.need.operations, to_string(one.need.rate));
  }
  lanes.run([&](Lane& lane) {
    for (const Case& one : cases) {
      for (const bool is_cold : {false, true}) {
        benchmark::RegisterBenchmark(
            (std::string(one.name) + "/" + one.unit + "/" + to_string(one.need.rate) +
             (is_cold ? "/cold" : "/warm"))
                .c_str(),
            [&, is_cold](benchmark::State& state) { time(state, lane, peaks, one, is_cold); })
            ->UseManualTime()
            ->Iterations(kIterations)
            ->Unit(benchmark::kMicrosecond);
      }
    }
    benchmark::RunSpecifiedBenchmarks();
  });
  benchmark::Shutdown();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "bench_kernels: %s\n", error.what());
    return 1;
  }
}
