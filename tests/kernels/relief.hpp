// SPDX-License-Identifier: Apache-2.0
//
// Synthetic reliefs under one distant light, for tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "conformance.hpp"

namespace pressmark::kernels {

// Random bumps of a few pixels over the whole height field and a few long strokes; smooth.
class Relief {
 public:
  Relief(int width, int height, std::uint64_t seed, int strokes = 5)
      : width_(width), height_(height), heights_(static_cast<std::size_t>(width * height)) {
    std::mt19937_64 random(seed);
    const int bumps = width * height / 24;
    for (int i = 0; i < bumps; ++i) {
      add_bump(uniform(random, 0, width), uniform(random, 0, height), uniform(random, 1.2, 2.5),
               uniform(random, -1, 1));
    }
    for (int i = 0; i < strokes; ++i) {
      double x = uniform(random, 0.2, 0.8) * width, y = uniform(random, 0.2, 0.8) * height;
      double turn = uniform(random, 0, 6.28);
      const double bend = uniform(random, -0.04, 0.04);
      for (int step = 0; step < width / 2; ++step) {
        x += std::cos(turn);
        y += std::sin(turn);
        turn += bend;
        add_bump(x, y, 2.5, -0.9);
      }
    }
  }

  // 128 + contrast times the derivative along the azimuth.
  GreyImage lit(double azimuth_rad, double contrast = 30) const {
    GreyImage image{width_, height_, {}};
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        const double slope = std::cos(azimuth_rad) * (at(x + 1, y) - at(x - 1, y)) / 2 +
                             std::sin(azimuth_rad) * (at(x, y + 1) - at(x, y - 1)) / 2;
        image.pixels.push_back(
            static_cast<std::uint8_t>(std::clamp(std::lround(128 + contrast * slope), 0l, 255l)));
      }
    }
    return image;
  }

 private:
  double at(int x, int y) const {
    return heights_[static_cast<std::size_t>(std::clamp(y, 0, height_ - 1) * width_ +
                                             std::clamp(x, 0, width_ - 1))];
  }

  void add_bump(double cx, double cy, double sigma, double tall) {
    const int reach = static_cast<int>(3 * sigma) + 1;
    const int left = static_cast<int>(cx), top = static_cast<int>(cy);
    for (int y = std::max(0, top - reach); y < std::min(height_, top + reach + 1); ++y) {
      for (int x = std::max(0, left - reach); x < std::min(width_, left + reach + 1); ++x) {
        heights_[static_cast<std::size_t>(y * width_ + x)] +=
            tall * std::exp(-((x - cx) * (x - cx) + (y - cy) * (y - cy)) / (2 * sigma * sigma));
      }
    }
  }

  int width_, height_;
  std::vector<double> heights_;
};

// Correlation of two images of one size, border left out.
inline double correlation(const GreyImage& a, const GreyImage& b, int border_px) {
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (int y = border_px; y < a.height - border_px; ++y) {
    for (int x = border_px; x < a.width - border_px; ++x) {
      const auto i = static_cast<std::size_t>(y * a.width + x);
      const double va = a.pixels[i], vb = b.pixels[i];
      n += 1, sa += va, sb += vb, saa += va * va, sbb += vb * vb, sab += va * vb;
    }
  }
  return (n * sab - sa * sb) / std::sqrt((n * saa - sa * sa) * (n * sbb - sb * sb));
}

}  // namespace pressmark::kernels
