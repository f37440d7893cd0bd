// SPDX-License-Identifier: Apache-2.0
//
// Vectors that are like the global vectors of photos (statistics.cpp, 1014 photos of groceries,
// graffiti and OpenCV's samples): their mean has norm 0.48, the rest the measured spectrum; a photo
// shares a part of the rest with photos of the same mark, of which there are few or many. Each row
// is a function of its number and the seed alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pressmark::bench {

class PhotoVectors {
 public:
  // Of `rows` catalogued photos; with fewer than 256 values the directions of largest variance.
  PhotoVectors(std::size_t rows, std::size_t dimension, std::uint64_t seed = 1);

  std::size_t dimension() const { return deviations_.size(); }

  // Row-major rows [first, first + count) into `values`; from many threads.
  void fill(std::size_t first, std::size_t count, float* values) const;

  // Photos that are not catalogued, of the marks of catalogued ones.
  std::vector<float> queries(std::size_t count) const;

 private:
  void make(std::uint64_t photo, std::uint64_t mark, float* values) const;
  std::uint64_t mark_of(std::uint64_t row) const;

  std::uint64_t rows_, seed_;
  std::vector<float> deviations_;
};

}  // namespace pressmark::bench
