// SPDX-License-Identifier: Apache-2.0
//
// score = sum T(x - shift) c(x) / (|T| |c|) over the cells of a candidate c: T the query at the
// candidate's resolution, turned by multiples of pi / 16 and scaled by 2^(i / 4), on twice as many
// cells, so that shifts up to half a frame are pointers into it. A turn by pi turns the array
// around.
//
// Bytes read per place: 2 KB of a template and 4 KB of the widened candidate at half resolution, a
// quarter of that for screening; templates in the second cache. Sums of 32-bit integers: exact, and
// equal on all instruction sets; at most 2^11 * 127^2 < 2^25.
#include "kernels/cpu/dense_alignment.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "kernels/cpu/dense_field.hpp"
#include "kernels/math/dense_alignment.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/dense_alignment.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Of 2 x kSide x kSide values: `from`, part of planes of twice the side, and `candidate`, without
// gaps.
template <std::size_t kSide>
std::int32_t correlation(const std::int8_t* from, const std::int16_t* candidate) {
  const hn::CappedTag<std::int16_t, 16> wide;
  const hn::Rebind<std::int8_t, decltype(wide)> narrow;
  const hn::RepartitionToWide<decltype(wide)> sums;
  const std::size_t lanes = hn::Lanes(wide);
  auto sum = hn::Zero(sums), other = sum;
  for (int part = 0; part < 2; ++part, from += 2 * kSide * kSide) {
    for (std::size_t y = 0; y < kSide; ++y, from += 2 * kSide, candidate += kSide) {
      for (std::size_t x = 0; x < kSide; x += lanes) {
        sum = hn::ReorderWidenMulAccumulate(sums, hn::PromoteTo(wide, hn::LoadU(narrow, from + x)),
                                            hn::LoadU(wide, candidate + x), sum, other);
      }
    }
  }
  return hn::GetLane(hn::SumOfLanes(sums, hn::Add(sum, other)));
}

template <std::size_t kSide>
std::int32_t largest_of(const std::int8_t* from, const std::int16_t* candidate, std::size_t columns,
                        std::size_t rows, std::size_t* column, std::size_t* row) {
  std::int32_t largest = std::numeric_limits<std::int32_t>::min();
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      const std::int32_t sum = correlation<kSide>(from + y * 2 * kSide + x, candidate);
      if (sum <= largest) continue;
      largest = sum;
      *column = x;
      *row = y;
    }
  }
  return largest;
}

// The largest of columns x rows correlations, of parts of the planes that lie side by side.
std::int32_t largest_correlation(const std::int8_t* from, int side, const std::int16_t* candidate,
                                 std::size_t columns, std::size_t rows, std::size_t* column,
                                 std::size_t* row) {
  return side == kHalvedSide
             ? largest_of<kHalvedSide>(from, candidate, columns, rows, column, row)
             : largest_of<kQuarteredSide>(from, candidate, columns, rows, column, row);
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(largest_correlation);

using namespace dense_alignment;

// Of 2^13 values at most: their squares add up to less than 2^27.
float norm_of(std::span<const std::int8_t> values) {
  std::int32_t sum = 0;
  for (const std::int8_t value : values) sum += std::int32_t{value} * value;
  return std::sqrt(static_cast<float>(sum));
}

// 127 for the largest part.
void round_to_int8(std::span<const std::complex<float>> field, std::span<std::int8_t> values) {
  float largest = 0;
  for (const std::complex<float>& value : field) {
    largest = std::max({largest, std::abs(value.real()), std::abs(value.imag())});
  }
  const float factor = largest > 0 ? 127 / largest : 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    values[i] = static_cast<std::int8_t>(std::nearbyint(field[i].real() * factor));
    values[i + field.size()] = static_cast<std::int8_t>(std::nearbyint(field[i].imag() * factor));
  }
}

// The field in a pose, in the middle of twice as many cells.
std::vector<std::complex<float>> padded(const DenseField& field, const Pose& pose) {
  const int side = 2 * field.side, samples = pose.samples;
  std::vector<std::complex<float>> result;
  result.reserve(static_cast<std::size_t>(side * side));
  const float centre = 0.5f * static_cast<float>(field.side - 1);
  const float first = first_of(field.side, pose.step);
  const float c = pose.cosine, s = pose.sine;
  const std::complex<float> turn(pose.turn_real, pose.turn_imaginary);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      std::complex<float> sum = 0;
      for (int i = 0; i < samples * samples; ++i) {
        const float px =
            static_cast<float>(x) + first + pose.step * static_cast<float>(i % samples);
        const float py =
            static_cast<float>(y) + first + pose.step * static_cast<float>(i / samples);
        sum += field.sample(centre + c * px + s * py, centre - s * px + c * py);
      }
      result.push_back(turn * sum);
    }
  }
  return result;
}

std::vector<DenseStart> best_of(std::vector<DenseStart> starts, std::size_t count) {
  std::stable_sort(starts.begin(), starts.end(),
                   [](const DenseStart& a, const DenseStart& b) { return a.score > b.score; });
  starts.resize(std::min(starts.size(), count));
  return starts;
}

}  // namespace

void reduce_dense(const DenseCode& code, DensePyramid& pyramid) {
  const DenseField half = halved(field_of(code));
  round_to_int8(half.values, pyramid.half);
  round_to_int8(halved(half).values, pyramid.quarter);
}

DenseTemplates::DenseTemplates(const DenseField& query) : side_(query.side) {
  const auto plane = static_cast<std::size_t>(4 * side_ * side_), both = 2 * plane;
  values_.resize(kTurns * kScales * both);
  norms_.resize(kTurns * kScales);
  for (int scale = 0; scale < kScales; ++scale) {
    for (int turn = 0; turn < kTurns / 2; ++turn) {
      const auto index = static_cast<std::size_t>(template_index(turn, scale));
      const auto opposite = static_cast<std::size_t>(template_index(turn + kTurns / 2, scale));
      const auto values = std::span(values_).subspan(index * both, both);
      round_to_int8(padded(query, poses()[index]), values);
      for (const std::size_t start : {std::size_t{0}, plane}) {
        const auto part = values.subspan(start, plane);
        std::reverse_copy(part.begin(), part.end(),
                          values_.begin() + static_cast<std::ptrdiff_t>(opposite * both + start));
      }
      norms_[index] = norms_[opposite] = norm_of(values);
    }
  }
}

DenseTemplates::Candidate DenseTemplates::widened(std::span<const std::int8_t> values) {
  return {{values.begin(), values.end()}, norm_of(values)};
}

DenseStart DenseTemplates::best_shift(const Candidate& candidate, const DenseStart& start,
                                      int turns, int scales) const {
  const Laid<DenseStart> at = laid(start, turns, scales, side_, poses().data());
  const auto index = static_cast<std::size_t>(at.index);
  const float norms = norms_[index] * candidate.norm;
  if (!at.reaches || !(norms > 0)) return at.start;
  const auto side = static_cast<std::size_t>(side_);
  const std::int8_t* from = values_.data() + index * 8 * side * side +
                            static_cast<std::size_t>(at.row * 2 * side_) +
                            static_cast<std::size_t>(at.column);
  std::size_t column = 0, row = 0;
  const std::int32_t sum = HWY_DYNAMIC_DISPATCH(largest_correlation)(
      from, side_, candidate.values.data(), static_cast<std::size_t>(at.columns),
      static_cast<std::size_t>(at.rows), &column, &row);
  return placed(at, side_, at.column + static_cast<int>(column), at.row + static_cast<int>(row),
                sum, norms);
}

DenseStart DenseTemplates::best_neighbour(const Candidate& candidate,
                                          const DenseStart& start) const {
  DenseStart best = start;
  best.score = -1;
  for (int turns = -1; turns <= 1; ++turns) {
    for (int scales = -1; scales <= 1; ++scales) {
      const DenseStart tried = best_shift(candidate, start, turns, scales);
      if (tried.score > best.score) best = tried;
    }
  }
  return best;
}

DenseLocalSearch::DenseLocalSearch(const DenseCode& query)
    : DenseLocalSearch(halved(field_of(query))) {}

DenseLocalSearch::DenseLocalSearch(const DenseField& half) : half_(half), quarter_(halved(half)) {}

void DenseLocalSearch::screen(std::span<const DensePyramid* const> candidates,
                              std::span<const std::span<const DenseStart>> starts,
                              std::span<std::vector<DenseStart>> screened) const {
  assert(candidates.size() == starts.size() && candidates.size() == screened.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    screened[i] = screen_one(*candidates[i], starts[i]);
  }
}

void DenseLocalSearch::align(std::span<const DensePyramid* const> candidates,
                             std::span<const std::span<const DenseStart>> starts,
                             std::span<float> scores) const {
  assert(candidates.size() == starts.size() && candidates.size() == scores.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    scores[i] = align_one(*candidates[i], starts[i]);
  }
}

std::vector<DenseStart> DenseLocalSearch::screen_one(const DensePyramid& candidate,
                                                     std::span<const DenseStart> starts) const {
  const DenseTemplates::Candidate quarter = DenseTemplates::widened(candidate.quarter);
  std::vector<DenseStart> tried;
  tried.reserve(starts.size());
  for (const DenseStart& start : starts) {
    tried.push_back(quarter_.best_shift(quarter, start, 0, 0));
  }
  return best_of(std::move(tried), kScreenedStarts);
}

float DenseLocalSearch::align_one(const DensePyramid& candidate,
                                  std::span<const DenseStart> starts) const {
  const DenseTemplates::Candidate quarter = DenseTemplates::widened(candidate.quarter);
  std::vector<DenseStart> tried;
  for (const DenseStart& start : starts) tried.push_back(quarter_.best_neighbour(quarter, start));
  const DenseTemplates::Candidate half = DenseTemplates::widened(candidate.half);
  float best = 0;
  for (const DenseStart& start : best_of(std::move(tried), kAlignedStarts)) {
    best = std::max(best, half_.best_neighbour(half, start).score);
  }
  return best;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
