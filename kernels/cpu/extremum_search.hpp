// SPDX-License-Identifier: Apache-2.0
//
// Extrema of the differences of Gaussians (Lowe, IJCV 60(2), 2004, sections 3 and 4), found while
// the scale space grows, so that its rows are read while the cache still holds them.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "kernels/cpu/scale_space.hpp"
#include "kernels/math/extremum.hpp"

namespace pressmark::kernels::cpu {

class ExtremumSearch {
 public:
  // The octaves must outlive the search.
  explicit ExtremumSearch(const std::vector<Octave>& octaves) : octaves_(octaves) {}

  // Searches what the first `rows` rows of an octave allow (OctaveVisitor). One octave after the
  // other, each until all of its rows are there.
  void advance(std::size_t octave, int rows);

  // All that were found, by octave, row, scale and column.
  std::vector<Extremum> take() { return std::move(extrema_); }

 private:
  // Three rows of a difference of Gaussians, and their vertical range: only these are kept, since
  // to write the differences out would take longer than to work them out.
  class DifferenceRows {
   public:
    explicit DifferenceRows(const Plane& plane)
        : stride_(static_cast<std::size_t>(plane.stride)), values_(5 * stride_ + Plane::kRowPad) {}

    // Row y takes the place of row y - 3; rows come in ascending order.
    void add(const Plane& fine, const Plane& coarse, int y);
    float* row(int y) { return values_.data() + static_cast<std::size_t>((y + 3) % 3) * stride_; }
    float* greatest() { return values_.data() + 3 * stride_; }
    float* least() { return values_.data() + 4 * stride_; }

   private:
    std::size_t stride_;
    AlignedVector<float> values_;
  };

  // A sample that is an extremum among its neighbours, but whose refinement led to rows that were
  // not there yet.
  struct Postponed {
    std::size_t place;  // among extrema_
    int x, y, level;
  };

  void begin(std::size_t octave);
  void find_in_row(int y, int rows);
  void refine_at(int x, int y, int level, int rows);
  void finish();

  const std::vector<Octave>& octaves_;
  std::vector<Extremum> extrema_;  // the current octave's with a level of 0: none after all
  std::size_t octave_ = 0, first_ = 0;
  int next_ = 0;  // row of the differences
  std::vector<DifferenceRows> differences_;
  std::vector<int> columns_;
  std::vector<Postponed> postponed_;
};

}  // namespace pressmark::kernels::cpu
