// SPDX-License-Identifier: Apache-2.0
//
// Owners of memory. Device memory comes from the device's pool in the order of a stream and goes
// back to it in that order: a buffer may be destroyed while kernels that use it still wait in its
// stream, and once a batch has run nothing is asked of the driver any more.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include "kernels/cuda/runtime/check.hpp"

namespace pressmark::kernels::cuda {

// Of trivially copyable elements, without values. Errors: Error, kOutOfMemory.
template <class Element>
class DeviceBuffer {
  static_assert(std::is_trivially_copyable_v<Element>);

 public:
  DeviceBuffer() = default;
  DeviceBuffer(std::size_t size, cudaMemPool_t pool, cudaStream_t stream)
      : size_(size), stream_(stream) {
    if (size == 0) return;
    void* address = nullptr;
    check(cudaMallocFromPoolAsync(&address, size * sizeof(Element), pool, stream),
          "allocate device memory");
    data_ = static_cast<Element*>(address);
  }
  ~DeviceBuffer() {
    if (data_ != nullptr) static_cast<void>(cudaFreeAsync(data_, stream_));
  }
  DeviceBuffer(DeviceBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        stream_(other.stream_) {}
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(stream_, other.stream_);
    return *this;
  }

  Element* data() { return data_; }
  const Element* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  Element* data_ = nullptr;
  std::size_t size_ = 0;
  cudaStream_t stream_ = nullptr;
};

// Page-locked bytes of the host: only these are copied while the host goes on.
class PinnedBuffer {
 public:
  PinnedBuffer() = default;
  explicit PinnedBuffer(std::size_t bytes) : size_(bytes) {
    void* address = nullptr;
    check(cudaMallocHost(&address, bytes), "allocate page-locked memory");
    data_ = static_cast<std::byte*>(address);
  }
  ~PinnedBuffer() {
    if (data_ != nullptr) static_cast<void>(cudaFreeHost(data_));
  }
  PinnedBuffer(PinnedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  PinnedBuffer& operator=(PinnedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pressmark::kernels::cuda
