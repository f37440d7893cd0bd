// SPDX-License-Identifier: Apache-2.0
//
// Votes with the similarity transforms that they state, laid out for vectors: which of an image's
// votes agree with one of them is asked for each vote of each image that is looked at closely.
#pragma once

#include <hwy/aligned_allocator.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/index/geometric_votes.hpp"

namespace pressmark::index {

// candidate = query turned by the angle of (cosine, sine), times scale.
class StatedVotes {
 public:
  enum Column { kQueryX, kQueryY, kCandidateX, kCandidateY, kCosine, kSine, kScale, kColumns };

  explicit StatedVotes(std::span<const Vote> votes);

  // At most 65 535 of them.
  std::size_t size() const { return size_; }
  float value(Column column, std::size_t vote) const { return values_[column * padded_ + vote]; }

  // Writes which votes agree with what vote `tried` states to `agreeing`, which has room for all,
  // in ascending order, and returns how many: each leads its query's place near its candidate's,
  // and turns and scales alike. The same on all instruction sets.
  std::size_t find_agreeing(std::size_t tried, std::uint16_t* agreeing) const;

 private:
  std::size_t size_, padded_;
  hwy::AlignedFreeUniquePtr<float[]> values_;  // columns of padded_; what pads agrees with nothing
};

}  // namespace pressmark::index
