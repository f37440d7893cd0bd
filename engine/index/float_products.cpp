// SPDX-License-Identifier: Apache-2.0
#include "engine/index/float_products.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/index/float_products.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::index {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kPartialSums = 16;
using FloatTag = hn::CappedTag<float, kPartialSums>;
constexpr std::size_t kLanes = hn::MaxLanes(FloatTag());
constexpr std::size_t kVectors = kPartialSums / kLanes;

HWY_INLINE float product(const float* a, const float* b, std::size_t size) {
  const FloatTag tag;
  hn::Vec<FloatTag> sums[kVectors];
  for (auto& sum : sums) sum = hn::Zero(tag);
  std::size_t i = 0;
  for (; i + kPartialSums <= size; i += kPartialSums) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = i + v * kLanes;
      sums[v] = hn::Add(sums[v], hn::Mul(hn::LoadU(tag, a + at), hn::LoadU(tag, b + at)));
    }
  }
  HWY_ALIGN float lanes[kPartialSums];
  for (std::size_t v = 0; v < kVectors; ++v) hn::Store(sums[v], tag, lanes + v * kLanes);
  for (std::size_t lane = 0; i + lane < size; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
  for (std::size_t half = kPartialSums / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

float one_product(const float* a, const float* b, std::size_t size) {
  return product(a, b, size);
}

void products_of_rows(const float* query, std::size_t size, const float* rows, std::size_t count,
                      float* products) {
  for (std::size_t i = 0; i < count; ++i) products[i] = product(query, rows + i * size, size);
}

// Rows that lie anywhere come late from memory: they are asked for ahead of time.
void products_of_listed(const float* query, std::size_t size, const float* vectors,
                        const std::uint32_t* rows, std::size_t count, float* products) {
  constexpr std::size_t kAhead = 4, kLine = 64 / sizeof(float);
  const auto ask_for = [&](std::size_t i) HWY_ATTR {
    const float* row = vectors + rows[i] * size;
    for (std::size_t d = 0; d < size; d += kLine) hwy::Prefetch(row + d);
  };
  for (std::size_t i = 0; i < std::min(kAhead, count); ++i) ask_for(i);
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) ask_for(i + kAhead);
    products[i] = product(query, vectors + rows[i] * size, size);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::index
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::index {
namespace {

HWY_EXPORT(one_product);
HWY_EXPORT(products_of_rows);
HWY_EXPORT(products_of_listed);

}  // namespace

float inner_product(std::span<const float> a, const float* b) {
  return HWY_DYNAMIC_DISPATCH(one_product)(a.data(), b, a.size());
}

void row_products(std::span<const float> query, const float* vectors, std::size_t first,
                  std::span<float> products) {
  HWY_DYNAMIC_DISPATCH(products_of_rows)
  (query.data(), query.size(), vectors + first * query.size(), products.size(), products.data());
}

void listed_products(std::span<const float> query, const float* vectors,
                     std::span<const std::uint32_t> rows, std::span<float> products) {
  HWY_DYNAMIC_DISPATCH(products_of_listed)
  (query.data(), query.size(), vectors, rows.data(), rows.size(), products.data());
}

}  // namespace pressmark::index
#endif  // HWY_ONCE
