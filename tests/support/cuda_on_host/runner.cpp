// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_on_host/runner.hpp"

#include <algorithm>
#include <atomic>
#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#ifdef PRESSMARK_RUNNER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef PRESSMARK_RUNNER_TSAN
// GCC's <sanitizer/tsan_interface.h> lacks the fibres.
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void* fiber);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace cuda_on_host {
namespace {

namespace context = boost::context;

constexpr unsigned kWarpSize = 32;
constexpr unsigned kMostThreads = 1024;
constexpr std::size_t kMostSharedBytes = 227 * 1024;  // compute capability 9.0
#if defined(PRESSMARK_RUNNER_ASAN) || defined(PRESSMARK_RUNNER_TSAN)
constexpr std::size_t kStackBytes = 256 * 1024;
#else
constexpr std::size_t kStackBytes = 64 * 1024;
#endif

std::atomic<ThreadOrder> thread_order = ThreadOrder::kForward;

// The sanitizers' view of switching stacks and of what a barrier orders.
#ifdef PRESSMARK_RUNNER_TSAN
constexpr unsigned kNoSynchronisation = 1;
void acquire(void* address) {
  __tsan_acquire(address);
}
void release(void* address) {
  __tsan_release(address);
}
#else
void acquire(void*) {}
void release(void*) {}
#endif

enum class State { kNew, kReady, kAtBarrier, kInWarpOperation, kDone };

struct Stack {
  context::stack_context memory;
  void* fake_frames = nullptr;  // AddressSanitizer's
  void* tsan_fiber = nullptr;
};

struct Thread {
  ThreadIdentity identity;
  State state = State::kNew;
  context::fiber fiber, scheduler;
  Stack* stack = nullptr;
  Site site{"?", 0};
  // Of the warp operation that it waits in.
  WarpOperation operation{};
  unsigned mask = 0;
  std::uint64_t value = 0, result = 0;
  int source_lane = 0;
};

struct Warp {
  unsigned arrived = 0;
  char order = 0;  // an address for ThreadSanitizer
};

struct BlockMemory {
  const void* key;
  std::unique_ptr<unsigned char[]> bytes;
};

struct Block {
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::vector<unsigned> order;
  std::vector<BlockMemory> memory;
  std::unique_ptr<unsigned char[]> dynamic_memory;
  unsigned running = 0, at_barrier = 0;
  int predicates = 0, predicates_before = 0;
  void (*function)(const void*) = nullptr;
  const void* argument = nullptr;
  // AddressSanitizer's view of the scheduler's stack.
  const void* scheduler_bottom = nullptr;
  std::size_t scheduler_bytes = 0;
  void* scheduler_fake_frames = nullptr;
  void* scheduler_tsan_fiber = nullptr;
  char order_of_start = 0, order_of_end = 0, order_of_barrier = 0, order_of_memory = 0;
};

thread_local Block* running_block = nullptr;
thread_local Thread* running_thread = nullptr;

[[noreturn]] void fail(const char* what, const Thread& thread) {
  const ThreadIdentity& at = thread.identity;
  std::fprintf(stderr, "cuda_on_host: %s: block (%u, %u, %u) thread (%u, %u, %u) at %s:%d\n", what,
               at.block.x, at.block.y, at.block.z, at.thread.x, at.thread.y, at.thread.z,
               thread.site.file, thread.site.line);
  std::abort();
}

std::unique_ptr<unsigned char[]> poisoned(std::size_t bytes) {
  auto memory = std::unique_ptr<unsigned char[]>(new unsigned char[bytes]);
  std::memset(memory.get(), 0xff, bytes);
  return memory;
}

// Stacks outlive blocks; one set for each thread of the host.
class Stacks {
 public:
  Stacks() = default;
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;
  ~Stacks() {
    for (Stack& stack : stacks_) {
#ifdef PRESSMARK_RUNNER_TSAN
      __tsan_destroy_fiber(stack.tsan_fiber);
#endif
      allocator_.deallocate(stack.memory);
    }
  }

  Stack& at(std::size_t i) {
    // A vector of full size: its elements stay where they are.
    stacks_.reserve(kMostThreads);
    while (stacks_.size() <= i) {
      stacks_.push_back({allocator_.allocate(), nullptr, nullptr});
#ifdef PRESSMARK_RUNNER_TSAN
      stacks_.back().tsan_fiber = __tsan_create_fiber(0);
#endif
    }
    return stacks_[i];
  }

 private:
  context::protected_fixedsize_stack allocator_{kStackBytes};
  std::vector<Stack> stacks_;
};

// Takes part in a fiber with a stack that somebody else owns.
struct BorrowedStack {
  void deallocate(context::stack_context&) noexcept {}
};

void enter_thread(Block& block, Thread& thread) {
#ifdef PRESSMARK_RUNNER_ASAN
  __sanitizer_finish_switch_fiber(thread.stack->fake_frames, &block.scheduler_bottom,
                                  &block.scheduler_bytes);
#endif
#ifdef PRESSMARK_RUNNER_TSAN
  __tsan_switch_to_fiber(thread.stack->tsan_fiber, kNoSynchronisation);
#endif
  (void)block;
  (void)thread;
}

void leave_thread(Block& block, [[maybe_unused]] Thread& thread, [[maybe_unused]] bool for_ever) {
#ifdef PRESSMARK_RUNNER_TSAN
  __tsan_switch_to_fiber(block.scheduler_tsan_fiber, kNoSynchronisation);
#endif
#ifdef PRESSMARK_RUNNER_ASAN
  __sanitizer_start_switch_fiber(for_ever ? nullptr : &thread.stack->fake_frames,
                                 block.scheduler_bottom, block.scheduler_bytes);
#endif
  (void)block;
}

void pause(Thread& thread) {
  Block& block = *running_block;
  leave_thread(block, thread, false);
  thread.scheduler = std::move(thread.scheduler).resume();
  enter_thread(block, thread);
}

void open_barrier(Block& block) {
  block.predicates_before = block.predicates;
  block.predicates = 0;
  block.at_barrier = 0;
  for (Thread& thread : block.threads) {
    if (thread.state == State::kAtBarrier) thread.state = State::kReady;
  }
}

context::fiber run_thread(context::fiber&& scheduler) {
  Block& block = *running_block;
  Thread& thread = *running_thread;
  thread.scheduler = std::move(scheduler);
  thread.stack->fake_frames = nullptr;
  enter_thread(block, thread);
  acquire(&block.order_of_start);
  block.function(block.argument);
  release(&block.order_of_end);
  thread.state = State::kDone;
  --block.running;
  // Threads that have returned do not count at a barrier.
  if (block.at_barrier > 0 && block.at_barrier == block.running) open_barrier(block);
  leave_thread(block, thread, true);
  return std::move(thread.scheduler);
}

void resume(Block& block, Thread& thread) {
  if (thread.state == State::kNew) {
    const context::stack_context& stack = thread.stack->memory;
#ifdef PRESSMARK_RUNNER_ASAN
    // The frames of a thread before have left their marks.
    __asan_unpoison_memory_region(static_cast<char*>(stack.sp) - stack.size, stack.size);
#endif
    thread.fiber =
        context::fiber(std::allocator_arg, context::preallocated(stack.sp, stack.size, stack),
                       BorrowedStack{}, &run_thread);
  }
  thread.state = State::kReady;
  running_thread = &thread;
#ifdef PRESSMARK_RUNNER_ASAN
  const context::stack_context& stack = thread.stack->memory;
  __sanitizer_start_switch_fiber(&block.scheduler_fake_frames,
                                 static_cast<char*>(stack.sp) - stack.size, stack.size);
#endif
  thread.fiber = std::move(thread.fiber).resume();
#ifdef PRESSMARK_RUNNER_ASAN
  __sanitizer_finish_switch_fiber(block.scheduler_fake_frames, nullptr, nullptr);
#endif
  (void)block;
}

void run_block(Block& block, Index at, std::size_t dynamic_bytes) {
  for (Thread& thread : block.threads) {
    thread.identity.block = at;
    thread.state = State::kNew;
    thread.site = {"?", 0};
  }
  for (Warp& warp : block.warps) warp.arrived = 0;
  block.dynamic_memory = poisoned(dynamic_bytes);
  block.running = static_cast<unsigned>(block.threads.size());
  release(&block.order_of_start);
  while (block.running > 0) {
    bool moved = false;
    for (const unsigned i : block.order) {
      Thread& thread = block.threads[i];
      if (thread.state != State::kNew && thread.state != State::kReady) continue;
      resume(block, thread);
      moved = true;
    }
    if (moved) continue;
    for (const Thread& thread : block.threads) {
      if (thread.state == State::kAtBarrier) {
        fail("divergent barrier: some threads of the block never come", thread);
      }
      if (thread.state == State::kInWarpOperation) {
        fail("warp operation whose mask names lanes that never come", thread);
      }
    }
  }
  acquire(&block.order_of_end);
  block.memory.clear();
}

Thread& current() {
  if (running_thread == nullptr) {
    std::fprintf(stderr, "cuda_on_host: device code called outside a kernel\n");
    std::abort();
  }
  return *running_thread;
}

}  // namespace

const ThreadIdentity& identity() {
  return current().identity;
}

void set_thread_order(ThreadOrder order) {
  thread_order = order;
}

int block_barrier(bool predicate, Site site) {
  Thread& thread = current();
  Block& block = *running_block;
  thread.site = site;
  for (const Thread& other : block.threads) {
    if (other.state != State::kAtBarrier) continue;
    if (other.site.line != site.line || std::strcmp(other.site.file, site.file) != 0) {
      fail("divergent barrier: threads wait in different places", thread);
    }
    break;
  }
  release(&block.order_of_barrier);
  block.predicates += predicate ? 1 : 0;
  if (++block.at_barrier == block.running) {
    open_barrier(block);
  } else {
    thread.state = State::kAtBarrier;
    pause(thread);
  }
  acquire(&block.order_of_barrier);
  return block.predicates_before;
}

std::uint64_t warp_exchange(WarpOperation operation, unsigned mask, std::uint64_t value,
                            int source_lane, Site site) {
  Thread& thread = current();
  Block& block = *running_block;
  Warp& warp = block.warps[thread.identity.warp];
  Thread* const lanes = &block.threads[thread.identity.warp * kWarpSize];
  const unsigned lane_count = std::min<unsigned>(
      kWarpSize, static_cast<unsigned>(block.threads.size()) - thread.identity.warp * kWarpSize);
  thread.site = site;
  if ((mask >> thread.identity.lane & 1) == 0) fail("warp operation: lane not in its mask", thread);
  if (lane_count < kWarpSize && mask >> lane_count != 0) {
    fail("warp operation: mask names lanes outside the block", thread);
  }
  thread.operation = operation;
  thread.mask = mask;
  thread.value = value;
  thread.source_lane = source_lane;
  if (operation == WarpOperation::kBarrier) release(&warp.order);
  warp.arrived |= 1u << thread.identity.lane;
  if ((warp.arrived & mask) != mask) {
    thread.state = State::kInWarpOperation;
    pause(thread);
  } else {
    std::uint64_t ballot = 0;
    for (unsigned i = 0; i < lane_count; ++i) {
      if ((mask >> i & 1) == 0) continue;
      const Thread& lane = lanes[i];
      if (lane.mask != mask || lane.operation != operation || lane.site.line != site.line) {
        fail("warp operation: lanes disagree on operation, mask or line", lane);
      }
      if (lane.value != 0) ballot |= std::uint64_t{1} << i;
    }
    for (unsigned i = 0; i < lane_count; ++i) {
      if ((mask >> i & 1) == 0) continue;
      Thread& lane = lanes[i];
      const auto source = static_cast<unsigned>(lane.source_lane);
      const bool is_source = source < lane_count && (mask >> source & 1) != 0;
      lane.result = operation != WarpOperation::kShuffle ? ballot
                    : is_source                          ? lanes[source].value
                                                         : ~std::uint64_t{0};
      if (lane.state == State::kInWarpOperation) lane.state = State::kReady;
    }
    warp.arrived &= ~mask;
  }
  if (operation == WarpOperation::kBarrier) acquire(&warp.order);
  return thread.result;
}

void* block_memory(const void* key, std::size_t bytes) {
  current();
  Block& block = *running_block;
  for (const BlockMemory& memory : block.memory) {
    if (memory.key != key) continue;
    acquire(&block.order_of_memory);
    return memory.bytes.get();
  }
  block.memory.push_back({key, poisoned(bytes)});
  release(&block.order_of_memory);
  return block.memory.back().bytes.get();
}

void* dynamic_block_memory() {
  current();
  return running_block->dynamic_memory.get();
}

void run_grid(Dimensions grid, Dimensions size, std::size_t dynamic_bytes,
              void (*function)(const void*), const void* argument) {
  const std::size_t threads = std::size_t{size.x} * size.y * size.z;
  const std::size_t blocks = std::size_t{grid.x} * grid.y * grid.z;
  if (threads == 0 || threads > kMostThreads || size.z > 64 || blocks == 0 ||
      grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535 ||
      dynamic_bytes > kMostSharedBytes) {
    std::fprintf(
        stderr,
        "cuda_on_host: impossible launch: grid (%u, %u, %u), block (%u, %u, %u), %zu bytes "
        "of shared memory\n",
        grid.x, grid.y, grid.z, size.x, size.y, size.z, dynamic_bytes);
    std::abort();
  }
  thread_local Stacks stacks;
  Block block;
  block.threads = std::vector<Thread>(threads);
  block.warps = std::vector<Warp>((threads + kWarpSize - 1) / kWarpSize);
  block.function = function;
  block.argument = argument;
#ifdef PRESSMARK_RUNNER_TSAN
  block.scheduler_tsan_fiber = __tsan_get_current_fiber();
#endif
  for (unsigned i = 0; i < threads; ++i) {
    Thread& thread = block.threads[i];
    thread.stack = &stacks.at(i);
    thread.identity = {{i % size.x, i / size.x % size.y, i / (size.x * size.y)},
                       {},
                       size,
                       grid,
                       i % kWarpSize,
                       i / kWarpSize};
  }
  block.order.resize(threads);
  std::iota(block.order.begin(), block.order.end(), 0u);
  const ThreadOrder order = thread_order;
  if (order == ThreadOrder::kReverse) std::reverse(block.order.begin(), block.order.end());
  std::mt19937 random(1);
  Block* const outer_block = std::exchange(running_block, &block);
  Thread* const outer_thread = std::exchange(running_thread, nullptr);
  for (std::size_t i = 0; i < blocks; ++i) {
    if (order == ThreadOrder::kShuffled) {
      std::shuffle(block.order.begin(), block.order.end(), random);
    }
    const std::size_t at = order == ThreadOrder::kReverse ? blocks - 1 - i : i;
    run_block(block,
              {static_cast<unsigned>(at % grid.x), static_cast<unsigned>(at / grid.x % grid.y),
               static_cast<unsigned>(at / (std::size_t{grid.x} * grid.y))},
              dynamic_bytes);
  }
  running_block = outer_block;
  running_thread = outer_thread;
}

}  // namespace cuda_on_host
