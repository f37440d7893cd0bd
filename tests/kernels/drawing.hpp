// SPDX-License-Identifier: Apache-2.0
//
// Pictures whose dense codes are known again.
#pragma once

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "kernels/cpu/dense.hpp"
#include "relief.hpp"

namespace pressmark::kernels::cpu {

// A picture of strokes and blobs, drawn at any similarity: anti-aliased by its own smoothness.
class Drawing {
 public:
  explicit Drawing(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < 14; ++i) {
      strokes_.push_back({uniform(random, -0.25, 0.25), uniform(random, -0.25, 0.25),
                          uniform(random, 0, std::numbers::pi), uniform(random, 0.05, 0.2)});
    }
  }

  // A point x of the drawing is at scale * R(rotation) x + shift; sides of the image, from its
  // centre.
  GreyImage at(double rotation, double scale, double shift_x, double shift_y, bool inverted = false,
               int side = 256) const {
    GreyImage image{side, side, {}};
    const double c = std::cos(rotation) / scale, s = std::sin(rotation) / scale;
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        const double px = (x + 0.5) / side - 0.5 - shift_x, py = (y + 0.5) / side - 0.5 - shift_y;
        const double value = ink(c * px + s * py, -s * px + c * py);
        image.pixels.push_back(static_cast<std::uint8_t>(
            std::lround(inverted ? 60 + 120 * value : 180 - 120 * value)));
      }
    }
    return image;
  }

 private:
  struct Stroke {
    double x, y, angle, length;
  };

  double ink(double x, double y) const {
    double most = 0;
    for (const Stroke& stroke : strokes_) {
      const double dx = x - stroke.x, dy = y - stroke.y;
      const double along = std::abs(std::cos(stroke.angle) * dx + std::sin(stroke.angle) * dy);
      const double across = -std::sin(stroke.angle) * dx + std::cos(stroke.angle) * dy;
      const double beyond = std::max(0.0, along - stroke.length / 2);
      most = std::max(most, std::exp(-(across * across + beyond * beyond) / (2 * 0.01 * 0.01)));
    }
    return most;
  }

  std::vector<Stroke> strokes_;
};

inline DenseCode code_of(const GreyImage& image) {
  DenseCode code;
  dense_code(image, {}, code);
  return code;
}

}  // namespace pressmark::kernels::cpu
