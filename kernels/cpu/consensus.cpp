// SPDX-License-Identifier: Apache-2.0
//
// Deterministic: all pairs are tried as hypotheses, in order; nothing is sampled. The formulas:
// kernels/math/pair_agreement.hpp.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "kernels/cpu/stages.hpp"
#include "kernels/math/pair_agreement.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/consensus.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The pairs that agree with a hypothesis. columns: six rows of `padded` values each, a multiple of
// 16: the four of PairPlace, the two of PairShape. Filling is NaN, which agrees with nothing. The
// formulas are those of squared_error, squared_reach and is_alike, operation by operation, so that
// the votes are those of every other backend.
int count_votes(const float* columns, std::size_t padded, const Similarity& map,
                const PairPlace& origin, const PairShape& shape) {
  const hn::CappedTag<float, 16> tag;
  const auto a = hn::Set(tag, map.a), b = hn::Set(tag, map.b);
  const auto u0 = hn::Set(tag, map.u0), v0 = hn::Set(tag, map.v0);
  const auto origin_x = hn::Set(tag, origin.hit_x), origin_y = hn::Set(tag, origin.hit_y);
  const auto log_scale = hn::Set(tag, shape.log_scale), turn_rad = hn::Set(tag, shape.turn_rad);
  const auto full_turn = hn::Set(tag, 2 * std::numbers::pi_v<float>);
  std::size_t votes = 0;
  for (std::size_t i = 0; i < padded; i += hn::Lanes(tag)) {
    const auto query_x = hn::LoadU(tag, columns + i);
    const auto query_y = hn::LoadU(tag, columns + padded + i);
    const auto hit_x = hn::LoadU(tag, columns + 2 * padded + i);
    const auto hit_y = hn::LoadU(tag, columns + 3 * padded + i);
    const auto scales = hn::AbsDiff(hn::LoadU(tag, columns + 4 * padded + i), log_scale);
    const auto turns = hn::AbsDiff(hn::LoadU(tag, columns + 5 * padded + i), turn_rad);
    const auto is_alike =
        hn::And(hn::Le(scales, hn::Set(tag, kMaxLogRatio)),
                hn::Le(hn::Min(turns, hn::Sub(full_turn, turns)), hn::Set(tag, kMaxTurn_rad)));
    if (hn::AllFalse(tag, is_alike)) continue;
    const auto dx = hn::Sub(hn::Add(hn::Sub(hn::Mul(a, query_x), hn::Mul(b, query_y)), u0), hit_x);
    const auto dy = hn::Sub(hn::Add(hn::Add(hn::Mul(b, query_x), hn::Mul(a, query_y)), v0), hit_y);
    const auto error = hn::Add(hn::Mul(dx, dx), hn::Mul(dy, dy));
    const auto far_x = hn::Sub(hit_x, origin_x), far_y = hn::Sub(hit_y, origin_y);
    const auto far = hn::Sqrt(hn::Add(hn::Mul(far_x, far_x), hn::Mul(far_y, far_y)));
    const auto reach =
        hn::Add(hn::Set(tag, kHypothesisError_px), hn::Mul(hn::Set(tag, kErrorPerDistance), far));
    votes += hn::CountTrue(tag, hn::And(is_alike, hn::Le(error, hn::Mul(reach, reach))));
  }
  return static_cast<int>(votes);
}

// Whether a pair is at the place of one of `count` others (is_same_place). columns: four rows of
// `padded` values, filled up with NaN, which is near to nothing.
bool is_at_any_place(const float* columns, std::size_t padded, std::size_t count,
                     const PairPlace& place) {
  const hn::CappedTag<float, 16> tag;
  const auto query_x = hn::Set(tag, place.query_x), query_y = hn::Set(tag, place.query_y);
  const auto hit_x = hn::Set(tag, place.hit_x), hit_y = hn::Set(tag, place.hit_y);
  const auto reach = hn::Set(tag, kSamePlace_px * kSamePlace_px);
  for (std::size_t i = 0; i < count; i += hn::Lanes(tag)) {
    const auto qx = hn::Sub(query_x, hn::LoadU(tag, columns + i));
    const auto qy = hn::Sub(query_y, hn::LoadU(tag, columns + padded + i));
    const auto hx = hn::Sub(hit_x, hn::LoadU(tag, columns + 2 * padded + i));
    const auto hy = hn::Sub(hit_y, hn::LoadU(tag, columns + 3 * padded + i));
    const auto is_near = hn::Or(hn::Lt(hn::Add(hn::Mul(qx, qx), hn::Mul(qy, qy)), reach),
                                hn::Lt(hn::Add(hn::Mul(hx, hx), hn::Mul(hy, hy)), reach));
    if (!hn::AllFalse(tag, is_near)) return true;
  }
  return false;
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(count_votes);
HWY_EXPORT(is_at_any_place);

// A set of pairs, and what each proposes.
struct PairSet {
  std::vector<PairPlace> places;
  std::vector<PairShape> shapes;
  std::vector<Similarity> similarities;
  std::size_t padded = 0;
  std::vector<float> columns;  // count_votes

  explicit PairSet(const std::vector<KeypointPair>& pairs) : padded((pairs.size() + 15) / 16 * 16) {
    places.reserve(pairs.size());
    shapes.reserve(pairs.size());
    similarities.reserve(pairs.size());
    columns.assign(6 * padded, std::numeric_limits<float>::quiet_NaN());
    for (const KeypointPair& pair : pairs) {
      float* column = columns.data() + places.size();
      places.push_back(place_of(pair.query, pair.hit));
      shapes.push_back(shape_of(pair.query, pair.hit));
      similarities.push_back(similarity_of(pair.query, pair.hit));
      const PairPlace& place = places.back();
      const PairShape& shape = shapes.back();
      for (const float value : {place.query_x, place.query_y, place.hit_x, place.hit_y,
                                shape.log_scale, shape.turn_rad}) {
        *column = value;
        column += padded;
      }
    }
  }
  std::size_t size() const { return places.size(); }
};

int votes(const PairSet& pairs, std::size_t hypothesis) {
  return HWY_DYNAMIC_DISPATCH(count_votes)(pairs.columns.data(), pairs.padded,
                                           pairs.similarities[hypothesis], pairs.places[hypothesis],
                                           pairs.shapes[hypothesis]);
}

// Pairs that agree with `map` in place (squared error at most reach(place)), size and orientation.
template <typename Reach>
std::vector<int> agreeing(const PairSet& pairs, const Affinity& map, const Reach& reach) {
  const PairShape shape = shape_of(map);
  // Every pair is written, and overwritten unless it agrees: which do is not to be foreseen.
  std::vector<int> result(pairs.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const PairPlace& place = pairs.places[i];
    const bool is_near = squared_error(map, place) <= static_cast<double>(reach(place));
    result[count] = static_cast<int>(i);
    count += static_cast<std::size_t>(is_near & is_alike(pairs.shapes[i], shape));
  }
  result.resize(count);
  return result;
}

FittedAffinity fit(const PairSet& pairs, const std::vector<int>& chosen, bool affine) {
  PairSums means;
  for (const int i : chosen) {
    const PairPlace& place = pairs.places[static_cast<std::size_t>(i)];
    means.x += place.query_x, means.y += place.query_y;
    means.u += place.hit_x, means.v += place.hit_y;
  }
  const auto n = static_cast<double>(chosen.size());
  means.x /= n, means.y /= n, means.u /= n, means.v /= n;
  PairMoments m;
  for (const int i : chosen) {
    const PairPlace& place = pairs.places[static_cast<std::size_t>(i)];
    const double x = place.query_x - means.x, y = place.query_y - means.y;
    const double u = place.hit_x - means.u, v = place.hit_y - means.v;
    m.xx += x * x, m.xy += x * y, m.yy += y * y;
    m.xu += x * u, m.yu += y * u, m.xv += x * v, m.yv += y * v;
  }
  return fit_affinity(static_cast<int>(chosen.size()), means, m, affine);
}

// Pairs that are at the place of none counted before them. Quadratic: the costliest part where most
// pairs agree.
int count_places(const PairSet& pairs, const std::vector<int>& chosen) {
  const std::size_t padded = (chosen.size() + 15) / 16 * 16;
  std::vector<float> kept(4 * padded, std::numeric_limits<float>::quiet_NaN());
  std::size_t count = 0;
  for (const int i : chosen) {
    const PairPlace& place = pairs.places[static_cast<std::size_t>(i)];
    if (HWY_DYNAMIC_DISPATCH(is_at_any_place)(kept.data(), padded, count, place)) continue;
    float* column = kept.data() + count++;
    for (const float value : {place.query_x, place.query_y, place.hit_x, place.hit_y}) {
      *column = value;
      column += padded;
    }
  }
  return static_cast<int>(count);
}

// Empty where no more than `fewest` places agree.
Consensus refine_hypothesis(const PairSet& pairs, std::size_t hypothesis, float threshold_px,
                            int fewest) {
  Affinity map = affinity_of(pairs.similarities[hypothesis]);
  std::vector<int> chosen = agreeing(pairs, map, [&](const PairPlace& place) {
    return squared_reach(pairs.places[hypothesis], place);
  });
  bool affine = false;
  for (const float factor : kTightening) {
    if (chosen.size() < kMinAgreeingPairs) return {};
    const FittedAffinity fitted = fit(pairs, chosen, affine);
    if (!fitted.found) return {};
    map = fitted.map;
    affine = true;
    const float reach = factor * threshold_px;
    chosen = agreeing(pairs, map, [&](const PairPlace&) { return reach * reach; });
  }
  // There are no more places than pairs.
  if (chosen.size() <= static_cast<std::size_t>(fewest)) return {};
  const int places = count_places(pairs, chosen);
  if (places < kMinAgreeingPairs || places <= fewest) return {};
  return {places, map, std::move(chosen)};
}

}  // namespace

void find_consensus(const std::vector<KeypointPair>& pairs, float threshold_px, Consensus& output) {
  output = {};
  if (pairs.size() < kMinAgreeingPairs) return;
  const PairSet set(pairs);

  std::vector<std::pair<int, std::size_t>> ranked;  // negative votes, hypothesis
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (std::fabs(set.shapes[i].log_scale) > kMaxLogScale) continue;
    const int count = votes(set, i);
    if (count >= kMinAgreeingPairs) ranked.emplace_back(-count, i);
  }
  const std::size_t top = std::min<std::size_t>(ranked.size(), kRefinedHypotheses);
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(top),
                    ranked.end());
  for (std::size_t r = 0; r < top; ++r) {
    Consensus refined = refine_hypothesis(set, ranked[r].second, threshold_px, output.places);
    if (refined.places > output.places) output = std::move(refined);
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
