// SPDX-License-Identifier: Apache-2.0
//
// There is no fused multiplication and addition: all instruction sets give the same cells, and so
// does the CUDA backend (kernels/cuda/dense_field.hpp).
#include "kernels/cpu/dense_sampling.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/dense_sampling.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/field_samples-inl.hpp"

#ifndef PRESSMARK_KERNELS_CPU_DENSE_SAMPLING
#define PRESSMARK_KERNELS_CPU_DENSE_SAMPLING
namespace pressmark::kernels::cpu {

constexpr int kSampledSide = dense_search::kSide;
constexpr int kPitch = kSampledSide + 2;  // of a row with its border
constexpr std::ptrdiff_t kPartSize = std::ptrdiff_t{kPitch} * kPitch;

// Where the samples of a cell lie along one axis: between the cell of the bordered field and the
// one after it.
struct AxisSamples {
  std::array<int, kSampledSide> before;
  std::array<float, kSampledSide> weight;  // of the one after
};

}  // namespace pressmark::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = FieldTag;
using Lanes = FieldLanes;
static_assert(kSampledSide % 16 == 0);

HWY_INLINE Lanes between(Lanes before, Lanes after, Lanes rest, Lanes weight) {
  return hn::Add(hn::Mul(rest, before), hn::Mul(weight, after));
}

// Without a turn rows and columns are sampled apart, each cell between the same ones. columns: one
// part, bordered, column by column. to: row by row.
void shrink_part(const float* columns, const AxisSamples* samples, int count, float factor,
                 float* to) {
  const Tag tag;
  // Sums over the samples along x, column by column, then row by row.
  alignas(64) float sums[kSampledSide * kSampledSide];
  alignas(64) float rows[kPitch * kSampledSide];
  for (int x = 0; x < kSampledSide; ++x) {
    for (std::ptrdiff_t y = 0; y < kSampledSide; y += static_cast<std::ptrdiff_t>(hn::Lanes(tag))) {
      auto sum = hn::Zero(tag);
      for (int i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(x);
        const float weight = samples[i].weight[at];
        const float* column = columns + samples[i].before[at] * kPitch + 1 + y;
        sum = hn::Add(sum, between(hn::LoadU(tag, column), hn::LoadU(tag, column + kPitch),
                                   hn::Set(tag, 1 - weight), hn::Set(tag, weight)));
      }
      hn::Store(sum, tag, sums + x * kSampledSide + y);
    }
  }
  std::fill_n(rows, kSampledSide, 0.0f);
  std::fill_n(rows + (kPitch - 1) * kSampledSide, kSampledSide, 0.0f);
  for (int y = 0; y < kSampledSide; ++y) {
    for (int x = 0; x < kSampledSide; ++x) {
      rows[(y + 1) * kSampledSide + x] = sums[x * kSampledSide + y];
    }
  }
  for (int y = 0; y < kSampledSide; ++y) {
    for (std::ptrdiff_t x = 0; x < kSampledSide; x += static_cast<std::ptrdiff_t>(hn::Lanes(tag))) {
      auto sum = hn::Zero(tag);
      for (int i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(y);
        const float weight = samples[i].weight[at];
        const float* row = rows + samples[i].before[at] * kSampledSide + x;
        sum = hn::Add(sum, between(hn::Load(tag, row), hn::Load(tag, row + kSampledSide),
                                   hn::Set(tag, 1 - weight), hn::Set(tag, weight)));
      }
      hn::StoreU(hn::Mul(hn::Set(tag, factor), sum), tag, to + y * kSampledSide + x);
    }
  }
}

// rows: both parts, bordered.
void turn_field(const float* rows, const FieldTurn& at, float* cells) {
  const Tag tag;
  const auto centre = hn::Set(tag, at.centre), cosine = hn::Set(tag, at.cosine);
  const auto sine = hn::Set(tag, at.sine), first = hn::Set(tag, at.first);
  const auto pair_at = [&](int row, auto index) HWY_ATTR {
    const float* from = rows + row * kPitch;
    const auto values = [&](const float* real) HWY_ATTR {
      return FieldValues{hn::GatherIndex(tag, real, index),
                         hn::GatherIndex(tag, real + kPartSize, index)};
    };
    return FieldPair{values(from), values(from + 1)};
  };
  for (int y = 0; y < kSampledSide; ++y) {
    for (int x = 0; x < kSampledSide; x += static_cast<int>(hn::Lanes(tag))) {
      const auto column = hn::Add(hn::Iota(tag, static_cast<float>(x)), first);
      auto real = hn::Zero(tag), imaginary = hn::Zero(tag);
      for (int i = 0; i < at.samples * at.samples; ++i) {
        const float along_x = at.step * static_cast<float>(i % at.samples);
        const float along_y = at.step * static_cast<float>(i / at.samples);
        const auto px = hn::Add(column, hn::Set(tag, along_x));
        const auto py = hn::Set(tag, static_cast<float>(y) + at.first + along_y);
        const auto fx = hn::Add(hn::Add(centre, hn::Mul(cosine, px)), hn::Mul(sine, py));
        const auto fy = hn::Add(hn::Sub(centre, hn::Mul(sine, px)), hn::Mul(cosine, py));
        const auto covered = covers_places(kSampledSide, fx, fy);
        if (hn::AllFalse(tag, covered)) continue;
        const FieldValues value = bilinear_lanes(kPitch, fx, fy, covered, pair_at);
        real = hn::Add(real, value.real);
        imaginary = hn::Add(imaginary, value.imaginary);
      }
      const auto turn_real = hn::Set(tag, at.turn_real);
      const auto turn_imaginary = hn::Set(tag, at.turn_imaginary);
      float* to = cells + y * kSampledSide + x;
      hn::StoreU(hn::Sub(hn::Mul(turn_real, real), hn::Mul(turn_imaginary, imaginary)), tag, to);
      hn::StoreU(hn::Add(hn::Mul(turn_real, imaginary), hn::Mul(turn_imaginary, real)), tag,
                 to + kFieldCells);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(shrink_part);
HWY_EXPORT(turn_field);

AxisSamples axis_samples(const FieldTurn& at, int sample) {
  AxisSamples result;
  for (std::size_t i = 0; i < kSampledSide; ++i) {
    const float along = static_cast<float>(i) + at.first + at.step * static_cast<float>(sample);
    const float place = at.centre + at.cosine * along;
    // Outside: in the border.
    const bool reaches = place > -1 && place < static_cast<float>(kSampledSide);
    const float cell = reaches ? std::floor(place) : -1.0f;
    result.before[i] = static_cast<int>(cell) + 1;
    result.weight[i] = reaches ? place - cell : 0.0f;
  }
  return result;
}

}  // namespace

FieldSampler::FieldSampler() : rows_(2 * kPartSize), columns_(2 * kPartSize) {}

void FieldSampler::take(const DenseCode& code) {
  constexpr std::ptrdiff_t kCodeSide = kDenseSide;
  for (std::ptrdiff_t part = 0; part < 2; ++part) {
    const std::int8_t* values = code.values.data() + part * kCodeSide * kCodeSide;
    float *rows = rows_.data() + part * kPartSize, *columns = columns_.data() + part * kPartSize;
    for (std::ptrdiff_t y = 0; y < kSampledSide; ++y) {
      for (std::ptrdiff_t x = 0; x < kSampledSide; ++x) {
        const std::int8_t* above = values + 2 * y * kCodeSide + 2 * x;
        const std::int8_t* below = above + kCodeSide;
        const float mean = 0.25f * static_cast<float>(above[0] + above[1] + below[0] + below[1]);
        rows[(y + 1) * kPitch + x + 1] = mean;
        columns[(x + 1) * kPitch + y + 1] = mean;
      }
    }
  }
}

void FieldSampler::turn(float rotation_rad, float shrink, float* cells) {
  const FieldTurn at = field_turn(kSampledSide, rotation_rad, shrink);
  if (rotation_rad != 0) {
    HWY_DYNAMIC_DISPATCH(turn_field)(rows_.data(), at, cells);
    return;
  }
  if (shrink == 1) {
    for (std::ptrdiff_t row = 0; row < 2 * kSampledSide; ++row) {
      const float* from =
          rows_.data() + row / kSampledSide * kPartSize + (row % kSampledSide + 1) * kPitch + 1;
      std::copy_n(from, kSampledSide, cells + row * kSampledSide);
    }
    return;
  }
  std::array<AxisSamples, 2> samples;
  for (int i = 0; i < at.samples; ++i) {
    samples[static_cast<std::size_t>(i)] = axis_samples(at, i);
  }
  for (std::ptrdiff_t part = 0; part < 2; ++part) {
    HWY_DYNAMIC_DISPATCH(shrink_part)
    (columns_.data() + part * kPartSize, samples.data(), at.samples, at.turn_real,
     cells + part * static_cast<std::ptrdiff_t>(kFieldCells));
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
