// SPDX-License-Identifier: Apache-2.0
//
// Runs CUDA kernels on the CPU: every thread of a block is a fibre (Boost.Context), the blocks of a
// grid follow each other, all on the calling thread. The kernels are compiled as C++ against
// include/cuda_runtime.h beside this file, which maps CUDA's words to the functions below, so that
// sanitizers see them.
//
// What is wrong in a kernel aborts the process with the kernel's block, thread and line: barriers
// that some threads of a block do not reach or reach elsewhere, warp operations whose lanes
// disagree or whose mask names lanes that never come, and impossible launches. Shared and device
// memory are heap blocks of exact size, filled with 0xff (NaN), for AddressSanitizer;
// ThreadSanitizer sees threads that only barriers order. Known limits: no textures, cooperative
// groups, tensor cores, asynchronous copies, occupancy or timing; warps do not run in lockstep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

namespace cuda_on_host {

struct Dimensions {
  unsigned x = 1, y = 1, z = 1;
  constexpr Dimensions() = default;
  constexpr Dimensions(unsigned x_, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

struct Index {
  unsigned x = 0, y = 0, z = 0;
};

// What a running thread knows of itself.
struct ThreadIdentity {
  Index thread, block;
  Dimensions block_size, grid_size;
  unsigned lane = 0, warp = 0;
};

const ThreadIdentity& identity();

// The order in which the threads of a block and the blocks of a grid get their turns. A correct
// kernel gives the same bits in any.
enum class ThreadOrder { kForward, kReverse, kShuffled };
void set_thread_order(ThreadOrder order);

// Where a thread called a barrier or a warp operation.
struct Site {
  const char* file;
  int line;
};

// Number of threads of the block whose predicate holds.
int block_barrier(bool predicate, Site site);

enum class WarpOperation { kShuffle, kBallot, kBarrier };
// kShuffle: value of `source_lane`, all bits set where that lane takes no part. kBallot: lanes with
// a value other than 0.
std::uint64_t warp_exchange(WarpOperation operation, unsigned mask, std::uint64_t value,
                            int source_lane, Site site);

// Memory of the running block, allocated when its first thread asks for this `key`.
void* block_memory(const void* key, std::size_t bytes);
void* dynamic_block_memory();

// function(context) is one thread of the kernel.
void run_grid(Dimensions grid, Dimensions block, std::size_t dynamic_bytes,
              void (*function)(const void*), const void* context);

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), Dimensions grid, Dimensions block,
            std::size_t dynamic_bytes, Arguments&&... arguments) {
  struct Call {
    void (*kernel)(Parameters...);
    std::tuple<Parameters...> parameters;
  };
  const Call call{kernel, std::tuple<Parameters...>(std::forward<Arguments>(arguments)...)};
  run_grid(
      grid, block, dynamic_bytes,
      [](const void* context) {
        const auto& at = *static_cast<const Call*>(context);
        std::apply(at.kernel, at.parameters);
      },
      &call);
}

template <class Value>
std::uint64_t bits_of(Value value) {
  static_assert(sizeof(Value) <= sizeof(std::uint64_t) && std::is_trivially_copyable_v<Value>);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class Value>
Value value_of(std::uint64_t bits) {
  Value value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace cuda_on_host
