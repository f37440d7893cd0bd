// SPDX-License-Identifier: Apache-2.0
#include "engine/store/segment_cache.hpp"

namespace pressmark::store {

std::shared_ptr<const Segment> SegmentCache::get(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_number_.find(number); found != by_number_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->second;
  }
  std::shared_ptr<const Segment> segment = open_(number);
  entries_.emplace_front(number, segment);
  by_number_[number] = entries_.begin();
  if (entries_.size() > capacity_) {
    by_number_.erase(entries_.back().first);
    entries_.pop_back();
  }
  return segment;
}

}  // namespace pressmark::store
