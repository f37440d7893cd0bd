// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/keypoints.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <vector>

#include "kernels/cpu/orientation.hpp"
#include "kernels/math/extremum.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/keypoints.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// below = coarse - fine, a row of differences, and the greatest and least of it and the two rows
// before it at each x < count.
void vertical_range(const float* fine, const float* coarse, const float* above, const float* here,
                    int count, float* below, float* greatest, float* least) {
  const hn::CappedTag<float, 16> tag;
  for (int x = 0; x < count; x += static_cast<int>(hn::Lanes(tag))) {
    const auto a = hn::LoadU(tag, above + x), b = hn::LoadU(tag, here + x);
    const auto c = hn::Sub(hn::LoadU(tag, coarse + x), hn::LoadU(tag, fine + x));
    hn::StoreU(c, tag, below + x);
    hn::StoreU(hn::Max(a, hn::Max(b, c)), tag, greatest + x);
    hn::StoreU(hn::Min(a, hn::Min(b, c)), tag, least + x);
  }
}

// Appends to `found` every x in [first, last) whose value in the middle row exceeds `threshold` in
// size and is strictly the greatest, or the least, of its 26 neighbours. rows: of the image, above,
// same, below; greatest, least: vertical ranges of the finer, the same and the coarser image. All
// readable to last + 16.
void find_extrema(const float* const* rows, const float* const* greatest, const float* const* least,
                  int first, int last, float threshold, std::vector<int>& found) {
  const hn::CappedTag<float, 16> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  const auto limit = hn::Set(tag, threshold);
  for (int x = first; x < last; x += lanes) {
    const auto centre = hn::LoadU(tag, rows[1] + x);
    const auto large = hn::Gt(hn::Abs(centre), limit);
    if (hn::AllFalse(tag, large)) continue;
    const auto load = [&](const float* row) HWY_ATTR { return hn::LoadU(tag, row + x); };
    auto high = hn::Max(hn::Max(load(greatest[1] - 1), load(greatest[1] + 1)),
                        hn::Max(load(rows[0]), load(rows[2])));
    auto low = hn::Min(hn::Min(load(least[1] - 1), load(least[1] + 1)),
                       hn::Min(load(rows[0]), load(rows[2])));
    for (const int s : {0, 2}) {
      high = hn::Max(
          high, hn::Max(load(greatest[s] - 1), hn::Max(load(greatest[s]), load(greatest[s] + 1))));
      low = hn::Min(low, hn::Min(load(least[s] - 1), hn::Min(load(least[s]), load(least[s] + 1))));
    }
    const auto extreme = hn::And(large, hn::Or(hn::Gt(centre, high), hn::Lt(centre, low)));
    if (hn::AllFalse(tag, extreme)) continue;
    HWY_ALIGN float marks[16];
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

HWY_EXPORT(vertical_range);
HWY_EXPORT(find_extrema);

bool refine(const Octave& octave, int x, int y, int level, Extremum& result) {
  const auto difference = [&](int fine, int row, int column) {
    const auto s = static_cast<std::size_t>(fine);
    return octave.blurred[s + 1].row(row)[column] - octave.blurred[s].row(row)[column];
  };
  return refine_extremum(difference, octave.blurred[0].width, octave.blurred[0].height, x, y, level,
                         result);
}

// Three rows of a difference of Gaussians, and their vertical range.
class DifferenceRows {
 public:
  explicit DifferenceRows(const Plane& plane)
      : stride_(static_cast<std::size_t>(plane.stride)), values_(5 * stride_) {}

  // Row y takes the place of row y - 3; rows come in ascending order.
  void add(const Plane& fine, const Plane& coarse, int y) {
    HWY_DYNAMIC_DISPATCH(vertical_range)
    (fine.row(y), coarse.row(y), row(y - 2), row(y - 1), fine.width, row(y), greatest(), least());
  }
  float* row(int y) { return values_.data() + static_cast<std::size_t>((y + 3) % 3) * stride_; }
  float* greatest() { return values_.data() + 3 * stride_; }
  float* least() { return values_.data() + 4 * stride_; }

 private:
  std::size_t stride_;
  std::vector<float> values_;
};

// Extrema among the differences of one octave. Only three rows of each are kept: memory would take
// longer than the subtraction does.
void find_in_octave(const Octave& octave, int index, std::vector<Extremum>& extrema) {
  const int width = octave.blurred[0].width, height = octave.blurred[0].height;
  std::vector<DifferenceRows> differences(kScalesPerOctave + 2, DifferenceRows(octave.blurred[0]));
  std::vector<int> columns;
  for (int below = kExtremumBorder - 1; below <= height - kExtremumBorder; ++below) {
    for (std::size_t s = 0; s < differences.size(); ++s) {
      differences[s].add(octave.blurred[s], octave.blurred[s + 1], below);
    }
    const int y = below - 1;
    if (y < kExtremumBorder) continue;
    for (std::size_t level = 1; level <= kScalesPerOctave; ++level) {
      DifferenceRows &finer = differences[level - 1], &same = differences[level];
      DifferenceRows& coarser = differences[level + 1];
      const float* const rows[] = {same.row(y - 1), same.row(y), same.row(y + 1)};
      const float* const greatest[] = {finer.greatest(), same.greatest(), coarser.greatest()};
      const float* const least[] = {finer.least(), same.least(), coarser.least()};
      columns.clear();
      HWY_DYNAMIC_DISPATCH(find_extrema)
      (rows, greatest, least, kExtremumBorder, width - kExtremumBorder, kMinSampleContrast,
       columns);
      for (const int x : columns) {
        Extremum extremum;
        extremum.octave = index;
        if (refine(octave, x, y, static_cast<int>(level), extremum)) extrema.push_back(extremum);
      }
    }
  }
}

}  // namespace

std::vector<OrientedExtremum> detect_keypoints(const std::vector<Octave>& octaves,
                                               const GreyImage& mask, int max_keypoints) {
  std::vector<Extremum> extrema;
  for (std::size_t o = 0; o < octaves.size(); ++o) {
    find_in_octave(octaves[o], static_cast<int>(o), extrema);
  }
  if (!mask.pixels.empty()) {
    std::erase_if(extrema, [&](const Extremum& e) {
      const float step = octaves[static_cast<std::size_t>(e.octave)].step_px;
      const int x = pixel_of(e.x, step, mask.width), y = pixel_of(e.y, step, mask.height);
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

  // One image after the other, from top to bottom: the cache keeps what neighbours share.
  std::sort(extrema.begin(), extrema.end(), [&](const Extremum& a, const Extremum& b) {
    const auto place = [](const Extremum& e) {
      return std::make_tuple(e.octave, e.level, e.y, e.x, e.scale);
    };
    return place(a) < place(b);
  });
  std::vector<OrientedExtremum> result;
  const auto image_of = [&](const Extremum& e) -> const Plane& {
    return octaves[static_cast<std::size_t>(e.octave)].blurred[static_cast<std::size_t>(e.level)];
  };
  for (std::size_t i = 0; i < extrema.size(); ++i) {
    const Extremum& extremum = extrema[i];
    if (i + 1 < extrema.size()) {
      const Extremum& next = extrema[i + 1];
      prefetch_orientations(image_of(next), next.x, next.y, sigma_of(next));
    }
    const Octave& octave = octaves[static_cast<std::size_t>(extremum.octave)];
    const Plane& image = image_of(extremum);
    for (const float angle : orientations(image, extremum.x, extremum.y, sigma_of(extremum))) {
      OrientedExtremum oriented;
      oriented.response = extremum.response;
      oriented.octave = extremum.octave;
      oriented.scale = extremum.level;
      oriented.keypoint = keypoint_of(steps_of(extremum, octave.step_px, angle));
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
