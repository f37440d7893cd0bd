// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/absolute_median.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/absolute_median.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/unmasked-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// bins[i]: of |values[i]|, `last` at most; last + 1 where masked.
void bins_of(const float* values, const std::uint8_t* mask, int count, float scale, int last,
             std::int32_t* bins) {
  const hn::CappedTag<float, 8> tag;
  const hn::RebindToSigned<decltype(tag)> wide;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  const auto limit = hn::Set(tag, static_cast<float>(last)), factor = hn::Set(tag, scale);
  const auto none = hn::Set(wide, last + 1);
  for (int i = 0; i < count; i += lanes) {
    const auto bin = hn::Min(hn::Mul(hn::Abs(hn::LoadU(tag, values + i)), factor), limit);
    const auto keep = unmasked(wide, mask + i);
    hn::StoreU(hn::IfThenElse(keep, hn::ConvertTo(wide, bin), none), wide, bins + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {

namespace {
HWY_EXPORT(bins_of);
}

void AbsoluteMedian::add(const float* values, const std::uint8_t* mask, int count) {
  bins_.resize(static_cast<std::size_t>(count) + 8);
  HWY_DYNAMIC_DISPATCH(bins_of)
  (values, mask, count, scale_, static_cast<int>(kBins) - 1, bins_.data());
  for (int i = 0; i < count; ++i) {
    ++counts_[static_cast<std::size_t>(bins_[static_cast<std::size_t>(i)])];
  }
}

float AbsoluteMedian::median() const {
  std::uint64_t total = 0, below = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) total += counts_[bin];
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    below += counts_[bin];
    if (2 * below >= total) return (static_cast<float>(bin) + 0.5f) / std::max(scale_, 1e-20f);
  }
  return 0;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
