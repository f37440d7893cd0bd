// SPDX-License-Identifier: Apache-2.0
//
// Dot products of int8 codes with int8 codes, of their even and odd parts apart. To be included in
// files that Highway compiles once for each instruction set.
//
// One side is packed in groups of 8 codes: for each pair of dimensions, 8 x 2 values of 16 bits.
// The other side is widened to 16 bits. A vector of packed values is loaded once for kRows codes
// and a pair of a row's values once for kVectors vectors. Sums are of 32-bit integers: exact, and
// equal on all instruction sets.
#if defined(PRESSMARK_KERNELS_CPU_CODE_PRODUCTS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PRESSMARK_KERNELS_CPU_CODE_PRODUCTS_INL
#undef PRESSMARK_KERNELS_CPU_CODE_PRODUCTS_INL
#else
#define PRESSMARK_KERNELS_CPU_CODE_PRODUCTS_INL
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pressmark/types.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {

constexpr int kCodeGroup = 8;
constexpr int kCodePairs = kLocalCodeSize / 2;

using ProductTag = hwy::HWY_NAMESPACE::CappedTag<std::int32_t, 2 * kCodeGroup>;
using Products = hwy::HWY_NAMESPACE::Vec<ProductTag>;

// sums[row * kVectors + vector] += products over the pairs [first, last). `packed` points to the
// first of kVectors vectors of consecutive codes.
template <int kVectors, int kRows>
HWY_INLINE void add_code_products(const std::int16_t* packed, const std::int16_t* rows, int first,
                                  int last, Products (&sums)[kVectors * kRows]) {
  namespace hn = hwy::HWY_NAMESPACE;
  const ProductTag tag;
  const hn::RepartitionToNarrow<ProductTag> narrow;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(ProductTag()));
  auto unused = hn::Zero(tag);
  for (int d = first; d < last; ++d) {
    hn::Vec<decltype(narrow)> columns[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      const int code = v * kLanes;
      const std::int16_t* group = packed + code / kCodeGroup * kCodeGroup * kLocalCodeSize;
      const std::int16_t* from = group + d * 2 * kCodeGroup + 2 * (code % kCodeGroup);
      if constexpr (kLanes > kCodeGroup) {
        const hn::Half<decltype(narrow)> half;
        columns[v] = hn::Combine(narrow, hn::LoadU(half, from + kCodeGroup * kLocalCodeSize),
                                 hn::LoadU(half, from));
      } else {
        columns[v] = hn::LoadU(narrow, from);
      }
    }
    for (int r = 0; r < kRows; ++r) {
      std::int32_t pair;
      std::memcpy(&pair, rows + r * kLocalCodeSize + 2 * d, sizeof(pair));
      const auto row = hn::BitCast(narrow, hn::Set(tag, pair));
      for (int v = 0; v < kVectors; ++v) {
        auto& sum = sums[r * kVectors + v];
        sum = hn::ReorderWidenMulAccumulate(tag, row, columns[v], sum, unused);
      }
    }
  }
}

// Calls take(row, vector, even, odd) with the products of both parts of the codes.
template <int kVectors, int kRows, typename Take>
HWY_INLINE void code_products(const std::int16_t* packed, const std::int16_t* rows, int even_pairs,
                              const Take& take) {
  const ProductTag tag;
  Products even[kVectors * kRows], odd[kVectors * kRows];
  for (auto& sum : even) sum = hwy::HWY_NAMESPACE::Zero(tag);
  add_code_products<kVectors, kRows>(packed, rows, 0, even_pairs, even);
  for (auto& sum : odd) sum = hwy::HWY_NAMESPACE::Zero(tag);
  add_code_products<kVectors, kRows>(packed, rows, even_pairs, kCodePairs, odd);
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) take(r, v, even[r * kVectors + v], odd[r * kVectors + v]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif  // PRESSMARK_KERNELS_CPU_CODE_PRODUCTS_INL
