// SPDX-License-Identifier: Apache-2.0
//
// Exact inner products in float, the same bits on every instruction set: 16 sums, of every 16th
// product, are added up in a fixed order, without fused multiply-add.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pressmark::index {

float inner_product(std::span<const float> a, const float* b);

// products[i] of the query and row first + i. vectors: row-major, from row 0 on.
void row_products(std::span<const float> query, const float* vectors, std::size_t first,
                  std::span<float> products);

// products[i] of the query and row rows[i].
void listed_products(std::span<const float> query, const float* vectors,
                     std::span<const std::uint32_t> rows, std::span<float> products);

}  // namespace pressmark::index
