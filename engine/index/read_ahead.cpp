// SPDX-License-Identifier: Apache-2.0
#include "engine/index/read_ahead.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace pressmark::index {
namespace {

// Of the pages that lie within as a whole.
void advise(std::span<const float> vectors, int advice) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(vectors.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t end = (begin + vectors.size_bytes()) / page * page;
  if (first >= end) return;
  static_cast<void>(::posix_madvise(reinterpret_cast<void*>(first), end - first, advice));
}

}  // namespace

void expect_single_rows(std::span<const float> vectors) {
  advise(vectors, POSIX_MADV_RANDOM);
}

void expect_all(std::span<const float> vectors) {
  advise(vectors, POSIX_MADV_WILLNEED);
}

}  // namespace pressmark::index
