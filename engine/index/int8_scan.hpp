// SPDX-License-Identifier: Apache-2.0
//
// Inner products of int8 codes with a query, many rows at once. Codes lie in blocks of 16 rows
// (ivf_lists.hpp); the products are sums of integers, so that every instruction set that is chosen
// at run time gives the same bits: AVX-512 VNNI, AVX-512, AVX2, SSE4 and SSSE3.
//
// A score is an estimate of the similarity in units of the query's own scale: scores of one query
// can be compared with each other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pressmark::index {

// The scale of a code: what one step is worth. 0, with a code of zeros, for a row of zeros or with
// a value that is not finite.
float encode_int8(std::span<const float> row, std::span<std::int8_t> code);

// A query as the scan reads it; made once.
class Int8Query {
 public:
  explicit Int8Query(std::span<const float> query);

  std::size_t groups() const { return bytes_.size() / 4; }
  const std::int8_t* bytes() const { return bytes_.data(); }
  const std::int32_t* pairs() const { return pairs_.data(); }
  std::int32_t bias() const { return bias_; }
  float scale() const { return scale_; }

 private:
  std::vector<std::int8_t> bytes_;   // groups of 4 values
  std::vector<std::int32_t> pairs_;  // of each group: values 0 and 2, then 1 and 3, in 16 bits each
  std::int32_t bias_ = 0;            // codes are stored 128 above what they are
  float scale_ = 0;
};

// Blocks of codes that follow each other.
struct CodeBlocks {
  const std::uint8_t* codes = nullptr;
  const float* scales = nullptr;  // 16 per block
  std::size_t blocks = 0;
  // What will be scanned after these, so that it is asked for in time; null: nothing is known.
  const std::uint8_t* next = nullptr;
};

struct ScanHit {
  std::uint32_t position;  // 16 x block + row of the block
  float score;
};

// Rows whose score reaches `threshold`, in order of positions; returns their number. `hits` has
// room for 16 x blocks.
std::size_t scan(const CodeBlocks& blocks, const Int8Query& query, float threshold, ScanHit* hits);

// The same for four queries at once, which read the codes once. hits[q] has room for 16 x blocks.
constexpr std::size_t kScannedTogether = 4;
std::array<std::size_t, kScannedTogether> scan_together(
    const CodeBlocks& blocks, const std::array<const Int8Query*, kScannedTogether>& queries,
    const std::array<float, kScannedTogether>& thresholds,
    const std::array<ScanHit*, kScannedTogether>& hits);

}  // namespace pressmark::index
