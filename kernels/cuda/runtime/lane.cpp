// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/runtime/lane.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kSmallestPiece = std::size_t{1} << 20;

}  // namespace

void* Lane::stage(std::size_t bytes) {
  const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  if (pieces_.empty() || pieces_.back().size() - used_ < rounded) {
    const std::size_t before = pieces_.empty() ? 0 : pieces_.back().size();
    pieces_.emplace_back(std::max({rounded, 2 * before, kSmallestPiece}));
    used_ = 0;
  }
  void* const staged = pieces_.back().data() + used_;
  used_ += rounded;
  return staged;
}

void Lane::copy_rows_to(std::uint8_t* device, std::size_t device_stride_bytes,
                        const std::uint8_t* rows, std::int64_t stride_bytes, std::size_t row_bytes,
                        std::size_t count) {
  const std::size_t bytes = device_stride_bytes * count;
  if (bytes == 0) return;
  auto* const staged = static_cast<std::uint8_t*>(stage(bytes));
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(staged + i * device_stride_bytes,
                rows + static_cast<std::int64_t>(i) * stride_bytes, row_bytes);
  }
  check(cudaMemcpyAsync(device, staged, bytes, cudaMemcpyHostToDevice, stream()),
        "copy to the device");
}

void Lane::release() {
  synchronise();
  // The last piece is at least as large as all before it together.
  if (pieces_.size() > 1) pieces_.erase(pieces_.begin(), pieces_.end() - 1);
  used_ = 0;
}

}  // namespace pressmark::kernels::cuda
