// SPDX-License-Identifier: Apache-2.0
//
// A dense field turned and shrunk about its centre: where the values of a cell come from.
#pragma once

#include <cmath>
#include <complex>

namespace pressmark::kernels {

// The cell at (x, y) is `turn` times the sum over samples x samples places of the field, bilinear,
// each at centre + (cosine px + sine py, -sine px + cosine py), px = x + first + i step, py = y +
// first + j step.
struct FieldTurn {
  int samples = 1;  // per side of a cell
  float step = 1, centre = 0, first = 0, cosine = 1, sine = 0;
  float turn_real = 1, turn_imaginary = 0;  // values turn by twice the angle
};

// side: of the field; 0 < shrink <= 1.
inline FieldTurn field_turn(int side, float rotation_rad, float shrink) {
  FieldTurn result;
  result.samples = shrink > 0.9f ? 1 : 2;
  result.step = 1.0f / static_cast<float>(result.samples);
  result.centre = 0.5f * static_cast<float>(side - 1);
  result.first = 0.5f * result.step - 0.5f - result.centre;
  result.cosine = std::cos(rotation_rad) / shrink;
  result.sine = std::sin(rotation_rad) / shrink;
  const std::complex<float> turn = std::polar(result.step * result.step, 2 * rotation_rad);
  result.turn_real = turn.real();
  result.turn_imaginary = turn.imag();
  return result;
}

}  // namespace pressmark::kernels
