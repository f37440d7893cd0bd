// SPDX-License-Identifier: Apache-2.0
//
// What the runner promises, proven on kernels with planted bugs.
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kernels/cuda/runtime/shared_memory.hpp"

namespace cuda_on_host {
namespace {

using pressmark::kernels::cuda::dynamic_shared_memory;
using pressmark::kernels::cuda::shared_memory;

#ifdef PRESSMARK_RUNNER_ASAN
constexpr bool kHasAddressSanitizer = true;
#else
constexpr bool kHasAddressSanitizer = false;
#endif
#ifdef PRESSMARK_RUNNER_TSAN
constexpr bool kHasThreadSanitizer = true;
#else
constexpr bool kHasThreadSanitizer = false;
#endif

constexpr int kThreads = 64;
constexpr ThreadOrder kOrders[] = {ThreadOrder::kForward, ThreadOrder::kReverse,
                                   ThreadOrder::kShuffled};

struct Values {
  int values[kThreads];
};

// Each thread hands its value to the next one.
__global__ void rotate(const int* input, int* output) {
  Values& shared = shared_memory<Values>();
  const unsigned i = threadIdx.x, block = blockIdx.x * kThreads;
  shared.values[i] = input[block + i];
  __syncthreads();
  output[block + i] = shared.values[(i + 1) % kThreads];
}

struct UnsyncedValues : Values {};

__global__ void rotate_without_barrier(const int* input, int* output) {
  UnsyncedValues& shared = shared_memory<UnsyncedValues>();
  const unsigned i = threadIdx.x;
  shared.values[i] = input[i];
  output[i] = shared.values[(i + 1) % kThreads];
}

__global__ void wait_in_half_of_the_block() {
  if (threadIdx.x < kThreads / 2) __syncthreads();
  __syncthreads();
}

__global__ void wait_in_two_places() {
  if (threadIdx.x % 2 == 0) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

__global__ void sum_of_warp(const int* input, int* output) {
  int sum = input[blockIdx.x * kThreads + threadIdx.x];
  for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, lanes);
  output[blockIdx.x * kThreads + threadIdx.x] = sum;
}

__global__ void reduce_warp(const int* input, int* output) {
  const unsigned i = blockIdx.x * kThreads + threadIdx.x;
  output[i] = __reduce_add_sync(0xffffffffu, input[i]);
}

__global__ void shuffle_without_half_of_the_warp(int* output) {
  if (threadIdx.x < 16) output[threadIdx.x] = __shfl_sync(0xffffffffu, 1, 0);
}

__global__ void write_behind_shared_memory(int* output, int index) {
  int* shared = dynamic_shared_memory<int>();
  shared[index] = 1;
  output[0] = shared[index];
}

__global__ void write_at(int* output, int index) {
  output[index] = 1;
}

__global__ void read_unwritten(float* output) {
  output[threadIdx.x] = dynamic_shared_memory<float>()[threadIdx.x];
}

__global__ void race(int* output) {
  output[0] = output[0] + static_cast<int>(threadIdx.x);
}

__global__ void count(int* output) {
  atomicAdd(&output[blockIdx.x % 2], 1);
}

std::vector<int> ascending(int size) {
  std::vector<int> values;
  for (int i = 0; i < size; ++i) values.push_back(i);
  return values;
}

class RunnerTest : public testing::Test {
 protected:
  ~RunnerTest() override { set_thread_order(ThreadOrder::kForward); }
};

using RunnerDeathTest = RunnerTest;

TEST_F(RunnerTest, BarriersOrderWhatThreadsShare) {
  const std::vector<int> input = ascending(3 * kThreads);
  for (const ThreadOrder order : kOrders) {
    set_thread_order(order);
    std::vector<int> output(input.size());
    launch(rotate, 3, kThreads, 0, input.data(), output.data());
    for (int i = 0; i < 3 * kThreads; ++i) {
      EXPECT_EQ(output[static_cast<std::size_t>(i)],
                i % kThreads == kThreads - 1 ? i - kThreads + 1 : i + 1);
    }
  }
}

TEST_F(RunnerTest, AMissingBarrierGivesOtherResultsInAnotherOrder) {
  if (kHasThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer reports it, see below";
  const std::vector<int> input = ascending(kThreads);
  std::vector<std::vector<int>> outputs;
  for (const ThreadOrder order : kOrders) {
    set_thread_order(order);
    outputs.emplace_back(kThreads);
    launch(rotate_without_barrier, 1, kThreads, 0, input.data(), outputs.back().data());
  }
  EXPECT_NE(outputs[0], outputs[1]);
  EXPECT_NE(outputs[0], outputs[2]);
}

TEST_F(RunnerTest, WarpsExchangeValues) {
  const std::vector<int> input = ascending(2 * kThreads);
  for (const ThreadOrder order : kOrders) {
    set_thread_order(order);
    for (const auto kernel : {sum_of_warp, reduce_warp}) {
      std::vector<int> output(input.size());
      launch(kernel, 2, kThreads, 0, input.data(), output.data());
      for (int i = 0; i < 2 * kThreads; ++i) {
        EXPECT_EQ(output[static_cast<std::size_t>(i)], 32 * (i / 32 * 32) + 31 * 16);
      }
    }
  }
}

TEST_F(RunnerTest, PairsOfWordsShift) {
  EXPECT_EQ(__funnelshift_r(0x76543210u, 0xfedcba98u, 0), 0x76543210u);
  EXPECT_EQ(__funnelshift_r(0x76543210u, 0xfedcba98u, 8), 0x98765432u);
  EXPECT_EQ(__funnelshift_r(0x76543210u, 0xfedcba98u, 31), 0xfdb97530u);
  EXPECT_EQ(__funnelshift_r(0x76543210u, 0xfedcba98u, 32), 0x76543210u);
}

TEST_F(RunnerTest, AtomicsCountEveryThread) {
  std::vector<int> counts(2);
  launch(count, 5, kThreads, 0, counts.data());
  EXPECT_EQ(counts, (std::vector<int>{3 * kThreads, 2 * kThreads}));
}

TEST_F(RunnerTest, SharedMemoryIsNotANumberUntilWritten) {
  std::vector<float> output(kThreads);
  launch(read_unwritten, 1, kThreads, kThreads * sizeof(float), output.data());
  for (const float value : output) EXPECT_TRUE(std::isnan(value));
}

TEST_F(RunnerDeathTest, ABarrierThatHalfOfTheBlockReachesIsNamed) {
  EXPECT_DEATH(launch(wait_in_half_of_the_block, 1, kThreads, 0),
               "divergent barrier.*thread \\([0-9]+, 0, 0\\) at .*runner_test.cpp:[0-9]+");
}

TEST_F(RunnerDeathTest, ABarrierReachedInTwoPlacesIsNamed) {
  EXPECT_DEATH(launch(wait_in_two_places, 1, kThreads, 0), "divergent barrier.*different places");
}

TEST_F(RunnerDeathTest, AShuffleThatLanesMissIsNamed) {
  std::vector<int> output(kThreads);
  EXPECT_DEATH(launch(shuffle_without_half_of_the_warp, 1, kThreads, 0, output.data()),
               "lanes that never come");
}

TEST_F(RunnerDeathTest, AnImpossibleLaunchIsNamed) {
  EXPECT_DEATH(launch(wait_in_two_places, 1, 2048, 0), "impossible launch");
}

TEST_F(RunnerDeathTest, AddressSanitizerSeesOverruns) {
  if (!kHasAddressSanitizer) GTEST_SKIP() << "not built with AddressSanitizer";
  const auto output = std::make_unique<int[]>(4);
  launch(write_behind_shared_memory, 1, 1, 4 * sizeof(int), output.get(), 3);
  launch(write_at, 1, 1, 0, output.get(), 3);
  EXPECT_DEATH(launch(write_behind_shared_memory, 1, 1, 4 * sizeof(int), output.get(), 4),
               "heap-buffer-overflow");
  EXPECT_DEATH(launch(write_at, 1, 1, 0, output.get(), 4), "heap-buffer-overflow");
}

TEST_F(RunnerDeathTest, ThreadSanitizerSeesRacesAndMissingBarriers) {
  if (!kHasThreadSanitizer) GTEST_SKIP() << "not built with ThreadSanitizer";
  const std::vector<int> input = ascending(kThreads);
  std::vector<int> output(kThreads);
  const auto run = [&](auto work) {
    work();
    std::exit(0);  // which ThreadSanitizer turns into 66 where it has found something
  };
  EXPECT_EXIT(run([&] { launch(rotate, 1, kThreads, 0, input.data(), output.data()); }),
              testing::ExitedWithCode(0), "");
  EXPECT_EXIT(run([&] { launch(race, 1, kThreads, 0, output.data()); }),
              testing::ExitedWithCode(66), "data race");
  EXPECT_EXIT(
      run([&] { launch(rotate_without_barrier, 1, kThreads, 0, input.data(), output.data()); }),
      testing::ExitedWithCode(66), "data race");
}

}  // namespace
}  // namespace cuda_on_host
