// SPDX-License-Identifier: Apache-2.0
#include "engine/index/coded_rows.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "engine/index/best_rows.hpp"
#include "engine/index/centroids.hpp"
#include "engine/index/float_products.hpp"
#include "engine/index/int8_scan.hpp"
#include "engine/index/ivf_blocks.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kComparedAtOnce = 32;

// Rounded up by more than the sums below round.
double norm_of(double squares) {
  return std::sqrt(squares) * (1 + 1e-9);
}

float as_float(double value) {
  constexpr double kMost = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (value < -kMost) return -kInfinity;
  return value > kMost ? kInfinity : static_cast<float>(value);
}

// What rounding takes from a row, and what it leaves.
CodeBounds bounds_of(std::span<const float> row, std::span<const std::int8_t> code, float scale) {
  double off = 0;
  std::int64_t steps = 0;
  for (std::size_t d = 0; d < row.size(); ++d) {
    const double rest = double{row[d]} - double{scale} * code[d];
    off += rest * rest;
    steps += std::int64_t{code[d]} * code[d];
  }
  return {norm_of(off), norm_of(double{scale} * double{scale} * static_cast<double>(steps))};
}

CodeBounds largest(std::span<const CodeBounds> bounds) {
  CodeBounds most;
  for (const CodeBounds& some : bounds) {
    most.rounded_off = std::max(most.rounded_off, some.rounded_off);
    most.coded = std::max(most.coded, some.coded);
  }
  return most;
}

// One query's search. With q' and x' what the codes of a query and a row stand for,
// |q.x - q'.x'| <= |q| |x - x'| + |q - q'| |x'|. The products of floats and the scores round as
// well, by less than 2^-24 of |q| |x| for each of d/16 + 16 operations.
class CodedQuery {
 public:
  CodedQuery(std::span<const float> query, std::size_t count)
      : query_(query), code_(query), least_(count) {
    double squares = 0;
    for (const float value : query) squares += double{value} * double{value};
    norm_ = std::sqrt(squares);
    std::vector<std::int8_t> steps(code_size(query.size()));
    rounded_off_ = bounds_of(query, steps, encode_int8(query, steps)).rounded_off;
  }

  // A query of zeros, or with a value that is not finite, has no code.
  bool is_codable() const { return std::isfinite(norm_) && code_.scale() > 0; }
  const Int8Query& code() const { return code_; }

  // From here on rows have these bounds.
  void take_bounds(const CodeBounds& bounds) {
    const double rounding = static_cast<double>(query_.size() / 16 + 16) * 0x1p-24;
    error_ = norm_ * bounds.rounded_off + rounded_off_ * bounds.coded +
             norm_ * (bounds.rounded_off + bounds.coded) * rounding;
  }

  // Scores below cannot be among the best.
  float threshold() const {
    return as_float((double{least_.threshold()} - error_) / double{code_.scale()});
  }

  void push(std::uint32_t row, float score) {
    const double similarity = double{score} * double{code_.scale()};
    least_.push(row, as_float(similarity - error_));
    possible_.push_back({row, as_float(similarity + error_)});
  }
  void tighten() { least_.tighten(); }

  // Compares what is possible, the likeliest first, until no other can be among the best.
  std::vector<NearRow> rank(const float* vectors, BestRows best) {
    const float least = least_.threshold();
    std::erase_if(possible_, [&](const NearRow& row) { return row.similarity < least; });
    std::sort(possible_.begin(), possible_.end(), ranks_before);
    std::array<std::uint32_t, kComparedAtOnce> rows;
    std::array<float, kComparedAtOnce> products;
    for (std::size_t first = 0; first < possible_.size(); first += kComparedAtOnce) {
      if (possible_[first].similarity < best.threshold()) break;
      const std::size_t some = std::min(kComparedAtOnce, possible_.size() - first);
      for (std::size_t i = 0; i < some; ++i) {
        rows[i] = static_cast<std::uint32_t>(possible_[first + i].row);
      }
      listed_products(query_, vectors, std::span(rows).first(some), products);
      for (std::size_t i = 0; i < some; ++i) best.push(rows[i], products[i]);
      best.tighten();
    }
    return best.take_sorted();
  }

  // Compares all rows from `first` on.
  void compare(std::span<const float> vectors, std::size_t first, const RowFilter* is_wanted,
               BestRows& best) const {
    const std::size_t end = vectors.size() / query_.size();
    std::array<float, 16 * kComparedAtOnce> products;
    for (; first < end; first += products.size()) {
      const std::size_t rows = std::min(products.size(), end - first);
      row_products(query_, vectors.data(), first, std::span(products).first(rows));
      for (std::size_t i = 0; i < rows; ++i) {
        if (!(products[i] >= best.threshold())) continue;
        const std::size_t row = first + i;
        if (is_wanted != nullptr && !(*is_wanted)(static_cast<std::int64_t>(row))) continue;
        best.push(static_cast<std::uint32_t>(row), products[i]);
      }
    }
  }

 private:
  std::span<const float> query_;
  Int8Query code_;
  double norm_ = 0, rounded_off_ = 0;
  double error_ = 0;               // of similarities, of the rows that are looked at
  BestRows least_;                 // what similarities are at least
  std::vector<NearRow> possible_;  // what they are at most
};

void scan_together(const CodedRowsView& codes, std::span<CodedQuery* const> queries,
                   const RowFilter* is_wanted) {
  if (queries.empty()) return;
  std::vector<const Int8Query*> asked;
  for (const CodedQuery* query : queries) asked.push_back(&query->code());
  const QueryGroup group(asked);
  GroupHits hits(queries.size());
  const CodeBlocks all{codes.codes.data(), codes.scales.data(), codes.blocks()};
  for (std::size_t block = 0; block < codes.blocks(); block += kBlocksAtOnce) {
    const CodeBlocks some =
        part_of(all, block, kRowsPerBlock * 4 * queries.front()->code().groups());
    const CodeBounds bounds = largest(codes.bounds.subspan(block, some.blocks));
    for (CodedQuery* query : queries) query->take_bounds(bounds);
    hits.scan(group, some, [&](std::size_t q) -> const CodedQuery& { return *queries[q]; });
    for (std::size_t q = 0; q < queries.size(); ++q) {
      for (const ScanHit& hit : hits.of(q)) {
        const std::size_t row = block * kRowsPerBlock + hit.position;
        if (is_wanted != nullptr && !(*is_wanted)(static_cast<std::int64_t>(row))) continue;
        queries[q]->push(static_cast<std::uint32_t>(row), hit.score);
      }
      queries[q]->tighten();
    }
  }
}

}  // namespace

CodedRows::CodedRows(std::size_t most_rows, std::size_t dimension)
    : dimension_(dimension),
      most_blocks_(most_rows / kRowsPerBlock),
      codes_(std::make_unique_for_overwrite<std::uint8_t[]>(most_blocks_ * kRowsPerBlock *
                                                            code_size(dimension))),
      scales_(std::make_unique_for_overwrite<float[]>(most_blocks_ * kRowsPerBlock)),
      bounds_(std::make_unique_for_overwrite<CodeBounds[]>(most_blocks_)),
      code_(code_size(dimension)) {}

CodedRows::CodedRows(std::size_t most_rows, const CodedRows& other)
    : CodedRows(most_rows, other.dimension_) {
  assert(other.blocks_ <= most_blocks_);
  const CodedRowsView rows = other.view();
  std::copy(rows.codes.begin(), rows.codes.end(), codes_.get());
  std::copy(rows.scales.begin(), rows.scales.end(), scales_.get());
  std::copy(rows.bounds.begin(), rows.bounds.end(), bounds_.get());
  blocks_ = other.blocks_;
}

void CodedRows::extend(const float* vectors, std::size_t rows) {
  assert(rows / kRowsPerBlock <= most_blocks_);
  const std::size_t block_bytes = kRowsPerBlock * code_.size();
  for (; blocks_ < rows / kRowsPerBlock; ++blocks_) {
    std::array<CodeBounds, kRowsPerBlock> bounds;
    for (std::size_t lane = 0; lane < kRowsPerBlock; ++lane) {
      const std::size_t row = blocks_ * kRowsPerBlock + lane;
      const std::span<const float> vector(vectors + row * dimension_, dimension_);
      scales_[row] = encode_int8(vector, code_);
      store_code(code_, lane, codes_.get() + blocks_ * block_bytes);
      bounds[lane] = bounds_of(vector, code_, scales_[row]);
    }
    bounds_[blocks_] = largest(bounds);
  }
}

CodedRowsView CodedRows::view() const {
  const std::size_t rows = blocks_ * kRowsPerBlock;
  return {{codes_.get(), rows * code_.size()}, {scales_.get(), rows}, {bounds_.get(), blocks_}};
}

std::vector<std::vector<NearRow>> search_coded(const CodedRowsView& codes,
                                               std::span<const float> vectors,
                                               std::span<const float> queries,
                                               std::size_t dimension, std::size_t count,
                                               const RowFilter* is_wanted) {
  assert(codes.rows() * dimension <= vectors.size());
  assert(codes.codes.size() == codes.rows() * code_size(dimension));
  std::vector<CodedQuery> asked;
  asked.reserve(queries.size() / dimension);
  for (std::size_t first = 0; first < queries.size(); first += dimension) {
    asked.emplace_back(queries.subspan(first, dimension), count);
  }
  std::vector<std::vector<NearRow>> answers;
  for (std::size_t first = 0; first < asked.size(); first += QueryGroup::kMost) {
    const auto some =
        std::span(asked).subspan(first, std::min(QueryGroup::kMost, asked.size() - first));
    std::vector<CodedQuery*> codable;
    for (CodedQuery& query : some) {
      if (query.is_codable()) codable.push_back(&query);
    }
    scan_together(codes, codable, is_wanted);
    for (CodedQuery& query : some) {
      BestRows best(count);
      query.compare(vectors, query.is_codable() ? codes.rows() : 0, is_wanted, best);
      answers.push_back(query.rank(vectors.data(), std::move(best)));
    }
  }
  return answers;
}

}  // namespace pressmark::index
