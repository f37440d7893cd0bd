// SPDX-License-Identifier: Apache-2.0
//
// Builds inverted lists (ivf_lists.hpp) of vectors: spherical k-means on a sample, every row to the
// list of its nearest centroid, int8 codes, and the recall that rows held out of the training have
// when so many lists are probed. Beside the image itself, memory is 8 bytes per row and the
// sample.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/index/ivf_lists.hpp"

namespace pressmark::index {

struct IvfOptions {
  int lists = 0;           // 0: default_lists()
  int rows_per_list = 32;  // that centroids are trained on; fewer where there are fewer
  int iterations = 8;      // of k-means
  int held_out = 256;      // rows that recall is measured with; 0: not measured
  std::uint64_t seed = 1;
};

// Lists for so many rows: a power of two that grows with the root of the rows; twice as many from
// millions of rows on.
int default_lists(std::size_t rows);

// Throws Error(kInvalidArgument) where a value is not finite.
void check_finite(std::span<const float> vectors);

// Mean squared distance, 2 - 2 cos, of rows to their nearest centroids: of `most` rows at equal
// distances where there are more.
double quantisation_error(const IvfListsView& lists, std::span<const float> vectors,
                          std::size_t most);

// The bytes of an image, at a multiple of kIvfAlignment.
class IvfImage {
 public:
  explicit IvfImage(std::size_t bytes);
  std::span<std::byte> bytes() { return {data_.get(), size_}; }
  std::span<const std::byte> bytes() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t size_;
};

// The constructor trains and assigns; write() fills memory of bytes() bytes, e.g. a mapped file.
// Work is spread over the threads of the caller's TBB arena, the result is the same for any number
// of them. `vectors`, row-major, of unit length at most, is borrowed until the last write().
class IvfBuilder {
 public:
  // Throws Error(kInvalidArgument) where there are no rows, too many, or a value is not finite.
  IvfBuilder(std::span<const float> vectors, int dimension, const IvfOptions& options = {});
  // With the centroids of lists that were built before.
  IvfBuilder(std::span<const float> vectors, const IvfListsView& trained,
             const IvfOptions& options = {});

  std::size_t bytes() const;
  void write(std::span<std::byte> image) const;  // at a multiple of kIvfAlignment
  IvfImage build() const;

 private:
  void check_vectors();
  void assign();
  double mean_error(std::span<const std::size_t> rows) const;
  void place_rows(std::span<std::uint32_t> rows) const;
  void encode_rows(std::span<const std::uint32_t> rows, std::span<float> scales,
                   std::span<std::uint8_t> codes) const;
  std::array<RecallCurve, 2> measure_recall(const IvfListsView& lists) const;

  std::span<const float> vectors_;
  IvfOptions options_;
  IvfFacts facts_;
  std::vector<float> centroids_;
  std::vector<std::uint32_t> list_of_;  // of each row
  std::vector<std::uint32_t> starts_;   // as in the image
  std::vector<std::size_t> held_out_;   // rows that recall is measured with
};

}  // namespace pressmark::index
