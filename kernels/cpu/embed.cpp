// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/stages.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/embed.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// sums[o] = sum over d, in order, of (descriptor[d] - mean[d]) * transposed[d * kLocalCodeSize +
// o].
void project(const float* descriptor, const float* mean, const float* transposed, float* sums) {
  const hn::CappedTag<float, 16> tag;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(hn::CappedTag<float, 16>()));
  constexpr int kTogether = 4 * std::max(kLanes, 8), kVectors = kTogether / kLanes;
  for (int o = 0; o < kLocalCodeSize; o += kTogether) {
    hn::Vec<decltype(tag)> sum[kVectors];
    for (auto& part : sum) part = hn::Zero(tag);
    for (int d = 0; d < kDescriptorSize; ++d) {
      const auto value = hn::Set(tag, descriptor[d] - mean[d]);
      const float* row = transposed + d * kLocalCodeSize + o;
      for (int v = 0; v < kVectors; ++v) {
        sum[v] = hn::Add(sum[v], hn::Mul(value, hn::LoadU(tag, row + v * kLanes)));
      }
    }
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[v], tag, sums + o + v * kLanes);
  }
}

// Scaled, rounded to even, at most 127 in size.
void round_code(const float* sums, float scale, std::int8_t* code) {
  const hn::CappedTag<float, 8> tag;
  const hn::RebindToSigned<decltype(tag)> wide;
  const hn::Rebind<std::int8_t, decltype(tag)> narrow;
  const auto limit = hn::Set(wide, 127);
  for (int o = 0; o < kLocalCodeSize; o += static_cast<int>(hn::Lanes(tag))) {
    const auto value = hn::NearestInt(hn::Mul(hn::LoadU(tag, sums + o), hn::Set(tag, scale)));
    hn::StoreU(hn::DemoteTo(narrow, hn::Min(hn::Max(value, hn::Neg(limit)), limit)), narrow,
               code + o);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(project);
HWY_EXPORT(round_code);

}  // namespace

void embed(const LocalFeatures& features, const Whitening& whitening,
           std::vector<std::int8_t>& output) {
  assert(whitening.mean.size() == kDescriptorSize);
  assert(whitening.projection.size() == std::size_t{kLocalCodeSize} * kDescriptorSize);
  // Transposed, so that the inner loop runs over outputs: every output sums in order of d, which
  // any backend can repeat exactly, and the loop is a vector operation.
  std::array<float, std::size_t{kDescriptorSize} * kLocalCodeSize> transposed;
  for (int o = 0; o < kLocalCodeSize; ++o) {
    for (int d = 0; d < kDescriptorSize; ++d) {
      transposed[static_cast<std::size_t>(d * kLocalCodeSize + o)] =
          whitening.projection[static_cast<std::size_t>(o * kDescriptorSize + d)];
    }
  }
  const std::size_t count = features.keypoints.size();
  output.resize(count * kLocalCodeSize);
  for (std::size_t i = 0; i < count; ++i) {
    const float* descriptor = &features.descriptors[i * kDescriptorSize];
    std::array<float, kLocalCodeSize> sum;
    HWY_DYNAMIC_DISPATCH(project)
    (descriptor, whitening.mean.data(), transposed.data(), sum.data());
    float squared = 0;
    for (float value : sum) squared += value * value;
    const float scale = squared > 0 ? 127.0f / std::sqrt(squared) : 0.0f;
    HWY_DYNAMIC_DISPATCH(round_code)(sum.data(), scale, &output[i * kLocalCodeSize]);
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
