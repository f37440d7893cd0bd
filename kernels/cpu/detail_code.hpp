// SPDX-License-Identifier: Apache-2.0
//
// Detail code of a photo: one bit for every 2 x 2 pixels, the sign of its fine detail. Two codes
// are compared where a registration lays them over each other, patch by patch: photos of one mould
// agree (or, lit from opposite sides, disagree) in most patches, photos of two moulds of one design
// only along its edges. All functions are deterministic and work on the calling thread alone.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

struct DetailCode {
  int width = 0, height = 0;        // half of the image's, rounded down
  std::vector<std::uint8_t> bits;   // ceil(width * height / 8); row by row, low bits first
  bool operator==(const DetailCode&) const = default;
};

// Bit = [mean over 2 x 2 px of (G(1.5 px) - G(3 px)) * image > 0]. 8 KB for 512 x 512 px.
void detail_code(const GreyImage& image, DetailCode& code);

struct DetailAgreement {
  int patches = 0;  // that both photos show whole
  // Of a patch of 21 x 21 bits, c = (agreeing - disagreeing) / all at the best of the 9 shifts by
  // one bit. Means over the patches; 0 without any. Chance gives a strength of about .15.
  double strength = 0;   // of |c|, [0, 1]
  double agreement = 0;  // of c, [-1, 1]
};

// hit_from_query: homography between the two images' pixels, row by row. Patches lie every 16 bits
// on the hit.
DetailAgreement compare_details(const DetailCode& query, const DetailCode& hit,
                                const std::array<double, 9>& hit_from_query);

}  // namespace pressmark::kernels::cpu
