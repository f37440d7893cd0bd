// SPDX-License-Identifier: Apache-2.0
//
// Detail code of a photo: one bit for every 2 x 2 pixels, the sign of its fine detail. Where a
// registration lays two codes over each other, photos of one mould agree in most patches (or, lit
// from opposite sides, disagree); photos of two moulds of one design do so only along its edges.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

// Bit = [mean over 2 x 2 px of (G(1.5 px) - G(3 px)) * image > 0]; row by row, low bits first. 8 KB
// for 512 x 512 px.
void detail_code(const GreyImage& image, std::vector<std::uint8_t>& bits);

// Patches of 21 x 21 bits, every 16 bits on the candidate; those that the query does not show whole
// are left out.
DetailAgreement compare_details(const DetailView& query, const DetailView& candidate,
                                const std::array<double, 9>& hit_from_query);

}  // namespace pressmark::kernels::cpu
