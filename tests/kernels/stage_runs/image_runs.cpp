// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "stage_runs.hpp"
#include "tests/kernels/conformance.hpp"

namespace pressmark::kernels {
namespace {

struct Photo {
  int width, height, channels;
  int padding = 0;  // bytes between rows
};

std::vector<std::uint8_t> random_bytes(std::uint64_t seed, std::int64_t count) {
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() >> 56);
  return bytes;
}

void append(const GreyImage& image, std::vector<double>& numbers) {
  numbers.insert(numbers.end(),
                 {static_cast<double>(image.width), static_cast<double>(image.height)});
  numbers.insert(numbers.end(), image.pixels.begin(), image.pixels.end());
}

std::vector<double> canonicalise(const Backend& backend, const std::vector<Photo>& photos,
                                 int long_side_px) {
  std::vector<std::vector<std::uint8_t>> bytes;
  std::vector<ImageView> views;
  for (const auto& [width, height, channels, padding] : photos) {
    const std::int64_t stride = std::int64_t{width} * channels + padding;
    // Nothing follows the last row.
    bytes.push_back(random_bytes(bytes.size() + 1, stride * height - padding));
    views.push_back({bytes.back().data(), width, height, channels, stride});
  }
  std::vector<GreyImage> outputs(views.size());
  backend.canonicalise(views, long_side_px, outputs);
  std::vector<double> numbers;
  for (const GreyImage& image : outputs) append(image, numbers);
  return numbers;
}

// Smooth enough to have detail of all sizes, and nowhere 250.
GreyImage textured(int width, int height, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const double a = uniform(random, 0.1, 0.4), b = uniform(random, 0.1, 0.4);
  GreyImage image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double wave = std::sin(a * x + 0.02 * y * y) + std::cos(b * y - 0.01 * x * y);
      image.pixels.push_back(static_cast<std::uint8_t>(120 + 40 * wave + uniform(random, -15, 15)));
    }
  }
  return image;
}

void fill(GreyImage& image, int left, int top, int right, int bottom, std::uint8_t level) {
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      image.pixels[static_cast<std::size_t>(y * image.width + x)] = level;
    }
  }
}

// Glare in corners, along edges, across the kernels' tiles, and too thin to count.
GreyImage shiny(int width, int height) {
  GreyImage image = textured(width, height, 5);
  fill(image, 0, 0, 3, 4, 255);
  fill(image, width - 2, height / 2, width, height / 2 + 5, 251);
  fill(image, width / 2, height - 3, width / 2 + 9, height, 250);
  fill(image, width / 3, 2, width / 3 + 2, height - 2, 255);
  if (width > 140 && height > 40) {
    fill(image, 122, 28, 134, 33, 255);
    fill(image, 60, 10, 66, 13, 255);
  }
  return image;
}

std::vector<double> mask_glare(const Backend& backend, const std::vector<GreyImage>& images) {
  std::vector<GreyImage> masks(images.size());
  backend.mask_glare(images, masks);
  std::vector<double> numbers;
  for (const GreyImage& mask : masks) append(mask, numbers);
  return numbers;
}

GreyImage flat(int width, int height, std::uint8_t level) {
  return {width, height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), level)};
}

std::vector<double> code_details(const Backend& backend, const std::vector<GreyImage>& images) {
  std::vector<std::vector<std::uint8_t>> codes(images.size());
  backend.code_details(images, codes);
  std::vector<double> numbers;
  for (const auto& code : codes) {
    numbers.push_back(static_cast<double>(code.size()));
    numbers.insert(numbers.end(), code.begin(), code.end());
  }
  return numbers;
}

using Homography = std::array<double, 9>;
constexpr Homography kIdentity{1, 0, 0, 0, 1, 0, 0, 0, 1};

struct Size {
  int width_px, height_px;
};

// Random bits; same: the hit's are the query's.
std::vector<double> compare_details(const Backend& backend, Size query, Size hit,
                                    const Homography& hit_from_query, bool same) {
  const auto code = [](Size size, std::uint64_t seed) {
    return random_bytes(seed,
                        static_cast<std::int64_t>(detail_bytes(size.width_px, size.height_px)));
  };
  const std::vector<std::uint8_t> ours = code(query, 3), theirs = same ? ours : code(hit, 4);
  const DetailAgreement result =
      backend.compare_details({query.width_px, query.height_px, ours},
                              {hit.width_px, hit.height_px, theirs}, hit_from_query);
  return {static_cast<double>(result.patches), result.strength, result.agreement};
}

}  // namespace

std::vector<StageRun> image_runs() {
  const auto canonicalised = [](std::string name, std::vector<Photo> photos, int long_side_px) {
    return StageRun{"Canonicalise" + name, 0, [=](const Backend& backend) {
                      return canonicalise(backend, photos, long_side_px);
                    }};
  };
  const auto masked = [](std::string name, std::vector<GreyImage> images) {
    return StageRun{"MaskGlare" + name, 0,
                    [=](const Backend& backend) { return mask_glare(backend, images); }};
  };
  const auto coded = [](std::string name, std::vector<GreyImage> images) {
    return StageRun{"CodeDetails" + name, 0,
                    [=](const Backend& backend) { return code_details(backend, images); }};
  };
  const auto compared = [](std::string name, Size query, Size hit, Homography map, bool same) {
    return StageRun{"CompareDetails" + name, 0, [=](const Backend& backend) {
                      return compare_details(backend, query, hit, map, same);
                    }};
  };
  const double c = std::cos(0.1), s = std::sin(0.1);
  return {
      canonicalised("OfNone", {}, 64),
      canonicalised("InManySizes",
                    {{157, 93, 3}, {90, 40, 1, 13}, {64, 64, 3, 1}, {1, 1, 3}, {31, 77, 1}}, 48),
      canonicalised("ByWholeFactors",
                    {{80, 64, 3, 5}, {120, 60, 1}, {160, 40, 3}, {41, 82, 1}, {320, 80, 1}}, 40),
      canonicalised("ToOnePixel", {{13, 9, 3}, {2, 2, 1}, {1, 5, 3}, {256, 256, 1}}, 1),
      canonicalised("OfLongThinPhotos",
                    {{3000, 1, 1}, {1, 700, 3}, {128, 1, 1}, {2, 130, 3}, {5000, 2, 3}}, 64),
      canonicalised("WhereThe49thIsNoWholeFactor", {{98, 147, 1}, {294, 98, 3}}, 3),
      canonicalised("OfSumsBeyondFloats", {{600, 300, 1}, {258, 516, 3}}, 2),
      canonicalised("SlightlySmaller", {{101, 67, 3}, {100, 100, 1}}, 99),
      masked("OfNone", {}),
      masked("InManySizes", {shiny(150, 70),
                             flat(1, 1, 255),
                             shiny(33, 21),
                             textured(40, 30, 2),
                             shiny(29, 12),
                             flat(3, 3, 250),
                             {}}),
      masked("OfWhiteBackgrounds", {flat(40, 30, 255), flat(17, 5, 249)}),
      masked("OfAQuarter",
             [] {
               std::vector<GreyImage> images(2, textured(80, 20, 3));
               fill(images[0], 0, 0, 20, 20, 255);
               fill(images[1], 0, 0, 20, 20, 255);
               images[1].pixels.back() = 255;
               return images;
             }()),
      coded("OfNone", {}),
      coded("InManySizes", {textured(130, 70, 6), textured(51, 67, 7), textured(64, 32, 8)}),
      coded("OfTinyImages", {flat(1, 1, 5),
                             flat(1, 9, 5),
                             textured(2, 2, 1),
                             textured(3, 17, 2),
                             {},
                             textured(9, 5, 3)}),
      compared("OfOneCode", {200, 160}, {200, 160}, kIdentity, true),
      compared("OfTwoCodes", {200, 160}, {150, 190}, {c, s, 9, -s, c, 3, 1e-4, -2e-4, 1}, false),
      compared("ShiftedByOneBit", {200, 160}, {200, 160}, {1, 0, 2, 0, 1, -2, 0, 0, 1}, true),
      compared("OfANegativeMap", {120, 90}, {120, 90}, {-2, 0, 8, 0, -2, 0, 0, 0, -2}, true),
      compared("AcrossTheHorizon", {200, 160}, {200, 160}, {1, 0, 0, 0, 1, 0, 0.02, 0, -1}, false),
      compared("OfASingularMap", {100, 100}, {100, 100}, {}, true),
      compared("OfMoreThanABlocksPatches", {620, 60}, {620, 60}, {1, 0, -4, 0, 1, 0, 0, 0, 1},
               false),
      compared("OfOnePatch", {46, 46}, {46, 46}, kIdentity, true),
      compared("WithoutPatches", {44, 90}, {44, 90}, kIdentity, true),
      compared("OfNothing", {1, 1}, {1, 1}, kIdentity, true),
      compared("OfNothingWithSomething", {1, 9}, {90, 90}, kIdentity, false),
  };
}

}  // namespace pressmark::kernels
