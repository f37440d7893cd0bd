// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>  // defines __GLIBC__

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace pressmark::cli {

// Freed memory goes back to the system. glibc keeps what is freed in ever larger pieces, the larger
// the pieces were: a process that works for hours would hold twice what it needs. Before threads
// are begun.
inline void give_back_freed_memory() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}

// Photos of long work after which trim_freed_memory() is worth its time, about a millisecond.
inline constexpr int kPhotosBetweenTrims = 8;

// Now and then: also what lies free between pieces that are still held.
inline void trim_freed_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace pressmark::cli
