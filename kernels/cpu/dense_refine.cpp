// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/cpu/dense.hpp"
#include "kernels/cpu/dense_field.hpp"
#include "kernels/math/congruent_cells.hpp"
#include "kernels/math/dense_refine.hpp"

namespace pressmark::kernels::cpu {
namespace {

using namespace dense_refine;

class Correlation {
 public:
  Correlation(const DenseField& query, const DenseField& candidate)
      : query_(query),
        candidate_(candidate),
        query_energy_(query.squared_norm()),
        candidate_energy_(candidate.squared_norm()) {}

  bool empty() const { return !(query_energy_ > 0 && candidate_energy_ > 0); }

  float operator()(const Parameters& parameters) const {
    const Map map = map_of(parameters);
    const std::complex<float> turn(map.turn_real, map.turn_imaginary);
    double product = 0, query = 0, candidate = 0;
    for (int y = 0; y < kDenseSide; ++y) {
      const float dy = static_cast<float>(y) - kCentre;
      for (int x = 0; x < kDenseSide; ++x) {
        const float dx = static_cast<float>(x) - kCentre;
        const float qx = kCentre + map.xx * dx + map.xy * dy + map.x;
        const float qy = kCentre + map.yx * dx + map.yy * dy + map.y;
        if (!covers(qx, qy)) continue;
        const std::complex<float> q = query_.sample(qx, qy) * turn, d = candidate_.at(x, y);
        product += static_cast<double>(q.real() * d.real() + q.imag() * d.imag());
        query += static_cast<double>(std::norm(q));
        candidate += static_cast<double>(std::norm(d));
      }
    }
    return static_cast<float>(product / std::sqrt(squared_norms(map, query, candidate,
                                                                query_energy_, candidate_energy_)));
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
  const auto& [linear, shift_x, shift_y] = match.position;
  Parameters best = parameters_of({linear, shift_x, shift_y});
  float score = correlation(best);
  Parameters steps;
  for (int i = 0; i < kParameters; ++i) steps[static_cast<std::size_t>(i)] = first_step(i);
  for (int round = 0; round < kRounds; ++round) {
    for (int pass = 0; pass < kPasses; ++pass) {
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
  const Position refined = position_of(best);
  return {score, {refined.linear, refined.shift_x, refined.shift_y}};
}

std::vector<DenseCell> congruent_cells(const DenseCode& query, const DenseCode& candidate,
                                       const DenseMatch& match) {
  using namespace kernels::congruent_cells;
  const DenseField query_field = field_of(query), candidate_field = field_of(candidate);
  const Turn turn_parts = turn_of(match.position.linear);
  const std::complex<float> turn(turn_parts.real, turn_parts.imaginary);
  const double whole_energy = query_field.squared_norm();
  std::vector<DenseCell> cells;
  for (int cell = 0; cell < kCells; ++cell) {
    const int left = left_of(cell), top = top_of(cell);
    DenseCell result;
    double best = -2;
    bool usable = true;
    for (int shift = 0; usable && shift < kShifts; ++shift) {
      const int sx = shift_x_of(shift), sy = shift_y_of(shift);
      double product = 0, query_energy = 0, candidate_energy = 0;
      int inside = 0;
      for (int y = top; y < top + kCellSide; ++y) {
        for (int x = left; x < left + kCellSide; ++x) {
          const Place place =
              place_of(match.position, static_cast<double>(static_cast<float>(x) - kCellsCentre),
                       static_cast<double>(static_cast<float>(y) - kCellsCentre));
          const float cx = static_cast<float>(place.x + sx) + kCellsCentre;
          const float cy = static_cast<float>(place.y + sy) + kCellsCentre;
          const std::complex<float> q = query_field.at(x, y) * turn;
          const std::complex<float> d = candidate_field.sample(cx, cy);
          product += static_cast<double>(q.real() * d.real() + q.imag() * d.imag());
          query_energy += static_cast<double>(std::norm(q));
          candidate_energy += static_cast<double>(std::norm(d));
          inside += is_inside(cx, cy);
        }
      }
      usable = is_usable(query_energy, whole_energy, inside);
      const double energies = query_energy * candidate_energy;
      const double score = energies > 0 ? product / std::sqrt(energies) : 0;
      if (score <= best) continue;
      best = score;
      result = cell_at<DenseCell>(cell, shift, static_cast<float>(score));
    }
    if (usable) cells.push_back(result);
  }
  mark_agreeing<DenseCell>(cells);
  return cells;
}

}  // namespace pressmark::kernels::cpu
