// SPDX-License-Identifier: Apache-2.0
//
// score = sum T(x - shift) c(x) / (|T| |c|) over the cells of a candidate c: T the query at the
// candidate's resolution, turned by multiples of pi / 16 and scaled by 2^(i / 4), on twice as many
// cells, so that shifts up to half a frame are pointers into it. A turn by pi turns the array
// around.
//
// Bytes read per place: 2 KB of a template and as much or, widened to 16 bits, twice as much of the
// candidate at half resolution, a quarter of that for screening; templates in the second cache.
// Sums of 32-bit integers: exact, and equal on all instruction sets; at most 2^11 * 127^2 < 2^25,
// and below 2^26 where 128 is added to one side.
#include "kernels/cpu/dense_alignment.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/byte_products.hpp"
#include "kernels/cpu/dense_field.hpp"
#include "kernels/math/dense_alignment.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/dense_alignment.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/field_samples-inl.hpp"

#ifndef PRESSMARK_KERNELS_CPU_DENSE_ALIGNMENT
#define PRESSMARK_KERNELS_CPU_DENSE_ALIGNMENT
namespace pressmark::kernels::cpu {

// A field with a border of zeros, real part in the low half of a word, imaginary part in the high
// one; whole numbers, since they are means of four or sixteen: `scale` times the field's.
struct FieldWords {
  explicit FieldWords(const DenseField& field)
      : side(field.side),
        pitch(side + 2),
        scale(static_cast<float>(kDenseSide / side * (kDenseSide / side))),
        words(static_cast<std::size_t>(pitch) * static_cast<std::size_t>(pitch)) {
    const auto half = [&](float value) {
      return static_cast<std::uint32_t>(static_cast<std::int32_t>(scale * value)) & 0xffffu;
    };
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        const std::complex<float> value = field.at(x, y);
        words[static_cast<std::size_t>((y + 1) * pitch + x + 1)] =
            static_cast<std::int32_t>(half(value.imag()) << 16 | half(value.real()));
      }
    }
  }

  int side, pitch;
  float scale;
  std::vector<std::int32_t> words;
};

}  // namespace pressmark::kernels::cpu
#endif

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

#if HWY_TARGET == HWY_AVX3
// All of kAcross x kAcross correlations at once, four values by an instruction that not all
// processors with AVX-512 have. It wants one side unsigned: 128 is added to the template, and taken
// off again with the sum of the candidate's values.
constexpr std::size_t kAcross = 3;

template <std::size_t kSide>
HWY_INLINE void byte_correlations(const std::int8_t* from, const std::int8_t* candidate,
                                  std::int32_t candidate_sum,
                                  std::int32_t (&correlations)[kAcross][kAcross]) {
  const hn::CappedTag<std::int8_t, kSide> bytes;
  const hn::Repartition<std::int32_t, decltype(bytes)> integers;
  static_assert(hn::MaxLanes(bytes) == kSide);
  const auto unsigned_bias = hn::Set(bytes, std::int8_t{-128});
  hn::Vec<decltype(integers)> sums[kAcross][kAcross];
  for (auto& row : sums) {
    for (auto& sum : row) sum = hn::Zero(integers);
  }
  for (int part = 0; part < 2; ++part) {
    for (std::size_t y = 0; y < kSide + kAcross - 1; ++y, from += 2 * kSide) {
      hn::Vec<decltype(bytes)> shifted[kAcross];
      for (std::size_t x = 0; x < kAcross; ++x) {
        shifted[x] = hn::Xor(hn::LoadU(bytes, from + x), unsigned_bias);
      }
      // The candidate's row that this one is beside where it is laid `down` rows below.
      for (std::size_t down = 0; down < kAcross; ++down) {
        if (y < down || y - down >= kSide) continue;
        const auto beside = hn::LoadU(bytes, candidate + (y - down) * kSide);
        for (std::size_t x = 0; x < kAcross; ++x) {
          asm("vpdpbusd %2, %1, %0"
              : "+v"(sums[down][x].raw)
              : "v"(shifted[x].raw), "v"(beside.raw));
        }
      }
    }
    from += (kSide - kAcross + 1) * 2 * kSide;
    candidate += kSide * kSide;
  }
  for (std::size_t row = 0; row < kAcross; ++row) {
    for (std::size_t x = 0; x < kAcross; ++x) {
      correlations[row][x] =
          hn::GetLane(hn::SumOfLanes(integers, sums[row][x])) - 128 * candidate_sum;
    }
  }
}

template <std::size_t kSide>
std::int32_t largest_of_bytes(const std::int8_t* from, const std::int8_t* candidate,
                              std::int32_t candidate_sum, std::size_t* column, std::size_t* row) {
  std::int32_t correlations[kAcross][kAcross];
  byte_correlations<kSide>(from, candidate, candidate_sum, correlations);
  std::int32_t largest = std::numeric_limits<std::int32_t>::min();
  for (std::size_t y = 0; y < kAcross; ++y) {
    for (std::size_t x = 0; x < kAcross; ++x) {
      if (correlations[y][x] <= largest) continue;
      largest = correlations[y][x];
      *column = x;
      *row = y;
    }
  }
  return largest;
}
#endif

// The largest of columns x rows correlations, of parts of the planes that lie side by side.
std::int32_t largest_correlation(const std::int8_t* from, int side,
                                 const DenseTemplates::Candidate& compared, std::size_t columns,
                                 std::size_t rows, std::size_t* column, std::size_t* row) {
#if HWY_TARGET == HWY_AVX3
  if (columns == kAcross && rows == kAcross && uses_byte_products()) {
    const std::int8_t* bytes = compared.bytes.data();
    return side == kHalvedSide
               ? largest_of_bytes<kHalvedSide>(from, bytes, compared.sum, column, row)
               : largest_of_bytes<kQuarteredSide>(from, bytes, compared.sum, column, row);
  }
#endif
  const std::int16_t* candidate = compared.values.data();
  return side == kHalvedSide
             ? largest_of<kHalvedSide>(from, candidate, columns, rows, column, row)
             : largest_of<kQuarteredSide>(from, candidate, columns, rows, column, row);
}

// The field in a pose, in the middle of twice as many cells: to `real` and `imaginary`, row by row.
void lay_out(const FieldWords& field, const dense_alignment::Pose& pose, float* real,
             float* imaginary) {
  const FieldTag tag;
  const hn::RebindToSigned<FieldTag> integers;
  const std::size_t side = 2 * static_cast<std::size_t>(field.side);
  const auto first = hn::Set(tag, dense_alignment::first_of(field.side, pose.step));
  const auto centre = hn::Set(tag, 0.5f * static_cast<float>(field.side - 1));
  const auto cosine = hn::Set(tag, pose.cosine), sine = hn::Set(tag, pose.sine);
  const auto turn_real = hn::Set(tag, pose.turn_real);
  const auto turn_imaginary = hn::Set(tag, pose.turn_imaginary);
  const auto unscale = hn::Set(tag, 1 / field.scale);
  const auto pair_at = [&](int row, auto index) HWY_ATTR {
    const std::int32_t* from = field.words.data() + row * field.pitch;
    const auto values = [&](auto word) HWY_ATTR {
      return FieldValues{hn::ConvertTo(tag, hn::ShiftRight<16>(hn::ShiftLeft<16>(word))),
                         hn::ConvertTo(tag, hn::ShiftRight<16>(word))};
    };
    return FieldPair{values(hn::GatherIndex(integers, from, index)),
                     values(hn::GatherIndex(integers, from + 1, index))};
  };
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; x += hn::Lanes(tag)) {
      const auto column = hn::Add(hn::Iota(tag, static_cast<float>(x)), first);
      const auto row = hn::Add(hn::Set(tag, static_cast<float>(y)), first);
      auto sum_real = hn::Zero(tag), sum_imaginary = hn::Zero(tag);
      for (int i = 0; i < pose.samples * pose.samples; ++i) {
        const auto along = [&](int step) HWY_ATTR {
          return hn::Set(tag, pose.step * static_cast<float>(step));
        };
        const auto px = hn::Add(column, along(i % pose.samples));
        const auto py = hn::Add(row, along(i / pose.samples));
        const auto field_x = hn::Add(hn::Add(centre, hn::Mul(cosine, px)), hn::Mul(sine, py));
        const auto field_y = hn::Add(hn::Sub(centre, hn::Mul(sine, px)), hn::Mul(cosine, py));
        const auto covered = covers_places(field.side, field_x, field_y);
        if (hn::AllFalse(tag, covered)) continue;
        const FieldValues value = bilinear_lanes(field.pitch, field_x, field_y, covered, pair_at);
        sum_real = hn::Add(sum_real, value.real);
        sum_imaginary = hn::Add(sum_imaginary, value.imaginary);
      }
      sum_real = hn::Mul(sum_real, unscale);
      sum_imaginary = hn::Mul(sum_imaginary, unscale);
      hn::StoreU(hn::Sub(hn::Mul(turn_real, sum_real), hn::Mul(turn_imaginary, sum_imaginary)), tag,
                 real + y * side + x);
      hn::StoreU(hn::Add(hn::Mul(turn_real, sum_imaginary), hn::Mul(turn_imaginary, sum_real)), tag,
                 imaginary + y * side + x);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(largest_correlation);
HWY_EXPORT(lay_out);

using namespace dense_alignment;

// Of 2^13 values at most: their squares add up to less than 2^27.
float norm_of(std::span<const std::int8_t> values) {
  std::int32_t sum = 0;
  for (const std::int8_t value : values) sum += std::int32_t{value} * value;
  return std::sqrt(static_cast<float>(sum));
}

// 127 for the largest one.
void round_to_int8(std::span<const float> values, std::span<std::int8_t> rounded) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  const float factor = largest > 0 ? 127 / largest : 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    rounded[i] = static_cast<std::int8_t>(std::nearbyint(values[i] * factor));
  }
}

// Real parts, then imaginary parts.
std::vector<float> planes_of(const DenseField& field) {
  std::vector<float> planes;
  planes.reserve(2 * field.values.size());
  for (const std::complex<float>& value : field.values) planes.push_back(value.real());
  for (const std::complex<float>& value : field.values) planes.push_back(value.imag());
  return planes;
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
  round_to_int8(planes_of(half), pyramid.half);
  round_to_int8(planes_of(halved(half)), pyramid.quarter);
}

DenseTemplates::DenseTemplates(const DenseField& query) : side_(query.side) {
  const auto plane = static_cast<std::size_t>(4 * side_ * side_), both = 2 * plane;
  values_.resize(kTurns * kScales * both);
  norms_.resize(kTurns * kScales);
  const FieldWords field(query);
  std::vector<float> laid_out(both);
  for (int scale = 0; scale < kScales; ++scale) {
    for (int turn = 0; turn < kTurns / 2; ++turn) {
      const auto index = static_cast<std::size_t>(template_index(turn, scale));
      const auto opposite = static_cast<std::size_t>(template_index(turn + kTurns / 2, scale));
      const auto values = std::span(values_).subspan(index * both, both);
      HWY_DYNAMIC_DISPATCH(lay_out)
      (field, poses()[index], laid_out.data(), laid_out.data() + plane);
      round_to_int8(laid_out, values);
      for (const std::size_t start : {std::size_t{0}, plane}) {
        const auto part = values.subspan(start, plane);
        std::reverse_copy(part.begin(), part.end(),
                          values_.begin() + static_cast<std::ptrdiff_t>(opposite * both + start));
      }
      norms_[index] = norms_[opposite] = norm_of(values);
    }
  }
}

DenseTemplates::Candidate DenseTemplates::candidate_of(std::span<const std::int8_t> bytes) {
  return {bytes,
          {bytes.begin(), bytes.end()},
          std::accumulate(bytes.begin(), bytes.end(), std::int32_t{0}),
          norm_of(bytes)};
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
      from, side_, candidate, static_cast<std::size_t>(at.columns),
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
  const DenseTemplates::Candidate quarter = DenseTemplates::candidate_of(candidate.quarter);
  std::vector<DenseStart> tried;
  tried.reserve(starts.size());
  for (const DenseStart& start : starts) {
    tried.push_back(quarter_.best_shift(quarter, start, 0, 0));
  }
  return best_of(std::move(tried), kScreenedStarts);
}

float DenseLocalSearch::align_one(const DensePyramid& candidate,
                                  std::span<const DenseStart> starts) const {
  const DenseTemplates::Candidate quarter = DenseTemplates::candidate_of(candidate.quarter);
  std::vector<DenseStart> tried;
  for (const DenseStart& start : starts) tried.push_back(quarter_.best_neighbour(quarter, start));
  const DenseTemplates::Candidate half = DenseTemplates::candidate_of(candidate.half);
  float best = 0;
  for (const DenseStart& start : best_of(std::move(tried), kAlignedStarts)) {
    best = std::max(best, half_.best_neighbour(half, start).score);
  }
  return best;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
