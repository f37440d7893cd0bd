// SPDX-License-Identifier: Apache-2.0
//
// Memory that begins at a line of the cache: a vector of 64 bytes that lies across two lines takes
// twice as long to read and longer still to write.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace pressmark::kernels::cpu {

template <typename T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};

  LineAllocator() = default;
  template <typename Other>
  LineAllocator(const LineAllocator<Other>&) {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), kLine));
  }
  void deallocate(T* values, std::size_t) { ::operator delete(values, kLine); }

  friend bool operator==(const LineAllocator&, const LineAllocator&) { return true; }
};

template <typename T>
using AlignedVector = std::vector<T, LineAllocator<T>>;

}  // namespace pressmark::kernels::cpu
