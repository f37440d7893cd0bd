// SPDX-License-Identifier: Apache-2.0
//
// Numbers of single cells are those of the CUDA backend (kernels/cuda/dense_refine.cu); sums over
// them are of doubles, sixteen columns apart and then in order, whatever the instruction set.
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "kernels/cpu/coded_field.hpp"
#include "kernels/cpu/dense.hpp"
#include "kernels/math/dense_refine.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/dense_refine.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/field_samples-inl.hpp"

#ifndef PRESSMARK_KERNELS_CPU_DENSE_REFINE
#define PRESSMARK_KERNELS_CPU_DENSE_REFINE
namespace pressmark::kernels::cpu {

// The candidate's parts, row by row.
struct CandidateCells {
  alignas(64) std::array<float, std::size_t{kDenseSide} * kDenseSide> real, imaginary;
};

// Over the cells that the query covers.
struct OverlapSums {
  alignas(64) std::array<double, kFieldSums> product{};
  alignas(64) std::array<double, kFieldSums> query{};
  alignas(64) std::array<double, kFieldSums> candidate{};
};

}  // namespace pressmark::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void correlate(const CodedField& query, const CandidateCells& candidate,
               const dense_refine::Map& map, OverlapSums& sums) {
  using dense_refine::kCentre;
  const FieldTag tag;
  const auto turn_real = hn::Set(tag, map.turn_real);
  const auto turn_imaginary = hn::Set(tag, map.turn_imaginary);
  for (std::size_t y = 0; y < kDenseSide; ++y) {
    const float dy = static_cast<float>(y) - kCentre;
    for (std::size_t x = 0; x < kDenseSide; x += hn::Lanes(tag)) {
      const auto dx = hn::Sub(hn::Iota(tag, static_cast<float>(x)), hn::Set(tag, kCentre));
      const auto place = [&](float along_x, float along_y, float shift) HWY_ATTR {
        const auto along = hn::Add(hn::Set(tag, kCentre), hn::Mul(hn::Set(tag, along_x), dx));
        return hn::Add(hn::Add(along, hn::Set(tag, along_y * dy)), hn::Set(tag, shift));
      };
      const auto query_x = place(map.xx, map.xy, map.x), query_y = place(map.yx, map.yy, map.y);
      const auto covered = covers_places(kDenseSide, query_x, query_y);
      if (hn::AllFalse(tag, covered)) continue;
      const FieldValues q = sample_field(query, query_x, query_y, covered);
      const auto q_real = hn::Sub(hn::Mul(q.real, turn_real), hn::Mul(q.imaginary, turn_imaginary));
      const auto q_imaginary =
          hn::Add(hn::Mul(q.real, turn_imaginary), hn::Mul(q.imaginary, turn_real));
      const std::size_t at = y * kDenseSide + x;
      const auto d_real = hn::IfThenElseZero(covered, hn::Load(tag, candidate.real.data() + at));
      const auto d_imaginary =
          hn::IfThenElseZero(covered, hn::Load(tag, candidate.imaginary.data() + at));
      const std::size_t lane = x % kFieldSums;
      add_to(sums.product.data() + lane,
             hn::Add(hn::Mul(q_real, d_real), hn::Mul(q_imaginary, d_imaginary)));
      add_to(sums.query.data() + lane,
             hn::Add(hn::Mul(q_real, q_real), hn::Mul(q_imaginary, q_imaginary)));
      add_to(sums.candidate.data() + lane,
             hn::Add(hn::Mul(d_real, d_real), hn::Mul(d_imaginary, d_imaginary)));
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

using namespace dense_refine;

HWY_EXPORT(correlate);

double sum_of(const std::array<double, kFieldSums>& parts) {
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

class Correlation {
 public:
  Correlation(const DenseCode& query, const DenseCode& candidate)
      : query_(query),
        query_energy_(CodedField::squared_norm(query)),
        candidate_energy_(CodedField::squared_norm(candidate)) {
    const std::size_t cells = candidate_.real.size();
    for (std::size_t i = 0; i < cells; ++i) {
      candidate_.real[i] = static_cast<float>(candidate.values[i]);
      candidate_.imaginary[i] = static_cast<float>(candidate.values[i + cells]);
    }
  }

  bool empty() const { return !(query_energy_ > 0 && candidate_energy_ > 0); }

  float operator()(const Parameters& parameters) const {
    const Map map = map_of(parameters);
    OverlapSums sums;
    HWY_DYNAMIC_DISPATCH(correlate)(query_, candidate_, map, sums);
    const double norms = squared_norms(map, sum_of(sums.query), sum_of(sums.candidate),
                                       query_energy_, candidate_energy_);
    return static_cast<float>(sum_of(sums.product) / std::sqrt(norms));
  }

 private:
  CodedField query_;
  CandidateCells candidate_;
  double query_energy_, candidate_energy_;
};

}  // namespace

DenseMatch refine_match(const DenseCode& query, const DenseCode& candidate,
                        const DenseMatch& match) {
  const Correlation correlation(query, candidate);
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

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
