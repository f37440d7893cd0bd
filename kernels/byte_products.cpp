// SPDX-License-Identifier: Apache-2.0
#include "kernels/byte_products.hpp"

#include <atomic>

namespace pressmark::kernels {
namespace {

bool has_byte_products() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512vnni") != 0;
#else
  return false;
#endif
}

std::atomic<bool> is_allowed = true;

}  // namespace

bool uses_byte_products() {
  static const bool has = has_byte_products();
  return has && is_allowed.load(std::memory_order_relaxed);
}

bool allow_byte_products(bool allowed) {
  is_allowed = allowed;
  return uses_byte_products();
}

}  // namespace pressmark::kernels
