// SPDX-License-Identifier: Apache-2.0
//
// What a scale space consists of (Lowe, IJCV 60(2), 2004, section 3): the sizes of its octaves and
// the blurs between its images.
#pragma once

#include <algorithm>
#include <cmath>

namespace pressmark::kernels {

// Scales per octave at which keypoints are sought.
inline constexpr int kScalesPerOctave = 3;
// Images per octave: image s is blurred by kBaseSigma * 2^(s / kScalesPerOctave) samples.
inline constexpr int kBlursPerOctave = kScalesPerOctave + 3;
// Blur of the first image of each octave, in samples of that octave.
inline constexpr float kBaseSigma = 1.6f;
// Blur that a photo is assumed to have, in canonical pixels.
inline constexpr float kCameraSigma = 0.5f;
inline constexpr int kMinSideSamples = 16;
// Smaller photos begin with an octave of twice their size: what they show is small in them, and
// without it they would have few keypoints.
inline constexpr int kDoubledBelow_px = 400;

inline bool begins_doubled(int width, int height) {
  return std::max(width, height) < kDoubledBelow_px && std::min(width, height) >= kMinSideSamples;
}

// Until the shorter side would fall below kMinSideSamples.
inline int octave_count(int width, int height) {
  int count = begins_doubled(width, height) ? 1 : 0;
  for (int side = std::min(width, height); side >= kMinSideSamples; side /= 2) ++count;
  return count;
}

// Canonical pixels per sample of octave `index`.
inline float octave_step_px(bool doubled, int index) {
  return (doubled ? 0.5f : 1.0f) * static_cast<float>(1 << index);
}

// Of the blur that makes the first image of the first octave, in its samples.
inline float first_blur_sigma(bool doubled) {
  const float sigma = kCameraSigma / octave_step_px(doubled, 0);
  return std::sqrt(kBaseSigma * kBaseSigma - sigma * sigma);
}

// Of the blur that makes image s of an octave of image s - 1; s from 1 on.
inline float next_blur_sigma(int s) {
  const double ratio = std::exp2(1.0 / kScalesPerOctave);
  const double sigma = kBaseSigma * std::pow(ratio, static_cast<double>(s) - 1);
  return static_cast<float>(sigma * std::sqrt(ratio * ratio - 1));
}

}  // namespace pressmark::kernels
