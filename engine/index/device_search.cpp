// SPDX-License-Identifier: Apache-2.0
#include "engine/index/device_search.hpp"

#include <charconv>
#include <optional>

#ifdef PRESSMARK_HAS_FAISS_GPU
#include "engine/index/gpu_flat_search.hpp"
#endif

namespace pressmark::index {
namespace {

#ifndef PRESSMARK_HAS_FAISS_GPU
std::unique_ptr<DeviceSearch> make_gpu_flat_search(int, int) {
  return nullptr;
}
#endif

// 1 of "cuda:1 (NVIDIA H100 80GB HBM3)".
std::optional<int> cuda_ordinal(std::string_view backend) {
  constexpr std::string_view kCuda = "cuda:";
  if (!backend.starts_with(kCuda)) return {};
  backend.remove_prefix(kCuda.size());
  int ordinal = 0;
  const auto result = std::from_chars(backend.data(), backend.data() + backend.size(), ordinal);
  if (result.ec != std::errc{} || ordinal < 0) return {};
  return ordinal;
}

}  // namespace

std::unique_ptr<DeviceSearch> make_device_search(std::string_view backend, int dimension) {
  const std::optional<int> device = cuda_ordinal(backend);
  return device ? make_gpu_flat_search(*device, dimension) : nullptr;
}

}  // namespace pressmark::index
