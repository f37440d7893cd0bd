// SPDX-License-Identifier: Apache-2.0
//
// A catalogue's images are indexed in parts: sets of images whose rows have 16-bit numbers, so that
// a part's lists are small and work on one part fits caches. What is known of each row stands here,
// as it lies in an index file (docs/format.md).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "pressmark/types.hpp"

namespace pressmark::index {

static_assert(std::endian::native == std::endian::little,
              "index files are used as they are mapped");

inline constexpr std::size_t kMostPartRows = 65'536;

struct PartRow {
  ImageId id = 0;
  std::uint16_t width_px = 0, height_px = 0;  // of the canonical image
  std::uint16_t codes = 0;                    // indexed ones of both channels
  std::uint16_t reserved = 0;
  float cohort_mean = 0, cohort_deviation = 1;

  CohortStatistics cohort() const { return {cohort_mean, cohort_deviation}; }
};
static_assert(sizeof(PartRow) == 24);

// Where an image stands in an index of several parts.
struct RowPlace {
  std::uint32_t part = 0, row = 0;
  auto operator<=>(const RowPlace&) const = default;
};

}  // namespace pressmark::index
