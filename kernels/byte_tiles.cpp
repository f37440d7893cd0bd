// SPDX-License-Identifier: Apache-2.0
#include "kernels/byte_tiles.hpp"

#ifdef PRESSMARK_HAS_TILES
#include <atomic>

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace pressmark::kernels {

#ifdef PRESSMARK_HAS_TILES
namespace {

bool may_use_tiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kTile = 1U << 24, kInt8 = 1U << 25;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kTile) == 0 || (d & kInt8) == 0 ||
      !__builtin_cpu_supports("avx512f")) {
    return false;
  }
  // Their registers are large: Linux adds them to a process that asks, for all its threads.
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

std::atomic<bool>& tiles() {
  static std::atomic<bool> used = may_use_tiles();
  return used;
}

}  // namespace

bool uses_tiles() {
  return tiles().load(std::memory_order_relaxed);
}

bool allow_tiles(bool allowed) {
  static const bool possible = uses_tiles();
  tiles() = allowed && possible;
  return uses_tiles();
}
#else
bool uses_tiles() {
  return false;
}

bool allow_tiles(bool) {
  return false;
}
#endif

}  // namespace pressmark::kernels
