// SPDX-License-Identifier: Apache-2.0
//
// What makes a detail code, and how two are laid over each other (kernels/cpu/detail_code.hpp).
#pragma once

#include <array>
#include <cmath>
#include <vector>

namespace pressmark::kernels {

inline constexpr double kFineDetail_px = 1.5, kCoarseDetail_px = 3.0;

inline constexpr int kDetailRadius = 10;   // of a patch, bits
inline constexpr int kDetailSpacing = 16;  // of patches, bits
inline constexpr int kDetailShift = 1;     // what registration leaves, bits

// Of a Gaussian cut at kDetailCut sigmas, its middle first.
inline constexpr double kDetailCut = 4;
constexpr int detail_tap_radius(double sigma_px) {
  return static_cast<int>(kDetailCut * sigma_px);
}
inline std::vector<float> detail_taps(double sigma_px) {
  std::vector<double> values;
  double sum = 0;
  for (int i = 0; i <= detail_tap_radius(sigma_px); ++i) {
    values.push_back(std::exp(-0.5 * i * i / (sigma_px * sigma_px)));
    sum += i == 0 ? values.back() : 2 * values.back();
  }
  std::vector<float> taps;
  for (const double value : values) taps.push_back(static_cast<float>(value / sum));
  return taps;
}

// Where the bits of a hit lie in the query.
struct DetailOverlay {
  int query_width, query_height;  // bits
  // The adjugate of hit_from_query, which is the inverse up to a factor that a homography does not
  // have; and the sign of w in front of the camera, taken at the middle of the hit.
  double back[9];
  double side;

  DetailOverlay(int query_width_bits, int query_height_bits, int hit_width_bits,
                int hit_height_bits, const std::array<double, 9>& m)
      : query_width(query_width_bits),
        query_height(query_height_bits),
        back{m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
             m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
             m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]},
        side(back[6] * hit_width_bits + back[7] * hit_height_bits + back[8] < 0 ? -1 : 1) {}

  // Which bit of the query lies under bit (x, y) of the hit; -1: none.
  constexpr int query_bit(int x, int y) const {
    // Bit (x, y) covers the pixels 2x, 2x + 1: its centre lies half a pixel on.
    const double px = 2 * x + 0.5, py = 2 * y + 0.5;
    const double w = side * (back[6] * px + back[7] * py + back[8]);
    if (!(w > 1e-12)) return -1;
    const double u = (side * (back[0] * px + back[1] * py + back[2]) / w - 0.5) / 2;
    const double v = (side * (back[3] * px + back[4] * py + back[5]) / w - 0.5) / 2;
    if (!(u > -0.5 && v > -0.5 && u < query_width - 0.5 && v < query_height - 0.5)) return -1;
    return nearest(v) * query_width + nearest(u);
  }

 private:
  // std::lround of what is above -1/2.
  static constexpr int nearest(double value) {
    const int whole = static_cast<int>(value);
    return value - whole >= 0.5 ? whole + 1 : whole;
  }
};

}  // namespace pressmark::kernels
