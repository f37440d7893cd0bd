// SPDX-License-Identifier: Apache-2.0
//
// Stands in for the header of this path where kernels are compiled for the CPU. Every block gets
// fresh memory of exact size, filled with 0xff.
#pragma once

#include <type_traits>

#include "tests/support/cuda_on_host/runner.hpp"

namespace pressmark::kernels::cuda {

template <class Contents>
Contents& shared_memory() {
  static_assert(std::is_trivially_default_constructible_v<Contents>);
  static constexpr char kKey = 0;
  return *static_cast<Contents*>(cuda_on_host::block_memory(&kKey, sizeof(Contents)));
}

template <class Element>
Element* dynamic_shared_memory() {
  return static_cast<Element*>(cuda_on_host::dynamic_block_memory());
}

}  // namespace pressmark::kernels::cuda
