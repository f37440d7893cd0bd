// SPDX-License-Identifier: Apache-2.0
//
// Owners of a stream and of an event of the current device. The default stream is used nowhere.
#pragma once

#include <cuda_runtime.h>

#include <utility>

#include "kernels/cuda/runtime/check.hpp"

namespace pressmark::kernels::cuda {

class Stream {
 public:
  Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "create a stream"); }
  ~Stream() {
    if (stream_ != nullptr) static_cast<void>(cudaStreamDestroy(stream_));
  }
  Stream(Stream&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
  Stream& operator=(Stream&& other) noexcept {
    std::swap(stream_, other.stream_);
    return *this;
  }

  cudaStream_t get() const { return stream_; }
  void synchronise() const { check(cudaStreamSynchronize(stream_), "finish a batch"); }

 private:
  cudaStream_t stream_ = nullptr;
};

// A point of a stream, with a time.
class Event {
 public:
  Event() { check(cudaEventCreateWithFlags(&event_, 0), "create an event"); }
  ~Event() {
    if (event_ != nullptr) static_cast<void>(cudaEventDestroy(event_));
  }
  Event(Event&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}
  Event& operator=(Event&& other) noexcept {
    std::swap(event_, other.event_);
    return *this;
  }

  void record(cudaStream_t stream) { check(cudaEventRecord(event_, stream), "record an event"); }
  void synchronise() const { check(cudaEventSynchronize(event_), "wait for an event"); }

  // Of two recorded events that the device has passed.
  float milliseconds_since(const Event& earlier) const {
    float elapsed_ms = 0;
    check(cudaEventElapsedTime(&elapsed_ms, earlier.event_, event_), "time an event");
    return elapsed_ms;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace pressmark::kernels::cuda
