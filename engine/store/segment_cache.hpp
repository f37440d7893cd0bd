// SPDX-License-Identifier: Apache-2.0
//
// The most recently used segments, open. Safe to use from many threads; a segment that is dropped
// stays mapped until its last user lets go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "engine/store/segment.hpp"

namespace pressmark::store {

class SegmentCache {
 public:
  using Opener = std::function<std::shared_ptr<const Segment>(std::int64_t number)>;

  SegmentCache(std::size_t capacity, Opener open) : capacity_(capacity), open_(std::move(open)) {}

  // Passes on what the opener throws. One thread at a time opens, so the opener need not be
  // thread-safe.
  std::shared_ptr<const Segment> get(std::int64_t number);

 private:
  using Entry = std::pair<std::int64_t, std::shared_ptr<const Segment>>;

  std::size_t capacity_;
  Opener open_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // most recent first
  std::unordered_map<std::int64_t, std::list<Entry>::iterator> by_number_;
};

}  // namespace pressmark::store
