// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/runtime/lane_pool.hpp"

#include <cstdint>
#include <utility>

namespace pressmark::kernels::cuda {
namespace {

// One batch computes while others copy; the rest waits on the host, so that memory stays bounded.
constexpr int kMostLanes = 4;

}  // namespace

LanePool::LanePool(int device) : device_(device) {
  free_.reserve(kMostLanes);  // a lane comes back even where the host has no memory left
  check(cudaSetDevice(device), "use the device");
  check(cudaDeviceGetDefaultMemPool(&memory_, device), "find the device's memory pool");
  // The pool keeps what batches have given back.
  std::uint64_t threshold = UINT64_MAX;
  check(cudaMemPoolSetAttribute(memory_, cudaMemPoolAttrReleaseThreshold, &threshold),
        "set up the device's memory pool");
}

LanePool::~LanePool() {
  static_cast<void>(cudaSetDevice(device_));
}

std::unique_ptr<Lane> LanePool::take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [&] { return !free_.empty() || made_ < kMostLanes; });
  if (free_.empty()) {
    auto lane = std::make_unique<Lane>(memory_);
    ++made_;
    return lane;
  }
  std::unique_ptr<Lane> lane = std::move(free_.back());
  free_.pop_back();
  return lane;
}

void LanePool::put_back(std::unique_ptr<Lane> lane) {
  {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(lane));
  }
  returned_.notify_one();
}

void LanePool::run(const std::function<void(Lane&)>& batch) {
  check(cudaSetDevice(device_), "use the device");
  std::unique_ptr<Lane> lane = take();
  try {
    batch(*lane);
    lane->release();
  } catch (...) {
    try {
      lane->release();
    } catch (...) {  // the first error is the one that tells
    }
    put_back(std::move(lane));
    throw;
  }
  put_back(std::move(lane));
}

}  // namespace pressmark::kernels::cuda
