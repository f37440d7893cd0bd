// SPDX-License-Identifier: Apache-2.0
//
// Approximate search for nearest rows on an accelerator. What it finds is a shortlist with a bound
// on all other rows: rerank() makes an exact answer of both, or knows that it cannot, and the host
// searches. Which devices a build has is decided in device_search.cpp, and nowhere else.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/index/rerank.hpp"

namespace pressmark::index {

class DeviceSearch {
 public:
  virtual ~DeviceSearch() = default;

  virtual std::string name() const = 0;  // "fp16 on cuda:0"

  // With fewer rows the host is sooner done than the device is set up.
  virtual std::size_t least_rows() const = 0;

  // Of one answer.
  virtual std::size_t most_found() const = 0;

  // Copies all rows to the device in place of those before; row-major, of unit length at most. Not
  // while another thread searches. Throws Error: kOutOfMemory, kDevice; it then holds none.
  virtual void hold(std::span<const float> vectors) = 0;

  // `count` rows that are about the nearest: from 1 to most_found(), no more than are held. From
  // many threads. Throws Error: kOutOfMemory, kDevice.
  virtual ApproximateRows find(std::span<const float> query, std::size_t count) const = 0;
};

// For an engine whose backend has this name (kernels::Backend::name()). Null where the host
// searches: the backend is not a CUDA one, or this build's FAISS has no indexes for GPUs. Touches
// no device yet.
std::unique_ptr<DeviceSearch> make_device_search(std::string_view backend, int dimension);

}  // namespace pressmark::index
