// SPDX-License-Identifier: Apache-2.0
//
// The turns and scales in which a dense code is compared near known positions, and where they are
// laid: the same on every backend. A template is a field in one of them on twice its side, so that
// shifts up to half a frame are places in it; a turn by pi turns the array around.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

namespace pressmark::kernels::dense_alignment {

inline constexpr int kTurns = 32;
inline constexpr int kScales = 9;
inline constexpr int kScaleSteps = 4;  // per octave
inline constexpr int kTemplates = kTurns * kScales;
inline constexpr float kTurnStep = 2 * std::numbers::pi_v<float> / kTurns;

// Starts that are looked at at half resolution.
inline constexpr int kAlignedStarts = 3;

constexpr int template_index(int turn, int scale) {
  return scale * kTurns + turn;
}

inline float scale_of(int scale) {
  return std::exp2(static_cast<float>(scale - kScales / 2) / kScaleSteps);
}

// The cell at (x, y) of a template is the turn times the sum over samples x samples places of the
// field, each at centre + (cosine px + sine py, -sine px + cosine py), px = x + first + i step, py
// = y + first + j step; centre and first are of the field's side.
struct Pose {
  int samples = 1;  // per side of a cell
  float step = 1, cosine = 1, sine = 0;
  float turn_real = 1, turn_imaginary = 0;
  // Cosine and sine times the scale: what moves a point of the query.
  float along = 1, across = 0;
};

inline Pose pose_of(int turn, int scale) {
  const float rotation = kTurnStep * static_cast<float>(turn), factor = scale_of(scale);
  Pose pose;
  pose.samples = factor > 0.9f ? 1 : 2;
  pose.step = 1.0f / static_cast<float>(pose.samples);
  pose.cosine = std::cos(rotation) / factor;
  pose.sine = std::sin(rotation) / factor;
  const std::complex<float> doubled = std::polar(1.0f, 2 * rotation);
  pose.turn_real = doubled.real();
  pose.turn_imaginary = doubled.imag();
  pose.along = factor * std::cos(rotation);
  pose.across = factor * std::sin(rotation);
  return pose;
}

// By template.
inline const std::array<Pose, kTemplates>& poses() {
  static const auto instance = [] {
    std::array<Pose, kTemplates> result;
    for (int scale = 0; scale < kScales; ++scale) {
      for (int turn = 0; turn < kTurns; ++turn) {
        result[static_cast<std::size_t>(template_index(turn, scale))] = pose_of(turn, scale);
      }
    }
    return result;
  }();
  return instance;
}

constexpr float first_of(int side, float step) {
  return 0.5f * step - 0.5f - 0.5f * static_cast<float>(2 * side - 1);
}

// A start on the template nearest to its turn and scale, some steps on, and the shifts to be tried:
// one cell to either side of where its point belongs. A shift to the right reads the template
// further to the left: parts of it begin at column .. column + columns - 1, row .. row + rows - 1.
// Start: kernels::DenseStart.
template <class Start>
struct Laid {
  Start start;  // without score and, where the template is, without place
  bool reaches = false;
  int index = 0;
  int column = 0, row = 0, columns = 0, rows = 0;
  float turned_x = 0, turned_y = 0;  // where the turn alone takes the point
};

// side: of the field. poses: all of them.
template <class Start>
constexpr Laid<Start> laid(const Start& start, int turns, int scales, int side, const Pose* poses) {
  Laid<Start> result;
  result.start = start;
  result.start.score = 0;
  const float steps = std::clamp(start.octaves, -2.0f, 2.0f) * kScaleSteps;
  const int scale = static_cast<int>(std::nearbyint(steps)) + kScales / 2 + scales;
  if (scale < 0 || scale >= kScales) return result;
  int turn = static_cast<int>(std::nearbyint(start.rotation_rad / kTurnStep)) + turns;
  turn = (turn % kTurns + kTurns) % kTurns;
  result.start.rotation_rad = kTurnStep * static_cast<float>(turn);
  result.start.octaves = static_cast<float>(scale - kScales / 2) / kScaleSteps;

  result.index = template_index(turn, scale);
  const float c = poses[result.index].along, s = poses[result.index].across;
  result.turned_x = c * start.query_x - s * start.query_y;
  result.turned_y = s * start.query_x + c * start.query_y;
  const float missing_x = std::clamp(start.candidate_x - result.turned_x, -1.0f, 1.0f);
  const float missing_y = std::clamp(start.candidate_y - result.turned_y, -1.0f, 1.0f);
  const int x = static_cast<int>(std::nearbyint(missing_x * static_cast<float>(side)));
  const int y = static_cast<int>(std::nearbyint(missing_y * static_cast<float>(side)));
  const int reach = side / 2;
  const int last_x = std::min(x + 1, reach), last_y = std::min(y + 1, reach);
  result.column = reach - last_x;
  result.row = reach - last_y;
  result.columns = last_x - std::max(x - 1, -reach) + 1;
  result.rows = last_y - std::max(y - 1, -reach) + 1;
  result.reaches = result.columns > 0 && result.rows > 0;
  return result;
}

// The start at the part of the template that begins at (column, row), where the sum of products was
// `sum`. norms: the product of both sides', > 0.
template <class Start>
constexpr Start placed(const Laid<Start>& laid, int side, int column, int row, int sum,
                       float norms) {
  Start result = laid.start;
  result.score = std::max(0.0f, static_cast<float>(sum) / norms);
  const auto cells = static_cast<float>(side);
  result.candidate_x = laid.turned_x + static_cast<float>(side / 2 - column) / cells;
  result.candidate_y = laid.turned_y + static_cast<float>(side / 2 - row) / cells;
  return result;
}

}  // namespace pressmark::kernels::dense_alignment
