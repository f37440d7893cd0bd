// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/extremum_search.hpp"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/extremum_search.cpp"
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

// Refinement mostly stays within so many rows: the search lags behind by them.
constexpr int kLagRows = 4;

// False where there is no extremum after all. `reached` is set to the last row that was looked at;
// where that is not below `rows`, the result means nothing.
bool refine(const Octave& octave, int x, int y, int level, int rows, Extremum& result,
            int& reached) {
  reached = y + 1;
  const auto difference = [&](int fine, int row, int column) {
    reached = std::max(reached, row);
    const auto s = static_cast<std::size_t>(fine);
    const int known = std::min(row, rows - 1);
    return octave.blurred[s + 1].row(known)[column] - octave.blurred[s].row(known)[column];
  };
  return refine_extremum(difference, octave.blurred[0].width, octave.blurred[0].height, x, y, level,
                         result);
}

}  // namespace

void ExtremumSearch::DifferenceRows::add(const Plane& fine, const Plane& coarse, int y) {
  HWY_DYNAMIC_DISPATCH(vertical_range)
  (fine.row(y), coarse.row(y), row(y - 2), row(y - 1), fine.width, row(y), greatest(), least());
}

void ExtremumSearch::begin(std::size_t octave) {
  octave_ = octave;
  first_ = extrema_.size();
  next_ = kExtremumBorder - 1;
  differences_.assign(kScalesPerOctave + 2, DifferenceRows(octaves_[octave].blurred[0]));
  postponed_.clear();
}

void ExtremumSearch::advance(std::size_t octave, int rows) {
  if (differences_.empty()) begin(octave);
  const Octave& images = octaves_[octave];
  const int height = images.blurred[0].height;
  const int last =
      std::min(height - kExtremumBorder, rows == height ? height : rows - 1 - kLagRows);
  for (; next_ <= last; ++next_) {
    for (std::size_t s = 0; s < differences_.size(); ++s) {
      differences_[s].add(images.blurred[s], images.blurred[s + 1], next_);
    }
    if (next_ > kExtremumBorder) find_in_row(next_ - 1, rows);
  }
  if (rows == height) finish();
}

void ExtremumSearch::find_in_row(int y, int rows) {
  const int width = octaves_[octave_].blurred[0].width;
  for (std::size_t level = 1; level <= kScalesPerOctave; ++level) {
    DifferenceRows &finer = differences_[level - 1], &same = differences_[level];
    DifferenceRows& coarser = differences_[level + 1];
    const float* const around[] = {same.row(y - 1), same.row(y), same.row(y + 1)};
    const float* const greatest[] = {finer.greatest(), same.greatest(), coarser.greatest()};
    const float* const least[] = {finer.least(), same.least(), coarser.least()};
    columns_.clear();
    HWY_DYNAMIC_DISPATCH(find_extrema)
    (around, greatest, least, kExtremumBorder, width - kExtremumBorder, kMinSampleContrast,
     columns_);
    for (const int x : columns_) refine_at(x, y, static_cast<int>(level), rows);
  }
}

void ExtremumSearch::refine_at(int x, int y, int level, int rows) {
  Extremum extremum;
  extremum.octave = static_cast<int>(octave_);
  int reached = 0;
  const bool is_extremum = refine(octaves_[octave_], x, y, level, rows, extremum, reached);
  if (reached >= rows) {
    postponed_.push_back({extrema_.size(), x, y, level});
    extrema_.emplace_back();
  } else if (is_extremum) {
    extrema_.push_back(extremum);
  }
}

void ExtremumSearch::finish() {
  const Octave& octave = octaves_[octave_];
  for (const Postponed& sample : postponed_) {
    Extremum extremum;
    extremum.octave = static_cast<int>(octave_);
    int reached = 0;
    if (refine(octave, sample.x, sample.y, sample.level, octave.blurred[0].height, extremum,
               reached)) {
      extrema_[sample.place] = extremum;
    }
  }
  const auto begin = extrema_.begin() + static_cast<std::ptrdiff_t>(first_);
  extrema_.erase(
      std::remove_if(begin, extrema_.end(), [](const Extremum& e) { return e.level == 0; }),
      extrema_.end());
  differences_.clear();
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
