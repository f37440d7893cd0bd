// SPDX-License-Identifier: Apache-2.0
//
// Integers throughout: all instruction sets give the same products, and so does the CUDA backend.
#include "kernels/cpu/dense_correlation.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/dense_correlation.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/shift_transform-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using namespace dense_search;
static_assert(kSignals == kPositions);

// An element: real parts, imaginary parts. One more than a column needs, so that a row does not
// fall into few sets of the cache.
constexpr std::ptrdiff_t kElement = 2 * kSignals;
constexpr std::ptrdiff_t kColumnStep = (kPeriod + 1) * kElement;

constexpr int kFirst = kMiddle - kReach, kLast = kMiddle + kReach;  // within reach

// To columns kFirst .. kLast, which remain spectra along y.
template <class Word>
HWY_INLINE void correlate_rows(const std::int16_t* query, const Word* candidate,
                               std::int16_t* plane) {
  const SignalTag tag;
  const hn::Repartition<Word, SignalTag> words;
  for (std::ptrdiff_t ky = 0; ky < kPeriod; ++ky) {
    const std::int16_t* q = query + ky * kPeriod * kElement;
    const Word* d = candidate + ky * kPeriod * 2;
    const Word* mirrored = candidate + (kPeriod - ky) % kPeriod * kPeriod * 2;
    std::int16_t* to = plane + ky * kElement;
    for (std::size_t lane = 0; lane < kSignals; lane += hn::Lanes(tag)) {
      transform_shifts<kFirst, kLast>(
          [&](std::ptrdiff_t kx) HWY_ATTR {
            const auto times = [&](Signals a, const Word* word) HWY_ATTR {
              return hn::MulFixedPoint15(a, hn::BitCast(tag, hn::Set(words, *word)));
            };
            const auto real = hn::Load(tag, q + kx * kElement + lane);
            const auto imaginary = hn::Load(tag, q + kx * kElement + kSignals + lane);
            const Word* at = d + kx * 2;
            const Word* opposite = mirrored + (kPeriod - kx) % kPeriod * 2;
            return ComplexSignals{hn::Add(times(real, at), times(imaginary, at + 1)),
                                  hn::Add(times(real, opposite), times(imaginary, opposite + 1))};
          },
          [&](std::ptrdiff_t x, const ComplexSignals& value) HWY_ATTR {
            std::int16_t* element = to + (x - kFirst) * kColumnStep + lane;
            hn::Store(value.re, tag, element);
            hn::Store(value.im, tag, element + kSignals);
          });
    }
  }
}

void correlate_rows_of_two(const std::int16_t* query, const std::uint32_t* candidates,
                           std::int16_t* plane) {
  correlate_rows(query, candidates, plane);
}

void correlate_rows_of_four(const std::int16_t* query, const std::uint64_t* candidates,
                            std::int16_t* plane) {
  correlate_rows(query, candidates, plane);
}

HWY_INLINE ComplexSignals load(const std::int16_t* element) {
  const SignalTag tag;
  return {hn::Load(tag, element), hn::Load(tag, element + kSignals)};
}

void largest_of_columns(const std::int16_t* plane, std::int16_t* largest) {
  const SignalTag tag;
  for (std::size_t lane = 0; lane < kSignals; lane += hn::Lanes(tag)) {
    auto best = hn::Zero(tag), turned_best = hn::Zero(tag);
    for (std::ptrdiff_t x = 0; x <= kLast - kFirst; ++x) {
      const std::int16_t* column = plane + x * kColumnStep + lane;
      transform_shifts<kFirst, kLast>([&](std::ptrdiff_t ky)
                                          HWY_ATTR { return load(column + ky * kElement); },
                                      [&](std::ptrdiff_t, const ComplexSignals& value) HWY_ATTR {
                                        best = hn::Max(best, value.re);
                                        turned_best = hn::Max(turned_best, value.im);
                                      });
    }
    hn::StoreU(best, tag, largest + lane);
    hn::StoreU(turned_best, tag, largest + kSignals + lane);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(correlate_rows_of_two);
HWY_EXPORT(correlate_rows_of_four);
HWY_EXPORT(largest_of_columns);

using namespace dense_search;

constexpr std::size_t kElement = 2 * kPositions;
constexpr std::size_t kColumns = 2 * kReach + 1;
constexpr std::size_t kColumn = (kPeriod + 1) * kElement;  // see kColumnStep

}  // namespace

DenseCorrelator::DenseCorrelator() : plane_(kColumns * kColumn) {}

LargestProducts DenseCorrelator::largest(const std::int16_t* query,
                                         const std::uint32_t* two_candidates) {
  HWY_DYNAMIC_DISPATCH(correlate_rows_of_two)(query, two_candidates, plane_.data());
  LargestProducts largest;
  HWY_DYNAMIC_DISPATCH(largest_of_columns)(plane_.data(), largest.data());
  return largest;
}

LargestProducts DenseCorrelator::largest(const std::int16_t* query,
                                         const std::uint64_t* four_candidates) {
  HWY_DYNAMIC_DISPATCH(correlate_rows_of_four)(query, four_candidates, plane_.data());
  LargestProducts largest;
  HWY_DYNAMIC_DISPATCH(largest_of_columns)(plane_.data(), largest.data());
  return largest;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
