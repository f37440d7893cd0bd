// SPDX-License-Identifier: Apache-2.0
//
// Inverted lists of unit vectors as int8 codes, wherever their bytes lie. The image of the lists is
// one run of bytes that starts at a multiple of 64: it can be written to a file as it is, and a
// view of it can be made in memory that somebody owns or has mapped. To make a view takes time by
// the number of lists, not of rows, and copies nothing.
//
// An image, little-endian: a header of 512 bytes (IvfFacts), then sections that start at multiples
// of 64, the gaps zero. With d the dimension, rounded up to a multiple of 4 in codes:
//
//   section        bytes            what
//   centroids      4 lists d        f32, of unit length (or zero), list after list
//   coarse scales  4 lists          f32, as scales, of the centroids (lists rounded up to 16)
//   coarse codes   lists d          as codes, of the centroids      (lists rounded up to 16)
//   starts         4 (lists + 1)    u32, the list's first block
//   rows           64 blocks        u32, rows of a list ascend; kNoRow in what fills up the last
//                                   block
//   scales         64 blocks        f32, what one step of the row's code is worth; finite
//   codes          16 blocks d      u8, 128 + the code (-127..127); in blocks of 16 rows: for each
//                                   group of 4 dimensions 16 times 4 values, row after row
//
// So a product with a query is a sum of 64-byte loads, each times four values of the query, with 16
// rows in lanes. Row numbers count from 0 in the order of the vectors that the lists were built
// from; those vectors (f32, row-major) are not part of the image, and a search ranks its best rows
// by them anew.
//
// What a view does not check is safe all the same: a row number that is out of bounds is skipped by
// searches. That the bytes are those that were written is for the checksum of the file that holds
// them to say.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pressmark::index {

constexpr std::size_t kRowsPerBlock = 16;
constexpr std::uint32_t kNoRow = 0xffffffff;
constexpr std::size_t kIvfAlignment = 64;
constexpr std::uint8_t kZeroCode = 128;  // is added to codes where they are stored

// Values of a code: whole groups of 4.
constexpr std::size_t code_size(std::size_t dimension) {
  return (dimension + 3) / 4 * 4;
}

// Recall that rows held out of the training had among `count` neighbours when 2^i lists were
// probed; ascending.
struct RecallCurve {
  static constexpr std::size_t kSteps = 17;  // up to 65536 lists
  std::uint32_t count = 0;                   // 0: not measured
  std::array<float, kSteps> recall{};
};

// The header of an image, as it lies in memory and on disk.
struct IvfFacts {
  static constexpr std::array<char, 8> kMagic = {'P', 'M', 'I', 'V', 'F', '\r', '\n', '\x1a'};
  static constexpr std::uint32_t kVersion = 1;
  static constexpr std::uint32_t kMostDimension = 1 << 16;
  static constexpr std::uint32_t kMostLists = 1 << 16;

  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t dimension = 0;  // 1 to kMostDimension
  std::uint32_t lists = 0;      // 1 to kMostLists
  std::uint32_t rows = 0;       // less than kNoRow
  std::uint32_t blocks = 0;     // of all lists
  std::uint32_t training_rows = 0;
  // Mean squared distance of rows to the centroid of their list, 2 - 2 cos: of rows that were held
  // out when the centroids were trained, and of the rows of these lists. They differ where
  // centroids were taken over from older lists (docs/decisions/0011-int8-inverted-lists.md).
  double trained_error = 0;
  double rows_error = 0;
  std::array<RecallCurve, 2> curves;  // of 10 and of 100 neighbours
  std::array<std::byte, 320> reserved{};
};
static_assert(sizeof(RecallCurve) == 72 && sizeof(IvfFacts) == 512);

// Borrows the image. Cheap to copy; safe to read from many threads.
struct IvfListsView {
  IvfFacts facts;
  std::span<const float> centroids;
  std::span<const float> coarse_scales;
  std::span<const std::uint8_t> coarse_codes;
  std::span<const std::uint32_t> starts;
  std::span<const std::uint32_t> rows;
  std::span<const float> scales;
  std::span<const std::uint8_t> codes;

  std::size_t bytes_per_block() const;  // of codes
};

// Where the sections of an image with these counts lie, in the order above.
struct IvfSection {
  std::size_t offset = 0;  // from the start of the image
  std::size_t bytes = 0;
};
struct IvfLayout {
  IvfSection centroids, coarse_scales, coarse_codes, starts, rows, scales, codes;
  std::size_t bytes = 0;  // of the whole image
};
IvfLayout ivf_layout(const IvfFacts& facts);

// `image` must start at a multiple of kIvfAlignment and stay as long as the view is used. Throws
// Error(kCorruptData) where it is no image, kUnsupported where it is of a newer version; `name` is
// what the message calls it, e.g. a file.
IvfListsView view_ivf(std::span<const std::byte> image, std::string_view name);

}  // namespace pressmark::index
