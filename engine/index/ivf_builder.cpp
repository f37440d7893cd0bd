// SPDX-License-Identifier: Apache-2.0
#include "engine/index/ivf_builder.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <random>

#include <fmt/format.h>

#include "engine/index/centroids.hpp"
#include "engine/index/float_products.hpp"
#include "engine/index/ivf_batch.hpp"
#include "engine/index/ivf_search.hpp"
#include "pressmark/error.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kBlocksPerTask = 64;
constexpr std::size_t kQueriesPerTask = 64;
// From so many rows on finer lists save more than their training costs
// (docs/decisions/0011-int8-inverted-lists.md).
constexpr std::size_t kManyRows = 4'000'000;
constexpr std::size_t kErrorRows = 8192;  // that the error of lists is estimated from
constexpr std::array<std::uint32_t, 2> kMeasuredCounts = {10, 100};

// `count` different rows of `rows`, ascending; the same for a seed everywhere.
std::vector<std::size_t> sample_rows(std::size_t rows, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::size_t> sample;
  sample.reserve(count);
  // Each row with the chance that is left over (Knuth's algorithm S).
  for (std::size_t row = 0; row < rows && sample.size() < count; ++row) {
    if (random() % (rows - row) < count - sample.size()) sample.push_back(row);
  }
  return sample;
}

// Squared distance of a row to its centroid; both count as of unit length.
double squared_error(std::span<const float> row, const float* centroid) {
  return 2 - 2 * double{inner_product(row, centroid)};
}

std::vector<float> gather(std::span<const float> vectors, std::size_t dimension,
                          std::span<const std::size_t> rows) {
  std::vector<float> gathered;
  gathered.reserve(rows.size() * dimension);
  for (const std::size_t row : rows) {
    const auto values = vectors.subspan(row * dimension, dimension);
    gathered.insert(gathered.end(), values.begin(), values.end());
  }
  return gathered;
}

}  // namespace

void check_finite(std::span<const float> vectors) {
  const bool is_finite =
      std::all_of(vectors.begin(), vectors.end(), [](float value) { return std::isfinite(value); });
  if (!is_finite) {
    throw Error(ErrorCode::kInvalidArgument, "a global vector has a value that is not finite");
  }
}

int default_lists(std::size_t rows) {
  const double factor = rows < kManyRows ? 2 : 4;
  const double wanted = factor * std::sqrt(static_cast<double>(rows));
  const auto power = std::bit_ceil(static_cast<std::size_t>(std::ceil(wanted)));
  return static_cast<int>(std::clamp<std::size_t>(power, 1, IvfFacts::kMostLists));
}

double quantisation_error(const IvfListsView& lists, std::span<const float> vectors,
                          std::size_t most) {
  const std::size_t size = lists.facts.dimension, rows = vectors.size() / size;
  if (rows == 0 || most == 0) return 0;
  const std::size_t step = (rows + most - 1) / most;
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t row = 0; row < rows; row += step, ++count) {
    const std::span<const float> vector = vectors.subspan(row * size, size);
    const auto nearest =
        nearest_centroids(coarse_blocks(lists), lists.facts.lists, Int8Query(vector), 1);
    sum += squared_error(vector,
                         &lists.centroids[static_cast<std::size_t>(nearest.front().row) * size]);
  }
  return sum / static_cast<double>(count);
}

IvfImage::IvfImage(std::size_t bytes) : size_(bytes) {
  void* data = std::aligned_alloc(kIvfAlignment,
                                  (bytes + kIvfAlignment - 1) / kIvfAlignment * kIvfAlignment);
  if (data == nullptr) throw std::bad_alloc();
  data_.reset(static_cast<std::byte*>(data));
}

void IvfImage::Free::operator()(std::byte* data) const {
  std::free(data);
}

IvfBuilder::IvfBuilder(std::span<const float> vectors, int dimension, const IvfOptions& options)
    : vectors_(vectors), options_(options) {
  facts_.dimension = static_cast<std::uint32_t>(dimension);
  check_vectors();
  const std::size_t size = facts_.dimension, rows = facts_.rows;
  const std::size_t wanted =
      static_cast<std::size_t>(options_.lists > 0 ? options_.lists : default_lists(rows));
  const std::size_t lists = std::min({wanted, rows, std::size_t{IvfFacts::kMostLists}});
  facts_.lists = static_cast<std::uint32_t>(lists);

  // Held-out rows are left out of the training where there are enough.
  const std::size_t training = lists * static_cast<std::size_t>(options_.rows_per_list);
  held_out_ =
      sample_rows(rows, std::min<std::size_t>(rows, static_cast<std::size_t>(options_.held_out)),
                  options_.seed);
  std::vector<std::size_t> sample = sample_rows(
      rows, std::min(rows, std::max(training, lists) + held_out_.size()), options_.seed + 1);
  if (sample.size() >= lists + held_out_.size()) {
    std::erase_if(sample, [&](std::size_t row) {
      return std::binary_search(held_out_.begin(), held_out_.end(), row);
    });
  }
  facts_.training_rows = static_cast<std::uint32_t>(sample.size());
  centroids_ = train_centroids(gather(vectors_, size, sample), size, lists, options_.seed,
                               options_.iterations);
  assign();
  facts_.trained_error = mean_error(held_out_);
}

IvfBuilder::IvfBuilder(std::span<const float> vectors, const IvfListsView& trained,
                       const IvfOptions& options)
    : vectors_(vectors), options_(options) {
  facts_.dimension = trained.facts.dimension;
  check_vectors();
  facts_.lists = trained.facts.lists;
  facts_.training_rows = trained.facts.training_rows;
  facts_.trained_error = trained.facts.trained_error;
  centroids_.assign(trained.centroids.begin(), trained.centroids.end());
  held_out_ = sample_rows(
      facts_.rows, std::min<std::size_t>(facts_.rows, static_cast<std::size_t>(options_.held_out)),
      options_.seed);
  assign();
}

void IvfBuilder::check_vectors() {
  assert(facts_.dimension > 0 && facts_.dimension <= IvfFacts::kMostDimension);
  assert(vectors_.size() % facts_.dimension == 0);
  const std::size_t rows = vectors_.size() / facts_.dimension;
  if (rows == 0 || rows >= kNoRow) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("inverted lists of {} rows; possible are 1 to {}", rows, kNoRow - 1));
  }
  check_finite(vectors_);
  facts_.rows = static_cast<std::uint32_t>(rows);
}

void IvfBuilder::assign() {
  const CentroidCodes codes(centroids_, facts_.dimension);
  list_of_.resize(facts_.rows);
  assign_rows(codes.blocks(), facts_.lists, vectors_, facts_.dimension, list_of_);
  std::vector<std::uint32_t> counts(facts_.lists, 0);
  for (const std::uint32_t list : list_of_) ++counts[list];
  starts_.assign(facts_.lists + std::size_t{1}, 0);
  for (std::size_t list = 0; list < counts.size(); ++list) {
    starts_[list + 1] = static_cast<std::uint32_t>(
        starts_[list] + (counts[list] + kRowsPerBlock - 1) / kRowsPerBlock);
  }
  facts_.blocks = starts_.back();
  const std::size_t step = std::max<std::size_t>(1, facts_.rows / kErrorRows);
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < facts_.rows; row += step) rows.push_back(row);
  facts_.rows_error = mean_error(rows);
}

double IvfBuilder::mean_error(std::span<const std::size_t> rows) const {
  if (rows.empty()) return 0;
  double sum = 0;
  for (const std::size_t row : rows) {
    sum += squared_error(vectors_.subspan(row * facts_.dimension, facts_.dimension),
                         &centroids_[std::size_t{list_of_[row]} * facts_.dimension]);
  }
  return sum / static_cast<double>(rows.size());
}

std::size_t IvfBuilder::bytes() const {
  return ivf_layout(facts_).bytes;
}

// Row numbers of all lists, block by block, kNoRow where the last block of a list is not full.
void IvfBuilder::place_rows(std::span<std::uint32_t> rows) const {
  std::fill(rows.begin(), rows.end(), kNoRow);
  std::vector<std::size_t> next(facts_.lists);
  for (std::size_t list = 0; list < next.size(); ++list) next[list] = starts_[list] * kRowsPerBlock;
  for (std::size_t row = 0; row < list_of_.size(); ++row) {
    rows[next[list_of_[row]]++] = static_cast<std::uint32_t>(row);
  }
}

void IvfBuilder::encode_rows(std::span<const std::uint32_t> rows, std::span<float> scales,
                             std::span<std::uint8_t> codes) const {
  const std::size_t size = facts_.dimension, padded = code_size(size);
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, facts_.blocks, kBlocksPerTask),
                    [&](const tbb::blocked_range<std::size_t>& blocks) {
                      std::vector<std::int8_t> code(padded);
                      for (std::size_t block = blocks.begin(); block < blocks.end(); ++block) {
                        const std::span<std::uint8_t> place =
                            codes.subspan(block * kRowsPerBlock * padded, kRowsPerBlock * padded);
                        std::fill(place.begin(), place.end(), kZeroCode);
                        for (std::size_t lane = 0; lane < kRowsPerBlock; ++lane) {
                          const std::size_t position = block * kRowsPerBlock + lane;
                          scales[position] = 0;
                          if (rows[position] == kNoRow) continue;
                          scales[position] =
                              encode_int8(vectors_.subspan(rows[position] * size, size), code);
                          store_code(code, lane, place.data());
                        }
                      }
                    });
}

void IvfBuilder::write(std::span<std::byte> image) const {
  const IvfLayout layout = ivf_layout(facts_);
  assert(image.size() == layout.bytes);
  std::memset(image.data(), 0, layout.codes.offset);
  const auto section = [&]<typename T>(const IvfSection& place, T) {
    return std::span<T>(reinterpret_cast<T*>(image.data() + place.offset), place.bytes / sizeof(T));
  };
  const auto fill = [](const auto& from, const auto& to) {
    std::copy(from.begin(), from.end(), to.begin());
  };
  const CentroidCodes coarse(centroids_, facts_.dimension);
  fill(centroids_, section(layout.centroids, float()));
  fill(coarse.scales(), section(layout.coarse_scales, float()));
  fill(coarse.codes(), section(layout.coarse_codes, std::uint8_t()));
  fill(starts_, section(layout.starts, std::uint32_t()));
  const std::span<std::uint32_t> rows = section(layout.rows, std::uint32_t());
  place_rows(rows);
  const std::span<std::uint8_t> codes = section(layout.codes, std::uint8_t());
  encode_rows(rows, section(layout.scales, float()), codes);
  std::memset(image.data() + layout.codes.offset + layout.codes.bytes, 0,
              layout.bytes - layout.codes.offset - layout.codes.bytes);
  IvfFacts facts = facts_;
  std::memcpy(image.data(), &facts, sizeof(facts));
  facts.curves = measure_recall(view_ivf(image, "inverted lists"));
  std::memcpy(image.data(), &facts, sizeof(facts));
}

IvfImage IvfBuilder::build() const {
  IvfImage image(bytes());
  write(image.bytes());
  return image;
}

// In which of the lists, nearest first, the neighbours of held-out rows lie.
std::array<RecallCurve, 2> IvfBuilder::measure_recall(const IvfListsView& lists) const {
  const std::size_t size = facts_.dimension;
  const std::size_t most = kMeasuredCounts.back();
  std::array<RecallCurve, 2> curves;
  if (held_out_.empty() || facts_.rows <= 2 * most) return curves;
  // met[c][i]: neighbours in the first 2^i lists; whole numbers, so that their order is of no
  // matter.
  std::array<std::array<std::atomic<std::size_t>, RecallCurve::kSteps>, 2> met{};
  const CodeBlocks coarse = coarse_blocks(lists);
  // One more than wanted: a row finds itself.
  const IvfEffort all{facts_.lists, effort_for(facts_, most + 1, 1).shortlist};
  tbb::parallel_for(tbb::blocked_range<std::size_t>(
                        0, (held_out_.size() + kQueriesPerTask - 1) / kQueriesPerTask, 1),
                    [&](const tbb::blocked_range<std::size_t>& tasks) {
                      for (std::size_t task = tasks.begin(); task < tasks.end(); ++task) {
                        const std::span<const std::size_t> some = std::span(held_out_).subspan(
                            task * kQueriesPerTask,
                            std::min(kQueriesPerTask, held_out_.size() - task * kQueriesPerTask));
                        const std::vector<float> queries = gather(vectors_, size, some);
                        const auto answers =
                            search_ivf_batch(lists, vectors_.data(), queries, most + 1, all);
                        for (std::size_t q = 0; q < some.size(); ++q) {
                          const std::vector<NearRow> order = nearest_centroids(
                              coarse, facts_.lists,
                              Int8Query(std::span(queries).subspan(q * size, size)), facts_.lists);
                          std::vector<std::size_t> rank(facts_.lists);
                          for (std::size_t i = 0; i < order.size(); ++i) {
                            rank[static_cast<std::size_t>(order[i].row)] = i;
                          }
                          std::size_t place = 0;
                          for (const NearRow& row : answers[q]) {
                            if (static_cast<std::size_t>(row.row) == some[q]) continue;
                            const auto step = static_cast<std::size_t>(
                                std::bit_width(rank[list_of_[static_cast<std::size_t>(row.row)]]));
                            for (std::size_t c = 0; c < met.size(); ++c) {
                              if (place < kMeasuredCounts[c]) ++met[c][step];
                            }
                            ++place;
                          }
                        }
                      }
                    });
  for (std::size_t c = 0; c < met.size(); ++c) {
    curves[c].count = kMeasuredCounts[c];
    std::size_t total = 0, before = 0;
    for (const auto& of_step : met[c]) total += of_step;
    for (std::size_t step = 0; step < RecallCurve::kSteps; ++step) {
      before += met[c][step];
      curves[c].recall[step] = static_cast<float>(
          static_cast<double>(before) / static_cast<double>(std::max<std::size_t>(total, 1)));
    }
  }
  return curves;
}

}  // namespace pressmark::index
