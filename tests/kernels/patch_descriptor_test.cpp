// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/patch_descriptor.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "conformance.hpp"

namespace pressmark::kernels::cpu {
namespace {

constexpr auto kPi = std::numbers::pi_v<float>;
using Descriptor = std::array<float, kDescriptorSize>;

// Grey levels of a function of the place.
template <typename Level>
Plane plane_of(int width, int height, const Level& level) {
  Plane plane;
  plane.resize(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      plane.row(y)[x] = static_cast<float>(level(static_cast<double>(x), static_cast<double>(y)));
    }
  }
  return plane;
}

Plane waves(int width, int height) {
  return plane_of(width, height, [](double x, double y) {
    return 128 + 30 * std::sin(0.21 * x + 0.05 * y) + 25 * std::cos(0.11 * y - 0.17 * x + 1) +
           20 * std::sin(0.002 * x * y);
  });
}

Descriptor describe(const Plane& image, const Keypoint& keypoint, float step_px = 1) {
  Descriptor descriptor;
  descriptor.fill(9);
  describe_patch(image, step_px, keypoint, descriptor.data());
  return descriptor;
}

float& at(Descriptor& descriptor, int row, int column, int bin) {
  return descriptor[static_cast<std::size_t>((row * 4 + column) * 8 + bin)];
}

double distance(const Descriptor& a, const Descriptor& b) {
  double squared = 0;
  for (std::size_t d = 0; d < a.size(); ++d) squared += (a[d] - b[d]) * (a[d] - b[d]);
  return std::sqrt(squared);
}

// Cell c becomes cell 15 - c; bins are `turn` further.
Descriptor reversed(const Descriptor& from, std::size_t turn) {
  Descriptor result;
  for (std::size_t cell = 0; cell < 16; ++cell) {
    for (std::size_t bin = 0; bin < 8; ++bin) {
      result[(15 - cell) * 8 + (bin + turn) % 8] = from[cell * 8 + bin];
    }
  }
  return result;
}

constexpr Keypoint kCentre{100, 90, 8, 0.7f};

TEST(PatchDescriptorTest, AFrameTurnedByPiReversesCellsAndOppositeBins) {
  const Plane image = waves(200, 180);
  Keypoint turned = kCentre;
  turned.angle_rad += kPi;
  EXPECT_LT(distance(describe(image, turned), reversed(describe(image, kCentre), 4)), 1e-4);
}

TEST(PatchDescriptorTest, InvertedContrastInItsOwnFrameReversesCells) {
  const Plane image = waves(200, 180);
  Plane negative = image;
  for (float& value : negative.values) value = 255 - value;
  Keypoint turned = kCentre;
  turned.angle_rad += kPi;
  const Descriptor original = describe(image, kCentre);
  EXPECT_LT(distance(describe(negative, turned), reversed(original, 0)), 1e-4);
  EXPECT_GT(distance(describe(negative, turned), original), 0.2);
}

TEST(PatchDescriptorTest, ContrastAndBrightnessDoNotMatter) {
  const Plane image = waves(200, 180);
  Plane brighter = image;
  for (float& value : brighter.values) value = 40 + 0.5f * value;
  EXPECT_LT(distance(describe(brighter, kCentre), describe(image, kCentre)), 1e-4);
}

TEST(PatchDescriptorTest, ASlopeFillsItsBinInEveryCell) {
  for (int bin = 0; bin < 8; ++bin) {
    const double slope = 0.7 + bin * std::numbers::pi / 4;  // in the frame: bin * 45 degrees
    const Plane image = plane_of(200, 180, [&](double x, double y) {
      return 100 + std::cos(slope) * x + std::sin(slope) * y;
    });
    Descriptor descriptor = describe(image, kCentre);
    for (int cell = 0; cell < 16; ++cell) {
      for (int other = 0; other < 8; ++other) {
        if (other == bin) continue;
        EXPECT_GT(at(descriptor, cell / 4, cell % 4, bin),
                  2 * at(descriptor, cell / 4, cell % 4, other));
      }
    }
    // Gradients are weighted by nearness to the centre.
    EXPECT_GT(at(descriptor, 1, 1, bin), at(descriptor, 0, 0, bin));
  }
}

TEST(PatchDescriptorTest, CellsLieWhereTheFrameSays) {
  // One dot below right of the keypoint, in the frame of no rotation: rows down, columns right.
  const auto dot = [](double cx, double cy) {
    return plane_of(200, 200, [=](double x, double y) {
      return 100 + 80 * std::exp(-((x - cx) * (x - cx) + (y - cy) * (y - cy)) / 18);
    });
  };
  const float quarter = kPatchSupport * 8 / 4;  // side of a cell
  for (const auto& [row, column] : {std::pair{0, 0}, {0, 3}, {2, 1}, {3, 2}}) {
    const double u = (static_cast<double>(column) - 1.5) * static_cast<double>(quarter);
    const double v = (static_cast<double>(row) - 1.5) * static_cast<double>(quarter);
    for (float angle : {0.0f, 1.0f, kPi}) {
      const double c = std::cos(angle), s = std::sin(angle);
      const Plane image = dot(100 + c * u - s * v, 100 + s * u + c * v);
      Descriptor descriptor = describe(image, {100, 100, 8, angle});
      double inside = 0, total = 0;
      for (int cell = 0; cell < 16; ++cell) {
        for (int bin = 0; bin < 8; ++bin) {
          const double squared = std::pow(at(descriptor, cell / 4, cell % 4, bin), 2);
          total += squared;
          if (cell == row * 4 + column) inside += squared;
        }
      }
      EXPECT_GT(inside / total, 0.6) << row << ", " << column << " at " << angle;
    }
  }
}

TEST(PatchDescriptorTest, NothingOutsideThePatchHasAnInfluence) {
  Plane image = waves(200, 180);
  const Keypoint upright{100, 90, 8, 0};
  const Descriptor before = describe(image, upright);
  // The patch reaches half its support from the centre, and one sample of 3 px further.
  const float reach = kPatchSupport * 8 / 2 + 4;
  const auto paint_beyond = [&](float distance_px) {
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) {
        if (std::abs(static_cast<float>(x) - 100) > distance_px ||
            std::abs(static_cast<float>(y) - 90) > distance_px) {
          image.row(y)[x] = static_cast<float>((x * 7 + y * 13) % 256);
        }
      }
    }
  };
  paint_beyond(reach);
  EXPECT_EQ(describe(image, upright), before);
  paint_beyond(reach - 16);
  EXPECT_GT(distance(describe(image, upright), before), 0.1);
}

TEST(PatchDescriptorTest, OctavesAreMeasuredInTheirSamples) {
  const auto level = [](double x, double y) {
    return 128 + 30 * std::sin(0.11 * x + 0.03 * y) + 25 * std::cos(0.05 * y - 0.07 * x);
  };
  const Plane whole = plane_of(400, 360, level);
  const Plane half = plane_of(200, 180, [&](double x, double y) { return level(2 * x, 2 * y); });
  const Keypoint keypoint{200, 180, 16, 0.7f};
  EXPECT_LT(distance(describe(whole, keypoint), describe(half, keypoint, 2)), 0.05);
}

TEST(PatchDescriptorTest, OneStrongEdgeIsClippedToAFifth) {
  // Without the clip the edge would leave nothing of the waves.
  const auto share_of_edge = [](double height) {
    const Plane waved = waves(200, 180);
    const Plane image = plane_of(200, 180, [&](double x, double y) {
      return waved.row(static_cast<int>(y))[static_cast<int>(x)] +
             height / (1 + std::exp(2 * (112 - x)));
    });
    Descriptor descriptor = describe(image, {100, 90, 8, 0});
    double edge = 0;
    for (int row = 0; row < 4; ++row) {
      for (int column : {2, 3}) edge += std::pow(at(descriptor, row, column, 0), 2);
    }
    return edge;
  };
  EXPECT_LT(share_of_edge(0), 0.2);
  EXPECT_LT(share_of_edge(1000), 0.6);
  EXPECT_LT(share_of_edge(2000), 0.6);
}

TEST(PatchDescriptorTest, HasUnitLengthAndNoNegativeValue) {
  double squared = 0;
  for (float value : describe(waves(200, 180), kCentre)) {
    EXPECT_GE(value, 0);
    squared += value * value;
  }
  EXPECT_NEAR(squared, 1, 1e-5);
}

TEST(PatchDescriptorTest, AConstantPatchIsZeroAndBordersAreReplicated) {
  const Plane flat = plane_of(50, 40, [](double, double) { return 90; });
  EXPECT_EQ(describe(flat, {20, 20, 5, 1}), Descriptor{});
  const Plane image = waves(40, 40);
  for (const auto& [x, y] :
       {std::pair{0.0f, 0.0f}, {39.0f, 0.0f}, {39.0f, 39.0f}, {20.0f, 39.0f}}) {
    const Descriptor descriptor = describe(image, {x, y, 30, 2});
    double squared = 0;
    for (float value : descriptor) squared += value * value;
    EXPECT_NEAR(squared, 1, 1e-5);
  }
}

}  // namespace
}  // namespace pressmark::kernels::cpu
