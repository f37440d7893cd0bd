// SPDX-License-Identifier: Apache-2.0
//
// Deterministic: all pairs are tried as hypotheses, in order; nothing is sampled. The formulas:
// kernels/math/pair_agreement.hpp.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "kernels/cpu/stages.hpp"
#include "kernels/math/pair_agreement.hpp"

namespace pressmark::kernels::cpu {
namespace {

// A set of pairs, and what each proposes.
struct PairSet {
  std::vector<PairPlace> places;
  std::vector<PairShape> shapes;
  std::vector<Similarity> similarities;

  explicit PairSet(const std::vector<KeypointPair>& pairs) {
    places.reserve(pairs.size());
    shapes.reserve(pairs.size());
    similarities.reserve(pairs.size());
    for (const KeypointPair& pair : pairs) {
      places.push_back(place_of(pair.query, pair.hit));
      shapes.push_back(shape_of(pair.query, pair.hit));
      similarities.push_back(similarity_of(pair.query, pair.hit));
    }
  }
  std::size_t size() const { return places.size(); }
};

int votes(const PairSet& pairs, std::size_t hypothesis) {
  const Similarity map = pairs.similarities[hypothesis];
  const PairPlace origin = pairs.places[hypothesis];
  const PairShape shape = pairs.shapes[hypothesis];
  int count = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const PairPlace& place = pairs.places[i];
    count += squared_error(map, place) <= squared_reach(origin, place) &&
             is_alike(pairs.shapes[i], shape);
  }
  return count;
}

// Pairs that agree with `map` in place (squared error at most reach(place)), size and orientation.
template <typename Reach>
std::vector<int> agreeing(const PairSet& pairs, const Affinity& map, const Reach& reach) {
  const PairShape shape = shape_of(map);
  std::vector<int> result;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const PairPlace& place = pairs.places[i];
    if (squared_error(map, place) <= static_cast<double>(reach(place)) &&
        is_alike(pairs.shapes[i], shape)) {
      result.push_back(static_cast<int>(i));
    }
  }
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

int count_places(const PairSet& pairs, const std::vector<int>& chosen) {
  std::vector<PairPlace> kept;
  for (const int i : chosen) {
    const PairPlace& place = pairs.places[static_cast<std::size_t>(i)];
    if (std::ranges::none_of(kept,
                             [&](const PairPlace& other) { return is_same_place(place, other); })) {
      kept.push_back(place);
    }
  }
  return static_cast<int>(kept.size());
}

Consensus refine_hypothesis(const PairSet& pairs, std::size_t hypothesis, float threshold_px) {
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
  const int places = count_places(pairs, chosen);
  if (places < kMinAgreeingPairs) return {};
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
    Consensus refined = refine_hypothesis(set, ranked[r].second, threshold_px);
    if (refined.places > output.places) output = std::move(refined);
  }
}

}  // namespace pressmark::kernels::cpu
