// SPDX-License-Identifier: Apache-2.0
//
// Nearest images by global vector. Exact: a FAISS flat index over unit vectors, compared by inner
// product. A device, where there is one, finds a shortlist which the host ranks anew; answers are
// the same to the bit. Built from the segments when a catalogue is opened; nothing of it is stored.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/index/device_search.hpp"
#include "pressmark/types.hpp"

namespace pressmark::index {

struct Neighbour {
  ImageId id = 0;
  float similarity = 0;  // cosine; [-1, 1]
};

class GlobalIndex {
 public:
  // Without `device` the host searches.
  explicit GlobalIndex(int dimension, std::unique_ptr<DeviceSearch> device = nullptr);
  ~GlobalIndex();
  GlobalIndex(GlobalIndex&&) noexcept;
  GlobalIndex& operator=(GlobalIndex&&) noexcept;

  // vectors: ids.size() x dimension, row-major. Ids ascend from call to call.
  void add(std::span<const ImageId> ids, std::span<const float> vectors);

  // Hidden from every later search.
  void remove(std::span<const ImageId> ids);

  // The `count` nearest, or all if there are fewer; by similarity, then id. Safe to call from many
  // threads, each search runs on its caller's thread. The first one after an add fills the device.
  // Throws Error, of the device: kOutOfMemory, kDevice.
  std::vector<Neighbour> search(std::span<const float> query, int count) const;

  std::int64_t size() const;        // without removed ones
  std::string description() const;  // "Flat, 256 dimensions, 1000 vectors"; with a device
                                    // "Flat, fp16 on cuda:0 and exact re-ranking, 256 ..."

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pressmark::index
