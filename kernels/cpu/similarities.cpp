// SPDX-License-Identifier: Apache-2.0
//
// Dot products of one int8 code with each of a list, which is read once: 64 bytes per code. Sums of
// 32-bit integers: exact, and equal on all instruction sets.
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/stages.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/similarities.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void dot_products(const std::int8_t* code, const std::int8_t* codes, std::size_t count,
                  std::int32_t* outputs) {
  const hn::CappedTag<std::int16_t, 16> wide;
  const hn::Rebind<std::int8_t, decltype(wide)> narrow;
  const hn::RepartitionToWide<decltype(wide)> sums;
  const std::size_t lanes = hn::Lanes(wide), parts = kLocalCodeSize / lanes;
  HWY_ALIGN std::int16_t query[kLocalCodeSize];
  for (std::size_t p = 0; p < parts; ++p) {
    hn::Store(hn::PromoteTo(wide, hn::LoadU(narrow, code + p * lanes)), wide, query + p * lanes);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::int8_t* row = codes + i * kLocalCodeSize;
    auto sum = hn::Zero(sums), other = sum;
    for (std::size_t p = 0; p < parts; ++p) {
      sum = hn::ReorderWidenMulAccumulate(sums, hn::Load(wide, query + p * lanes),
                                          hn::PromoteTo(wide, hn::LoadU(narrow, row + p * lanes)),
                                          sum, other);
    }
    outputs[i] = hn::GetLane(hn::SumOfLanes(sums, hn::Add(sum, other)));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {

HWY_EXPORT(dot_products);

void similarities(std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                  std::span<std::int32_t> outputs) {
  assert(code.size() == kLocalCodeSize);
  assert(codes.size() == outputs.size() * kLocalCodeSize);
  HWY_DYNAMIC_DISPATCH(dot_products)(code.data(), codes.data(), outputs.size(), outputs.data());
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
