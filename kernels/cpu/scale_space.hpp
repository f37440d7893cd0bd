// SPDX-License-Identifier: Apache-2.0
//
// Gaussian scale space of one image (Lowe, "Distinctive image features
// from scale-invariant keypoints", IJCV 60(2), 2004, section 3).
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "kernels/cpu/aligned.hpp"
#include "kernels/math/scale_space.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

// Float image whose rows start at multiples of kRowPad floats; half a kRowPad of padding at least
// follows each row, and a whole one the last row's, whose values mean nothing.
struct Plane {
  static constexpr int kRowPad = 16;

  int width = 0, height = 0, stride = 0;
  AlignedVector<float> values;

  void resize(int new_width, int new_height);
  float* row(int y) { return values.data() + static_cast<std::ptrdiff_t>(y) * stride; }
  const float* row(int y) const { return values.data() + static_cast<std::ptrdiff_t>(y) * stride; }
};

struct Octave {
  float step_px = 1;  // canonical pixels per sample; a power of two, 1/2 or more
  std::array<Plane, kBlursPerOctave> blurred;  // blurred[s]: kBaseSigma * 2^(s / 3)
};

// Told that the first `rows` rows of all images of an octave are there; at last all of them are.
using OctaveVisitor = std::function<void(std::size_t octave, int rows)>;

// Octaves until the shorter side would fall below 16 samples; images of less than 400 px begin with
// an octave of twice their size. Reuses the memory of `octaves`, whose number and sizes are known
// before the first visit. The images of an octave grow together, a few rows at a time, so that who
// visits them finds them in the cache.
void build_scale_space(
    const GreyImage& image, std::vector<Octave>& octaves,
    const OctaveVisitor& visit = [](std::size_t, int) {});

// Separable Gaussian of `sigma` samples, cut at 4 sigma, edges replicated. `target` may not be
// `source`.
void gaussian_blur(const Plane& source, float sigma, Plane& target);

// Beyond the borders: the last sample again and again, or the image mirrored at its edge.
enum class Border { kReplicate, kReflect };

// Filters rows as their source becomes known: target = sum over i, j in [-r, r] of taps[|i|]
// taps[|j|] source, r = taps.size() - 1. The target takes the source's size, and may not be it.
class RowFilter {
 public:
  RowFilter(const Plane& source, std::span<const float> taps, Border border, Plane& target);

  // Filters what follows from the first `known` rows of the source; returns how many rows the
  // target has then, in all.
  int advance(int known);

 private:
  void filter_two(int y);

  const Plane& source_;
  Plane& target_;
  std::vector<float> taps_;
  AlignedVector<float> lines_;
  std::size_t line_floats_;  // of each of the two lines, with what lies beyond its ends
  std::vector<const float*> rows_;
  Border border_;
  int next_ = 0;
};

// The same for all rows. target = sum over i, j in [-r, r] of taps[|i|] taps[|j|] source, r =
// taps.size() - 1. `target` may not be `source`.
void filter_separably(const Plane& source, std::span<const float> taps, Border border,
                      Plane& target);

// Has samples, those of them that exist, brought into the cache: no prefetcher of the hardware
// follows windows of rows that lie kilobytes apart.
void prefetch(const Plane& plane, int left, int top, int right, int bottom);

void float_plane(const GreyImage& image, Plane& plane);

}  // namespace pressmark::kernels::cpu
