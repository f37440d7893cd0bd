// SPDX-License-Identifier: Apache-2.0
//
// Parts of a catalogue's images joined and written as the sections of one index file, list by list:
// memory does not grow with the parts. The same images give the same bytes, however they were
// spread over parts.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "engine/candidates/part.hpp"
#include "pressmark/types.hpp"

namespace pressmark::candidates {

// Takes a file's sections one after the other.
class SectionSink {
 public:
  virtual ~SectionSink() = default;
  virtual void begin(Section section) = 0;
  virtual void append(std::span<const std::byte> bytes) = 0;
};

// Images that is_kept refuses are left out; at most index::kMostPartRows, and at least one, are
// kept. No image is in two parts. From `listed_rows` rows on their global vectors, held in memory
// meanwhile, get inverted lists, by the threads of the caller's TBB arena. Returns how many were
// written. Passes on what the sink throws; throws index::DamagedPart.
std::size_t write_part(std::span<const Part* const> parts, const models::ModelData& model,
                       const std::function<bool(ImageId)>& is_kept, SectionSink& sink,
                       std::size_t listed_rows = index::kLeastListedRows);

}  // namespace pressmark::candidates
