// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <random>

namespace pressmark::test {
namespace {

struct Blob {
  double x, y, radius, stretch, cosine, sine;
  double colour[3];
};

// Not std::uniform_real_distribution: its values differ between standard libraries.
double uniform(std::mt19937_64& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
}

std::size_t index_of(const Picture& picture, int x, int y) {
  return (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
          static_cast<std::size_t>(x)) *
         static_cast<std::size_t>(picture.channels);
}

Picture blank(int width, int height, int channels) {
  Picture picture{width, height, channels, {}};
  picture.pixels.resize(index_of(picture, 0, height));
  return picture;
}

}  // namespace

Picture test_picture(int width, int height, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Blob> blobs(60);
  const double side = std::min(width, height);
  for (Blob& blob : blobs) {
    blob.x = uniform(random, 0, width);
    blob.y = uniform(random, 0, height);
    blob.radius = side * std::exp(uniform(random, std::log(0.01), std::log(0.15)));
    blob.stretch = uniform(random, 1, 3);
    const double angle = uniform(random, 0, 3.14159265);
    blob.cosine = std::cos(angle);
    blob.sine = std::sin(angle);
    for (double& value : blob.colour) value = uniform(random, -90, 90);
  }
  Picture picture = blank(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      // Blue grows to the right, green downwards: no orientation maps this onto itself.
      double colour[3] = {60 + 120.0 * x / width, 70 + 100.0 * y / height, 128};
      for (const Blob& blob : blobs) {
        const double dx = x - blob.x, dy = y - blob.y;
        if (dx * dx + dy * dy > 2.26 * blob.radius * blob.radius) continue;
        const double u = (blob.cosine * dx + blob.sine * dy) / blob.radius;
        const double v = (blob.cosine * dy - blob.sine * dx) / blob.radius * blob.stretch;
        const double distance = u * u + v * v;
        if (distance > 2.25) continue;
        const double weight = 1 / (1 + std::exp(8 * (distance - 1)));
        for (int c = 0; c < 3; ++c) colour[c] += weight * blob.colour[c];
      }
      for (std::size_t c = 0; c < 3; ++c) {
        picture.pixels[index_of(picture, x, y) + c] =
            static_cast<std::uint8_t>(std::lround(std::clamp(colour[c], 0.0, 255.0)));
      }
    }
  }
  return picture;
}

Picture grey_of(const Picture& picture) {
  Picture grey = blank(picture.width, picture.height, 1);
  for (std::size_t i = 0; i < grey.pixels.size(); ++i) {
    const std::uint8_t* bgr = &picture.pixels[3 * i];
    grey.pixels[i] =
        static_cast<std::uint8_t>((114 * bgr[0] + 587 * bgr[1] + 299 * bgr[2] + 500) / 1000);
  }
  return grey;
}

Picture stored_for(const Picture& upright, int orientation) {
  const bool swapped = orientation >= 5;
  Picture stored = blank(swapped ? upright.height : upright.width,
                         swapped ? upright.width : upright.height, upright.channels);
  for (int row = 0; row < stored.height; ++row) {
    for (int column = 0; column < stored.width; ++column) {
      // EXIF 2.3: row 0 and column 0 of the stored picture lie at the stated upright sides.
      int x = column, y = row;
      const int right = upright.width - 1, bottom = upright.height - 1;
      switch (orientation) {
        case 2:  // row 0 top, column 0 right
          x = right - column;
          break;
        case 3:  // bottom, right
          x = right - column;
          y = bottom - row;
          break;
        case 4:  // bottom, left
          y = bottom - row;
          break;
        case 5:  // left, top
          x = row;
          y = column;
          break;
        case 6:  // right, top
          x = right - row;
          y = column;
          break;
        case 7:  // right, bottom
          x = right - row;
          y = bottom - column;
          break;
        case 8:  // left, bottom
          x = row;
          y = bottom - column;
          break;
        default:
          break;
      }
      std::copy_n(&upright.pixels[index_of(upright, x, y)], upright.channels,
                  &stored.pixels[index_of(stored, column, row)]);
    }
  }
  return stored;
}

Picture cut(const Picture& picture, int x, int y, int width, int height) {
  Picture part = blank(width, height, picture.channels);
  for (int row = 0; row < height; ++row) {
    std::copy_n(&picture.pixels[index_of(picture, x, y + row)], width * picture.channels,
                &part.pixels[index_of(part, 0, row)]);
  }
  return part;
}

double difference(const Picture& a, const Picture& b) {
  if (a.width != b.width || a.height != b.height || a.channels != b.channels ||
      a.pixels.size() != b.pixels.size()) {
    return 255;
  }
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(std::max<std::size_t>(a.pixels.size(), 1));
}

}  // namespace pressmark::test
