// SPDX-License-Identifier: Apache-2.0
//
// The lanes of one device, lent to one thread each.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "kernels/cuda/runtime/lane.hpp"

namespace pressmark::kernels::cuda {

// Thread-safe.
class LanePool {
 public:
  // Throws Error, kDevice, where the device cannot be used.
  explicit LanePool(int device);
  ~LanePool();

  // Runs a batch on a free lane, waiting for one if need be, with the pool's device current. All
  // that the batch has put into the stream is done on return, and on throw.
  void run(const std::function<void(Lane&)>& batch);

  int device() const { return device_; }

 private:
  std::unique_ptr<Lane> take();
  void put_back(std::unique_ptr<Lane> lane);

  int device_;
  cudaMemPool_t memory_ = nullptr;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Lane>> free_;
  int made_ = 0;
};

}  // namespace pressmark::kernels::cuda
