// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/cpu/dense.hpp"
#include "kernels/cpu/dense_field.hpp"

namespace pressmark::kernels::cpu {
namespace {

constexpr int kParameters = 6;
// First steps of the ascent: shifts in cells, linear parts dimensionless; halved kRounds - 1 times.
constexpr std::array<float, kParameters> kFirstSteps{0.08f, 0.08f, 0.04f, 0.04f, 1.5f, 1.5f};
constexpr int kRounds = 4;
constexpr double kLeastShare = 0.5;  // of a field's energy that counts at least

// Query from candidate, in cells from the centre of the frame. The linear part is
// [c - s; s c] (1 + [p q; q -p]) with (c, s) in 0, 1, the stretch (p, q) in 2, 3 and the shift in
// 4, 5.
using Parameters = std::array<float, kParameters>;

struct Map {
  float xx, xy, yx, yy, x, y;
  std::complex<float> turn;  // of doubled angles from query to candidate

  explicit Map(const Parameters& p)
      : xx(p[0] * (1 + p[2]) - p[1] * p[3]),
        xy(p[0] * p[3] - p[1] * (1 - p[2])),
        yx(p[1] * (1 + p[2]) + p[0] * p[3]),
        yy(p[1] * p[3] + p[0] * (1 - p[2])),
        x(p[4]),
        y(p[5]) {
    const float squared = std::max(1e-12f, p[0] * p[0] + p[1] * p[1]);
    turn = {(p[0] * p[0] - p[1] * p[1]) / squared, -2 * p[0] * p[1] / squared};
  }
};

Parameters parameters_of(const DensePosition& position) {
  const auto& a = position.linear;
  const double determinant = a[0] * a[3] - a[1] * a[2];
  const double inverse = std::fabs(determinant) > 1e-9 ? 1 / determinant : 1.0;
  const std::array<double, 4> b{a[3] * inverse, -a[1] * inverse, -a[2] * inverse, a[0] * inverse};
  // b = R (1 + S), R from the part without stretch.
  const double c = 0.5 * (b[0] + b[3]), s = 0.5 * (b[2] - b[1]);
  const double squared = std::max(1e-12, c * c + s * s);
  const double m = 0.5 * (b[0] - b[3]), n = 0.5 * (b[1] + b[2]);
  const double p = (c * m + s * n) / squared, q = (c * n - s * m) / squared;
  const double x = -(b[0] * position.shift_x + b[1] * position.shift_y) * kDenseSide;
  const double y = -(b[2] * position.shift_x + b[3] * position.shift_y) * kDenseSide;
  return {static_cast<float>(c), static_cast<float>(s), static_cast<float>(p),
          static_cast<float>(q), static_cast<float>(x), static_cast<float>(y)};
}

DensePosition position_of(const Parameters& parameters) {
  const Map map(parameters);
  const double xx = map.xx, xy = map.xy, yx = map.yx, yy = map.yy;
  const double determinant = xx * yy - xy * yx;
  const double inverse = std::fabs(determinant) > 1e-9 ? 1 / determinant : 1.0;
  DensePosition position;
  position.linear = {yy * inverse, -xy * inverse, -yx * inverse, xx * inverse};
  position.shift_x = -(position.linear[0] * map.x + position.linear[1] * map.y) / kDenseSide;
  position.shift_y = -(position.linear[2] * map.x + position.linear[3] * map.y) / kDenseSide;
  return position;
}

constexpr float kCentre = 0.5f * (kDenseSide - 1);

class Correlation {
 public:
  Correlation(const DenseField& query, const DenseField& candidate)
      : query_(query),
        candidate_(candidate),
        query_energy_(query.squared_norm()),
        candidate_energy_(candidate.squared_norm()) {}

  bool empty() const { return !(query_energy_ > 0 && candidate_energy_ > 0); }

  float operator()(const Parameters& parameters) const {
    const Map map(parameters);
    double product = 0, query = 0, candidate = 0;
    for (int y = 0; y < kDenseSide; ++y) {
      const float dy = static_cast<float>(y) - kCentre;
      for (int x = 0; x < kDenseSide; ++x) {
        const float dx = static_cast<float>(x) - kCentre;
        const float qx = kCentre + map.xx * dx + map.xy * dy + map.x;
        const float qy = kCentre + map.yx * dx + map.yy * dy + map.y;
        if (!(qx > -1 && qy > -1 && qx < kDenseSide && qy < kDenseSide)) continue;
        const std::complex<float> q = query_.sample(qx, qy) * map.turn, d = candidate_.at(x, y);
        product += static_cast<double>(q.real() * d.real() + q.imag() * d.imag());
        query += static_cast<double>(std::norm(q));
        candidate += static_cast<double>(std::norm(d));
      }
    }
    // Area of the candidate per area of the query.
    const double area =
        1 / std::max(1e-6, std::fabs(static_cast<double>(map.xx * map.yy - map.xy * map.yx)));
    const double query_part = std::max(query, kLeastShare * query_energy_ * area);
    const double candidate_part = std::max(candidate, kLeastShare * candidate_energy_);
    return static_cast<float>(product / std::sqrt(query_part * candidate_part));
  }

 private:
  const DenseField &query_, &candidate_;
  double query_energy_, candidate_energy_;
};

}  // namespace

DenseMatch refine_match(const DenseCode& query, const DenseCode& candidate,
                        const DenseMatch& match) {
  const DenseField query_field = field_of(query), candidate_field = field_of(candidate);
  const Correlation correlation(query_field, candidate_field);
  if (correlation.empty()) return {0, match.position};
  Parameters best = parameters_of(match.position);
  float score = correlation(best);
  Parameters steps = kFirstSteps;
  for (int round = 0; round < kRounds; ++round) {
    for (int pass = 0; pass < 2; ++pass) {
      bool moved = false;
      for (std::size_t i = kParameters; i-- > 0;) {  // shifts first
        for (float sign : {1.0f, -1.0f}) {
          Parameters trial = best;
          trial[i] += sign * steps[i];
          const float trial_score = correlation(trial);
          if (trial_score > score) {
            score = trial_score;
            best = trial;
            moved = true;
            break;
          }
        }
      }
      if (!moved) break;
    }
    for (float& step : steps) step *= 0.5f;
  }
  return {score, position_of(best)};
}

std::vector<DenseCell> congruent_cells(const DenseCode& query, const DenseCode& candidate,
                                       const DenseMatch& match) {
  constexpr int kCellsPerSide = 6;
  constexpr int kFirst = 2, kCellSide = 10;  // 6 x 10 of the 64 grid cells
  constexpr int kReach = 3;                  // shifts tried, in grid cells
  constexpr float kLeastEnergy = 0.25f;      // of the mean energy of a cell
  constexpr float kAgreeingScore = 0.5f, kAgreeingShift = 1.0f;

  const DenseField query_field = field_of(query), candidate_field = field_of(candidate);
  const auto& a = match.position.linear;
  const std::complex<float> rotated(static_cast<float>(a[0] + a[3]),
                                    static_cast<float>(a[2] - a[1]));
  const float length = std::max(1e-12f, std::norm(rotated));
  const std::complex<float> turn = rotated * rotated / length;
  const double mean_energy = query_field.squared_norm() * kCellSide * kCellSide /
                             (static_cast<double>(kDenseSide) * kDenseSide);
  std::vector<DenseCell> cells;
  for (int cell = 0; cell < kCellsPerSide * kCellsPerSide; ++cell) {
    const int left = kFirst + cell % kCellsPerSide * kCellSide;
    const int top = kFirst + cell / kCellsPerSide * kCellSide;
    DenseCell result;
    result.x = static_cast<float>(left) / kDenseSide;
    result.y = static_cast<float>(top) / kDenseSide;
    result.side = static_cast<float>(kCellSide) / kDenseSide;
    double best = -2;
    bool usable = true;
    for (int shift = 0; usable && shift < (2 * kReach + 1) * (2 * kReach + 1); ++shift) {
      const int sx = shift % (2 * kReach + 1) - kReach, sy = shift / (2 * kReach + 1) - kReach;
      double product = 0, query_energy = 0, candidate_energy = 0;
      int inside = 0;
      for (int y = top; y < top + kCellSide; ++y) {
        for (int x = left; x < left + kCellSide; ++x) {
          const double dx = static_cast<double>(static_cast<float>(x) - kCentre);
          const double dy = static_cast<double>(static_cast<float>(y) - kCentre);
          const auto cx =
              static_cast<float>(a[0] * dx + a[1] * dy + match.position.shift_x * kDenseSide + sx) +
              kCentre;
          const auto cy =
              static_cast<float>(a[2] * dx + a[3] * dy + match.position.shift_y * kDenseSide + sy) +
              kCentre;
          const std::complex<float> q = query_field.at(x, y) * turn;
          const std::complex<float> d = candidate_field.sample(cx, cy);
          product += static_cast<double>(q.real() * d.real() + q.imag() * d.imag());
          query_energy += static_cast<double>(std::norm(q));
          candidate_energy += static_cast<double>(std::norm(d));
          inside += cx >= 0 && cy >= 0 && cx <= kDenseSide - 1 && cy <= kDenseSide - 1;
        }
      }
      usable = query_energy > kLeastEnergy * mean_energy && query_energy > 0 &&
               2 * inside > kCellSide * kCellSide;
      const double energies = query_energy * candidate_energy;
      const double score = energies > 0 ? product / std::sqrt(energies) : 0;
      if (score <= best) continue;
      best = score;
      result.score = static_cast<float>(score);
      result.shift_x = static_cast<float>(sx) / kDenseSide;
      result.shift_y = static_cast<float>(sy) / kDenseSide;
    }
    if (usable) cells.push_back(result);
  }
  if (cells.empty()) return cells;
  const auto median = [&](float DenseCell::*part) {
    std::vector<float> values;
    for (const DenseCell& cell : cells) values.push_back(cell.*part);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  };
  const float x = median(&DenseCell::shift_x), y = median(&DenseCell::shift_y);
  constexpr float kTolerance = (kAgreeingShift + 0.01f) / kDenseSide;
  for (DenseCell& cell : cells) {
    cell.agrees = cell.score >= kAgreeingScore && std::fabs(cell.shift_x - x) <= kTolerance &&
                  std::fabs(cell.shift_y - y) <= kTolerance;
  }
  return cells;
}

}  // namespace pressmark::kernels::cpu
