// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/dense_field.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/math/bilinear.hpp"
#include "kernels/math/field_turn.hpp"

namespace pressmark::kernels::cpu {

std::complex<float> DenseField::sample(float x, float y) const {
  const auto limit = static_cast<float>(side);
  if (!(x > -1 && y > -1 && x < limit && y < limit)) return 0;
  if (x >= 0 && y >= 0 && x < limit - 1 && y < limit - 1) {
    return bilinear(x, y, [&](int column, int row) { return at(column, row); });
  }
  return bilinear(x, y, [&](int column, int row) {
    return column < 0 || row < 0 || column >= side || row >= side ? std::complex<float>(0)
                                                                  : at(column, row);
  });
}

double DenseField::squared_norm() const {
  double sum = 0;
  for (const std::complex<float>& value : values) sum += static_cast<double>(std::norm(value));
  return sum;
}

DenseField field_of(const DenseCode& code) {
  DenseField field(kDenseSide);
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    field.values[i] = {static_cast<float>(code.values[i]),
                       static_cast<float>(code.values[i + field.values.size()])};
  }
  return field;
}

DenseField halved(const DenseField& field) {
  DenseField half(field.side / 2);
  for (int y = 0; y < half.side; ++y) {
    for (int x = 0; x < half.side; ++x) {
      half.at(x, y) = 0.25f * (field.at(2 * x, 2 * y) + field.at(2 * x + 1, 2 * y) +
                               field.at(2 * x, 2 * y + 1) + field.at(2 * x + 1, 2 * y + 1));
    }
  }
  return half;
}

namespace {

// Where the samples of a row or column of cells lie: between cells `before` (-1 to side - 1, cells
// outside are 0) and the one after it.
struct Sampled {
  std::vector<int> before;
  std::vector<float> weight;  // of the one after

  Sampled(int side, const FieldTurn& at, int sample) {
    for (int i = 0; i < side; ++i) {
      const float place = static_cast<float>(i) + at.first + at.step * static_cast<float>(sample);
      const float on_field = at.centre + at.cosine * place;
      const bool reaches = on_field > -1 && on_field < static_cast<float>(side);
      const float cell = reaches ? std::floor(on_field) : -1.0f;
      before.push_back(static_cast<int>(cell));
      weight.push_back(reaches ? on_field - cell : 0.0f);
    }
  }
};

// Without a turn rows and columns are sampled apart, each cell between the same two rows: the sums
// and products of `transformed`, in its order, in a tenth of its time.
DenseField shrunk(const DenseField& field, const FieldTurn& at) {
  const auto side = static_cast<std::size_t>(field.side);
  const auto samples = static_cast<std::size_t>(at.samples);
  std::vector<Sampled> sampled;
  for (int i = 0; i < at.samples; ++i) sampled.emplace_back(field.side, at, i);

  // By row of the field, one of zeros before and after them, and sample: of each cell both parts.
  const std::size_t width = 2 * side * samples;
  std::vector<float> rows((side + 2) * width);
  std::vector<std::complex<float>> padded(side + 2);
  for (std::size_t y = 0; y < side; ++y) {
    std::copy_n(&field.values[y * side], side, padded.begin() + 1);
    float* to = &rows[(y + 1) * width];
    for (const Sampled& places : sampled) {
      for (std::size_t x = 0; x < side; ++x) {
        const auto before = static_cast<std::size_t>(places.before[x] + 1);
        const float weight = places.weight[x];
        const std::complex<float> value =
            (1 - weight) * padded[before] + weight * padded[before + 1];
        *to++ = value.real();
        *to++ = value.imag();
      }
    }
  }
  DenseField result(field.side);
  std::vector<float> sums(2 * side);
  for (std::size_t y = 0; y < side; ++y) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (const Sampled& places : sampled) {
      const float* upper = &rows[static_cast<std::size_t>(places.before[y] + 1) * width];
      const float weight = places.weight[y];
      for (std::size_t i = 0; i < samples; ++i, upper += 2 * side) {
        const float* lower = upper + width;
        for (std::size_t k = 0; k < 2 * side; ++k) {
          sums[k] += (1 - weight) * upper[k] + weight * lower[k];
        }
      }
    }
    const std::complex<float> turn(at.turn_real, at.turn_imaginary);
    for (std::size_t x = 0; x < side; ++x) {
      result.values[y * side + x] = turn * std::complex<float>(sums[2 * x], sums[2 * x + 1]);
    }
  }
  return result;
}

}  // namespace

DenseField transformed(const DenseField& field, float rotation_rad, float shrink) {
  const FieldTurn at = field_turn(field.side, rotation_rad, shrink);
  if (rotation_rad == 0) return shrunk(field, at);
  DenseField result(field.side);
  const auto [samples, step, centre, first, c, s, real, imaginary] = at;
  const std::complex<float> turn(real, imaginary);
  // With a border of zeros, so that no cell around a place need be looked for.
  const int width = field.side + 2;
  std::vector<std::complex<float>> padded(static_cast<std::size_t>(width * width));
  for (int y = 0; y < field.side; ++y) {
    std::copy_n(&field.values[static_cast<std::size_t>(y * field.side)], field.side,
                padded.begin() + (y + 1) * width + 1);
  }
  const auto limit = static_cast<float>(field.side);
  for (int y = 0; y < field.side; ++y) {
    for (int x = 0; x < field.side; ++x) {
      std::complex<float> sum = 0;
      for (int i = 0; i < samples * samples; ++i) {
        const float px = static_cast<float>(x) + first + step * static_cast<float>(i % samples);
        const float py = static_cast<float>(y) + first + step * static_cast<float>(i / samples);
        const float fx = centre + c * px + s * py, fy = centre - s * px + c * py;
        if (!(fx > -1 && fy > -1 && fx < limit && fy < limit)) continue;
        sum += bilinear(fx, fy, [&](int column, int row) {
          return padded[static_cast<std::size_t>((row + 1) * width + column + 1)];
        });
      }
      result.at(x, y) = turn * sum;
    }
  }
  return result;
}

}  // namespace pressmark::kernels::cpu
