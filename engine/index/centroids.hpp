// SPDX-License-Identifier: Apache-2.0
//
// Which centroids are nearest to a vector: by int8 codes, as rows are scanned, since with many
// lists their centroids do not fit a core's cache as floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/index/int8_scan.hpp"
#include "engine/index/ivf_lists.hpp"
#include "engine/index/rerank.hpp"

namespace pressmark::index {

// The same number of values for each centroid.
class CentroidCodes {
 public:
  CentroidCodes(std::span<const float> centroids, std::size_t dimension);

  std::size_t count() const { return count_; }
  std::span<const std::uint8_t> codes() const { return codes_; }
  std::span<const float> scales() const { return scales_; }
  CodeBlocks blocks() const;

 private:
  std::size_t count_;
  std::vector<std::uint8_t> codes_;
  std::vector<float> scales_;
};

// Of the centroids of lists.
CodeBlocks coarse_blocks(const IvfListsView& lists);

// Puts a code in its place in a block (ivf_lists.hpp) of zeroed codes.
void store_code(std::span<const std::int8_t> code, std::size_t lane, std::uint8_t* block);

// The `count` nearest of the first `centroids`, by score, then number.
std::vector<NearRow> nearest_centroids(const CodeBlocks& blocks, std::size_t centroids,
                                       const Int8Query& query, std::size_t count);

// The nearest centroid of each row. Spread over the threads of the caller's TBB arena.
void assign_rows(const CodeBlocks& blocks, std::size_t centroids, std::span<const float> rows,
                 std::size_t dimension, std::span<std::uint32_t> nearest);

// Spherical k-means by FAISS, rows assigned as above: k x dimension, of unit length or zero. At
// least k rows. The same for any number of threads.
std::vector<float> train_centroids(std::span<const float> rows, std::size_t dimension,
                                   std::size_t k, std::uint64_t seed, int iterations);

}  // namespace pressmark::index
