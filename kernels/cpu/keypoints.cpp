// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/keypoints.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>

#include "kernels/cpu/orientation.hpp"
#include "kernels/math/keypoint_grid.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/keypoints.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Appends to `found` every x in [first, last) whose value in the middle row of rows[1] exceeds
// `threshold` in size and is strictly the greatest, or the least, of its 26 neighbours.
// rows[s][r]: difference image s (finer, same, coarser), row above, same, below; readable to
// last + 8.
void find_extrema(const float* const (*rows)[3], int first, int last, float threshold,
                  std::vector<int>& found) {
  const hn::CappedTag<float, 8> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  const auto limit = hn::Set(tag, threshold);
  for (int x = first; x < last; x += lanes) {
    const auto centre = hn::LoadU(tag, rows[1][1] + x);
    if (hn::AllFalse(tag, hn::Gt(hn::Abs(centre), limit))) continue;
    auto greatest = hn::Max(hn::LoadU(tag, rows[1][1] + x - 1), hn::LoadU(tag, rows[1][1] + x + 1));
    auto least = hn::Min(hn::LoadU(tag, rows[1][1] + x - 1), hn::LoadU(tag, rows[1][1] + x + 1));
    const auto widen = [&](const float* row, auto& low, auto& high) {
      const auto a = hn::LoadU(tag, row - 1), b = hn::LoadU(tag, row), c = hn::LoadU(tag, row + 1);
      high = hn::Max(high, hn::Max(a, hn::Max(b, c)));
      low = hn::Min(low, hn::Min(a, hn::Min(b, c)));
    };
    widen(rows[1][0] + x, least, greatest);
    widen(rows[1][2] + x, least, greatest);
    auto extreme = hn::Or(hn::Gt(centre, greatest), hn::Lt(centre, least));
    if (hn::AllFalse(tag, extreme)) continue;
    for (const int s : {0, 2}) {
      for (int r = 0; r < 3; ++r) widen(rows[s][r] + x, least, greatest);
    }
    extreme = hn::And(hn::Or(hn::Gt(centre, greatest), hn::Lt(centre, least)),
                      hn::Gt(hn::Abs(centre), limit));
    if (hn::AllFalse(tag, extreme)) continue;
    HWY_ALIGN float marks[8];
    hn::Store(hn::IfThenElseZero(extreme, hn::Set(tag, 1.0f)), tag, marks);
    for (int i = 0; i < lanes && x + i < last; ++i) {
      if (marks[i] != 0.0f) found.push_back(x + i);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(find_extrema);

// Grey levels of the difference of Gaussians. Low: faint marks must still fill the keypoint budget;
// the budget, not the threshold, is what limits textured photos.
constexpr float kMinContrast = 0.85f;
// Largest ratio of principal curvatures: along an edge a keypoint's place is undefined.
constexpr float kMaxCurvatureRatio = 10.0f;
constexpr int kBorder = 5;
constexpr int kMaxSteps = 5;
// Samples from the extremum. More than half of one, or an extremum in the middle of two samples is
// sent from each to the other.
constexpr float kMaxOffset = 0.6f;

struct Extremum {
  float x = 0, y = 0, scale = 0;  // samples of the octave; index of the difference image
  float response = 0;
  int octave = 0, level = 0;
};

// Newton steps on the quadric through the 26 neighbours. False where the extremum runs away, lies
// on an edge or is too weak.
bool refine(const Octave& octave, int x, int y, int level, Extremum& result) {
  float dx = 0, dy = 0, ds = 0, value = 0;
  for (int step = 0;; ++step) {
    const auto at = [&](int s, int j, int i) {
      return octave.difference[static_cast<std::size_t>(level + s)].row(y + j)[x + i];
    };
    value = at(0, 0, 0);
    const float gx = 0.5f * (at(0, 0, 1) - at(0, 0, -1));
    const float gy = 0.5f * (at(0, 1, 0) - at(0, -1, 0));
    const float gs = 0.5f * (at(1, 0, 0) - at(-1, 0, 0));
    const float xx = at(0, 0, 1) + at(0, 0, -1) - 2 * value;
    const float yy = at(0, 1, 0) + at(0, -1, 0) - 2 * value;
    const float ss = at(1, 0, 0) + at(-1, 0, 0) - 2 * value;
    const float xy = 0.25f * (at(0, 1, 1) - at(0, 1, -1) - at(0, -1, 1) + at(0, -1, -1));
    const float xs = 0.25f * (at(1, 0, 1) - at(1, 0, -1) - at(-1, 0, 1) + at(-1, 0, -1));
    const float ys = 0.25f * (at(1, 1, 0) - at(1, -1, 0) - at(-1, 1, 0) + at(-1, -1, 0));
    // Cramer's rule for H d = -g.
    const float cxx = yy * ss - ys * ys, cxy = xs * ys - xy * ss, cxs = xy * ys - yy * xs;
    const float determinant = xx * cxx + xy * cxy + xs * cxs;
    if (determinant == 0.0f) return false;
    const float cyy = xx * ss - xs * xs, cys = xy * xs - xx * ys, css = xx * yy - xy * xy;
    dx = -(cxx * gx + cxy * gy + cxs * gs) / determinant;
    dy = -(cxy * gx + cyy * gy + cys * gs) / determinant;
    ds = -(cxs * gx + cys * gy + css * gs) / determinant;
    if (std::fabs(dx) < kMaxOffset && std::fabs(dy) < kMaxOffset && std::fabs(ds) < kMaxOffset) {
      value += 0.5f * (gx * dx + gy * dy + gs * ds);
      const float trace = xx + yy;
      constexpr float kLimit =
          (kMaxCurvatureRatio + 1) * (kMaxCurvatureRatio + 1) / kMaxCurvatureRatio;
      if (css <= 0 || trace * trace >= kLimit * css) return false;
      break;
    }
    if (step + 1 == kMaxSteps || !(std::fabs(dx) < 100 && std::fabs(dy) < 100)) return false;
    x += static_cast<int>(std::lround(dx));
    y += static_cast<int>(std::lround(dy));
    level += ds > 0.5f ? 1 : ds < -0.5f ? -1 : 0;
    const Plane& plane = octave.difference[0];
    if (level < 1 || level > kScalesPerOctave || x < kBorder || y < kBorder ||
        x >= plane.width - kBorder || y >= plane.height - kBorder) {
      return false;
    }
  }
  if (std::fabs(value) < kMinContrast) return false;
  result.x = static_cast<float>(x) + dx;
  result.y = static_cast<float>(y) + dy;
  result.scale = static_cast<float>(level) + ds;
  result.response = std::fabs(value);
  result.level = level;
  return true;
}

std::vector<Extremum> find_all(const std::vector<Octave>& octaves) {
  std::vector<Extremum> extrema;
  std::vector<int> columns;
  for (std::size_t o = 0; o < octaves.size(); ++o) {
    const Octave& octave = octaves[o];
    const int width = octave.difference[0].width, height = octave.difference[0].height;
    for (int level = 1; level <= kScalesPerOctave; ++level) {
      for (int y = kBorder; y < height - kBorder; ++y) {
        const float* rows[3][3];
        for (int s = 0; s < 3; ++s) {
          for (int r = 0; r < 3; ++r) {
            rows[s][r] = octave.difference[static_cast<std::size_t>(level + s - 1)].row(y + r - 1);
          }
        }
        columns.clear();
        HWY_DYNAMIC_DISPATCH(find_extrema)
        (rows, kBorder, width - kBorder, 0.5f * kMinContrast, columns);
        for (const int x : columns) {
          Extremum extremum;
          extremum.octave = static_cast<int>(o);
          if (refine(octave, x, y, level, extremum)) extrema.push_back(extremum);
        }
      }
    }
  }
  return extrema;
}

float sigma_of(const Extremum& extremum) {
  return kBaseSigma * std::exp2(extremum.scale / kScalesPerOctave);
}

}  // namespace

std::vector<OrientedExtremum> detect_keypoints(const std::vector<Octave>& octaves,
                                               const GreyImage& mask, int max_keypoints) {
  std::vector<Extremum> extrema = find_all(octaves);
  if (!mask.pixels.empty()) {
    std::erase_if(extrema, [&](const Extremum& e) {
      const float step = octaves[static_cast<std::size_t>(e.octave)].step_px;
      const int x = std::clamp(static_cast<int>(std::lround(e.x * step)), 0, mask.width - 1);
      const int y = std::clamp(static_cast<int>(std::lround(e.y * step)), 0, mask.height - 1);
      return mask.pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width) +
                         static_cast<std::size_t>(x)] != 0;
    });
  }
  const auto position_order = [](const Extremum& e) {
    return std::make_tuple(-e.response, e.octave, e.y, e.x, e.scale);
  };
  std::sort(extrema.begin(), extrema.end(), [&](const Extremum& a, const Extremum& b) {
    return position_order(a) < position_order(b);
  });
  const auto budget = static_cast<std::size_t>(max_keypoints);
  if (extrema.size() > budget) extrema.resize(budget);  // each gives one keypoint at least, or none

  std::vector<OrientedExtremum> result;
  for (const Extremum& extremum : extrema) {
    const Octave& octave = octaves[static_cast<std::size_t>(extremum.octave)];
    const Plane& image = octave.blurred[static_cast<std::size_t>(extremum.level)];
    for (const float angle : orientations(image, extremum.x, extremum.y, sigma_of(extremum))) {
      OrientedExtremum oriented;
      oriented.response = extremum.response;
      oriented.octave = extremum.octave;
      oriented.scale = extremum.level;
      Keypoint& keypoint = oriented.keypoint;
      // Sample centres of an octave lie on the sample centres of the image.
      keypoint.x_px = px_from_grid(grid_from_px(extremum.x * octave.step_px));
      keypoint.y_px = px_from_grid(grid_from_px(extremum.y * octave.step_px));
      keypoint.size_px = px_from_grid(
          std::max<std::uint16_t>(1, grid_from_px(2 * sigma_of(extremum) * octave.step_px)));
      keypoint.angle_rad = angle_from_grid(grid_from_angle(angle));
      result.push_back(oriented);
    }
  }
  const auto order = [](const OrientedExtremum& e) {
    const Keypoint& k = e.keypoint;
    return std::make_tuple(-e.response, k.y_px, k.x_px, k.size_px, k.angle_rad);
  };
  std::stable_sort(
      result.begin(), result.end(),
      [&](const OrientedExtremum& a, const OrientedExtremum& b) { return order(a) < order(b); });
  if (result.size() > budget) result.resize(budget);
  return result;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
