// SPDX-License-Identifier: Apache-2.0
//
// What one batch at a time works with: a stream, page-locked memory through which everything comes
// and goes, and device memory. A lane belongs to one thread at a time; several batches are in
// flight, and copies overlap kernels, where several lanes are at work.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "kernels/cuda/runtime/buffers.hpp"
#include "kernels/cuda/runtime/stream.hpp"

namespace pressmark::kernels::cuda {

class Lane {
 public:
  // The current device must be the pool's.
  explicit Lane(cudaMemPool_t pool) : pool_(pool) {}

  cudaStream_t stream() const { return stream_.get(); }

  // Without values (0xff in tests).
  template <class Element>
  DeviceBuffer<Element> allocate(std::size_t size) {
    return DeviceBuffer<Element>(size, pool_, stream());
  }

  template <class Element>
  DeviceBuffer<Element> allocate_zeros(std::size_t size) {
    DeviceBuffer<Element> buffer = allocate<Element>(size);
    if (size > 0) {
      check(cudaMemsetAsync(buffer.data(), 0, size * sizeof(Element), stream()),
            "clear device memory");
    }
    return buffer;
  }

  // The elements may change once this has returned.
  template <class Element>
  DeviceBuffer<Element> upload(std::span<const Element> elements) {
    DeviceBuffer<Element> buffer = allocate<Element>(elements.size());
    copy_to(buffer.data(), elements);
    return buffer;
  }
  template <class Element>
  DeviceBuffer<Element> upload(const std::vector<Element>& elements) {
    return upload(std::span<const Element>(elements));
  }

  // Pieces, one after the other, in one copy.
  template <class Element>
  DeviceBuffer<Element> upload_joined(std::span<const std::span<const Element>> pieces) {
    std::size_t size = 0;
    for (const auto piece : pieces) size += piece.size();
    DeviceBuffer<Element> buffer = allocate<Element>(size);
    if (size == 0) return buffer;
    auto* const staged = static_cast<std::byte*>(stage(size * sizeof(Element)));
    std::byte* to = staged;
    for (const auto piece : pieces) {
      if (!piece.empty()) std::memcpy(to, piece.data(), piece.size_bytes());
      to += piece.size_bytes();
    }
    check(cudaMemcpyAsync(buffer.data(), staged, size * sizeof(Element), cudaMemcpyHostToDevice,
                          stream()),
          "copy to the device");
    return buffer;
  }

  template <class Element>
  void copy_to(Element* device, std::span<const Element> elements) {
    if (elements.empty()) return;
    void* staged = stage(elements.size_bytes());
    std::memcpy(staged, elements.data(), elements.size_bytes());
    check(cudaMemcpyAsync(device, staged, elements.size_bytes(), cudaMemcpyHostToDevice, stream()),
          "copy to the device");
  }

  // `count` rows of `row_bytes`, `stride_bytes` apart, to rows `device_stride_bytes` apart: nothing
  // between the rows is read, what lies between the copies is undefined.
  void copy_rows_to(std::uint8_t* device, std::size_t device_stride_bytes, const std::uint8_t* rows,
                    std::int64_t stride_bytes, std::size_t row_bytes, std::size_t count);

  // What the device holds there once the stream has come to this point: to be read after the next
  // synchronise() and before release().
  template <class Element>
  std::span<const Element> download(const Element* device, std::size_t size) {
    if (size == 0) return {};
    auto* staged = static_cast<Element*>(stage(size * sizeof(Element)));
    check(cudaMemcpyAsync(staged, device, size * sizeof(Element), cudaMemcpyDeviceToHost, stream()),
          "copy from the device");
    return {staged, size};
  }
  template <class Element>
  std::span<const Element> download(const DeviceBuffer<Element>& buffer) {
    return download(buffer.data(), buffer.size());
  }

  void synchronise() { stream_.synchronise(); }

  // Ends a batch: waits for the stream; what download() returned is gone. Page-locked memory stays,
  // in one piece of the largest batch's size.
  void release();

 private:
  // Page-locked memory that nothing else uses until release().
  void* stage(std::size_t bytes);

  cudaMemPool_t pool_;
  Stream stream_;
  std::vector<PinnedBuffer> pieces_;
  std::size_t used_ = 0;  // bytes of the last piece
};

}  // namespace pressmark::kernels::cuda
