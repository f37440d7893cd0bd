// SPDX-License-Identifier: Apache-2.0
#include "kernels/backends.hpp"

#include <charconv>
#include <map>
#include <optional>

#include "pressmark/error.hpp"

#ifdef PRESSMARK_HAS_CUDA
#include "kernels/cuda/cuda_backend.hpp"
#endif

namespace pressmark::kernels {
namespace {

#ifdef PRESSMARK_HAS_CUDA
constexpr bool kHasCuda = true;
#else
constexpr bool kHasCuda = false;

std::unique_ptr<Backend> make_cuda_backend(int) {
  throw Error(ErrorCode::kUnsupported, "this build of Pressmark has no CUDA backend");
}
#endif

std::map<std::string, std::unique_ptr<Backend> (*)(), std::less<>>& registered() {
  static std::map<std::string, std::unique_ptr<Backend> (*)(), std::less<>> devices;
  return devices;
}

// N of "cuda" (0) and "cuda:N".
std::optional<int> cuda_ordinal(std::string_view device) {
  constexpr std::string_view kName = "cuda";
  if (!device.starts_with(kName)) return {};
  device.remove_prefix(kName.size());
  if (device.empty()) return 0;
  if (device.front() != ':') return {};
  device.remove_prefix(1);
  int ordinal = 0;
  const char* const end = device.data() + device.size();
  const auto [stop, error] = std::from_chars(device.data(), end, ordinal);
  if (error != std::errc{} || stop != end || ordinal < 0) return {};
  return ordinal;
}

}  // namespace

std::unique_ptr<Backend> make_backend(std::string_view device) {
  if (device == "cpu") return make_cpu_backend();
  if (device == "auto") {
    if (!kHasCuda) return make_cpu_backend();
    try {
      return make_cuda_backend(0);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kDevice) throw;
      return make_cpu_backend();
    }
  }
  if (const auto made = registered().find(device); made != registered().end()) {
    return made->second();
  }
  if (const std::optional<int> ordinal = cuda_ordinal(device)) return make_cuda_backend(*ordinal);
  throw Error(ErrorCode::kInvalidArgument,
              "no such device: '" + std::string(device) + "' (cpu, cuda, cuda:N or auto)");
}

void register_device(const std::string& name, std::unique_ptr<Backend> (*make)()) {
  registered()[name] = make;
}

}  // namespace pressmark::kernels
