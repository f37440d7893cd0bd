// SPDX-License-Identifier: Apache-2.0
//
// Rows that are searched exactly without reading all of them: int8 codes, a quarter of the bytes,
// lie beside the vectors, with bounds of what the rounding may change of a similarity. Only rows
// whose bound reaches the best are compared as floats. The answer is that of comparing every row,
// to the bit; codes that round badly cost time alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/index/ivf_lists.hpp"
#include "engine/index/rerank.hpp"

namespace pressmark::index {

// Of the rows of a block: the longest of what rounding took from a row, and the longest of what is
// left, as Euclidean norms.
struct CodeBounds {
  double rounded_off = 0;
  double coded = 0;
};

// Codes of the first rows of some vectors, whole blocks of 16 as in ivf_lists.hpp. Borrowed.
struct CodedRowsView {
  std::span<const std::uint8_t> codes;
  std::span<const float> scales;       // one per row
  std::span<const CodeBounds> bounds;  // one per block

  std::size_t blocks() const { return bounds.size(); }
  std::size_t rows() const { return bounds.size() * kRowsPerBlock; }
};

// Codes that grow in place: what a view shows no longer changes, so that one thread may add while
// others read views that were handed to them.
class CodedRows {
 public:
  CodedRows(std::size_t most_rows, std::size_t dimension);
  // The same rows with room for more.
  CodedRows(std::size_t most_rows, const CodedRows& other);

  // Encodes the whole blocks among the first `rows` rows that are not there yet. `vectors`:
  // row-major, from row 0 on, finite, of a length whose square a float holds; as many as there is
  // room for at most.
  void extend(const float* vectors, std::size_t rows);

  CodedRowsView view() const;

 private:
  std::size_t dimension_, most_blocks_, blocks_ = 0;
  std::unique_ptr<std::uint8_t[]> codes_;
  std::unique_ptr<float[]> scales_;
  std::unique_ptr<CodeBounds[]> bounds_;
  std::vector<std::int8_t> code_;  // scratch
};

// Of each query, row-major, the `count` rows that rank first of those that are wanted (null: all),
// exactly. `vectors`: all rows, from row 0 on, of which the first ones have codes. On the calling
// thread, from many threads; up to QueryGroup::kMost queries read the codes together.
std::vector<std::vector<NearRow>> search_coded(const CodedRowsView& codes,
                                               std::span<const float> vectors,
                                               std::span<const float> queries,
                                               std::size_t dimension, std::size_t count,
                                               const RowFilter* is_wanted);

}  // namespace pressmark::index
