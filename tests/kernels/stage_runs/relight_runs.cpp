// SPDX-License-Identifier: Apache-2.0
#include "stage_runs.hpp"
#include "tests/kernels/relief.hpp"

namespace pressmark::kernels {
namespace {

// Grey levels, and millionths of a radian and of coherence. All operations but the cosine and sine
// of the azimuth are the CPU's: where they differ in the last place, one pixel of 10^5 differs by
// one grey level.
constexpr double kTolerance = 1;

GreyImage filled(int width, int height, std::uint8_t level) {
  return {width, height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), level)};
}

GreyImage with_square(GreyImage image, int left, int top, int side, std::uint8_t level) {
  for (int y = top; y < top + side; ++y) {
    for (int x = left; x < left + side; ++x) {
      image.pixels[static_cast<std::size_t>(y * image.width + x)] = level;
    }
  }
  return image;
}

std::vector<double> relight(const Backend& backend, const std::vector<GreyImage>& images,
                            const std::vector<GreyImage>& masks) {
  std::vector<GreyImage> relit(images.size());
  std::vector<Light> lights(images.size());
  backend.relight(images, masks, relit, lights);
  std::vector<double> numbers;
  for (std::size_t i = 0; i < images.size(); ++i) {
    numbers.insert(numbers.end(),
                   {1e6 * static_cast<double>(lights[i].azimuth_rad),
                    1e6 * static_cast<double>(lights[i].coherence), lights[i].sure ? 100.0 : 0.0});
    numbers.insert(numbers.end(), {2.0 * relit[i].width, 2.0 * relit[i].height});
    numbers.insert(numbers.end(), relit[i].pixels.begin(), relit[i].pixels.end());
  }
  return numbers;
}

StageRun run(const char* name, const std::vector<GreyImage>& images,
             const std::vector<GreyImage>& masks) {
  return {name, kTolerance,
          [=](const Backend& backend) { return relight(backend, images, masks); }};
}

}  // namespace

std::vector<StageRun> relight_runs() {
  const GreyImage relief = Relief(121, 94, 21).lit(2.2), none;
  // A gradient of brightness over it, so that the means differ from cell to cell.
  GreyImage vignette = Relief(70, 150, 22).lit(0.7);
  for (std::size_t i = 0; i < vignette.pixels.size(); ++i) {
    vignette.pixels[i] = static_cast<std::uint8_t>(vignette.pixels[i] * (9000 + i) / 20'000);
  }
  std::mt19937_64 random(23);
  GreyImage noise = filled(3, 40, 0);
  for (std::uint8_t& pixel : noise.pixels) {
    pixel = static_cast<std::uint8_t>(uniform(random, 0, 256));
  }
  return {
      run("RelightNone", {}, {}),
      run("RelightOneRelief", {relief}, {none}),
      run("RelightSeveralSizes",
          {vignette, filled(1, 1, 90), noise, with_square(filled(37, 16, 20), 9, 4, 6, 250),
           filled(50, 20, 77)},
          {none, none, none, filled(37, 16, 0), none}),
      run("RelightMasked", {relief, vignette, noise},
          {with_square(filled(121, 94, 0), 30, 20, 41, 255), filled(70, 150, 255),
           with_square(filled(3, 40, 0), 0, 7, 2, 1)}),
      // Every radix: 1152 = 4^3 2 3^2, 50 = 2 5^2.
      run("RelightLongAndFlat", {Relief(1060, 2, 24).lit(1.0), Relief(2, 1000, 25).lit(0.2)},
          {none, none}),
  };
}

}  // namespace pressmark::kernels
