// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/verify.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <set>
#include <utility>

#include "engine/verify/dense_evidence.hpp"
#include "engine/verify/false_alarms.hpp"
#include "engine/verify/fusion.hpp"
#include "engine/verify/geometry.hpp"
#include "engine/verify/guided_match.hpp"
#include "engine/verify/mould.hpp"

namespace pressmark::verify {
namespace {

// Keypoints crowd on the mark, so a chance match falls there, not anywhere in the photo: the area
// where it may fall is the part of the hit that has keypoints, in cells of this side.
constexpr double kCell_px = 16.0;
constexpr double kTrialCell_px = 8.0;
// Probability that keypoints of unrelated photos, alike in place, orientation and size, have codes
// within kGuidedDistance.
constexpr double kChanceOfLikeness = 0.1;

// A group of places this small is found between any two photos: nothing to register.
constexpr int kMinAgreeing = 5;
// The channel that agrees in more places is registered, and the other one too where it agrees in
// this many and nearly as many: which of them registers better only the inliers tell.
constexpr int kEnoughToChoose = 15;
constexpr double kNearlyAsMany = 0.7;
// Consensus is sought by an affinity, which perspective and the package's curvature bend.
constexpr float kConsensusSlack = 3.0f;

kernels::CodesView view(const LocalCodes& local) {
  return {local.keypoints, local.codes};
}

std::vector<kernels::PointPair> to_pairs(const std::vector<kernels::CodeMatch>& matches,
                                         const LocalCodes& query, const LocalCodes& hit) {
  std::vector<kernels::PointPair> pairs;
  pairs.reserve(matches.size());
  for (const kernels::CodeMatch& match : matches) {
    const Keypoint& q = query.keypoints[static_cast<std::size_t>(match.query)];
    const Keypoint& h = hit.keypoints[static_cast<std::size_t>(match.candidate)];
    pairs.push_back({q.x_px, q.y_px, h.x_px, h.y_px});
  }
  return pairs;
}

kernels::Registration register_one(const kernels::Backend& backend,
                                   const std::vector<kernels::PointPair>& pairs, float threshold) {
  kernels::Registration registration;
  backend.register_pairs({&pairs, 1}, threshold, {&registration, 1});
  return registration;
}

// Several keypoints at one place (orientations, neighbouring scales) are one piece of evidence.
// Counts pairs that keep `separation` from all counted before them, in both images.
class DistinctPlaces {
 public:
  explicit DistinctPlaces(double separation_px)
      : squared_separation_(separation_px * separation_px) {}

  bool add(const kernels::PointPair& pair) {
    for (const kernels::PointPair& kept : kept_) {
      if (is_near(kept.query_x - pair.query_x, kept.query_y - pair.query_y) ||
          is_near(kept.hit_x - pair.hit_x, kept.hit_y - pair.hit_y)) {
        return false;
      }
    }
    kept_.push_back(pair);
    return true;
  }
  int count() const { return static_cast<int>(kept_.size()); }

 private:
  bool is_near(float dx, float dy) const { return dx * dx + dy * dy < squared_separation_; }

  double squared_separation_;
  std::vector<kernels::PointPair> kept_;
};

double squared_error(const Matrix3& map, const kernels::PointPair& pair) {
  Point mapped;
  if (!map_point(map, {pair.query_x, pair.query_y}, mapped)) return INFINITY;
  const double dx = mapped.x - pair.hit_x, dy = mapped.y - pair.hit_y;
  return dx * dx + dy * dy;
}

// Probability that a chance match falls within the threshold of its predicted place.
double chance_of_agreement(const LocalCodes& hit, double threshold_px) {
  std::set<std::pair<int, int>> cells;
  for (const Keypoint& point : hit.keypoints) {
    cells.emplace(static_cast<int>(point.x_px / kCell_px), static_cast<int>(point.y_px / kCell_px));
  }
  const double area =
      kCell_px * kCell_px * static_cast<double>(std::max<std::size_t>(1, cells.size()));
  return std::min(0.5, std::numbers::pi * threshold_px * threshold_px / area);
}

int minimal_sample(TransformKind kind) {
  switch (kind) {
    case TransformKind::kSimilarity:
      return 2;
    case TransformKind::kAffine:
      return 3;
    case TransformKind::kHomography:
      return 4;
  }
  return 4;
}

// -log10 NFA of the tentative matches that agree with the map; guided pairs were chosen for their
// place, so their agreement proves nothing.
double agreement_score(const std::vector<kernels::PointPair>& tentative, const Matrix3& map,
                       TransformKind kind, const LocalCodes& hit, double threshold_px) {
  DistinctPlaces agreeing(threshold_px), others(threshold_px);
  for (const auto& pair : tentative) {
    const bool agrees = squared_error(map, pair) <= threshold_px * threshold_px;
    (agrees ? agreeing : others).add(pair);
  }
  const double log_nfa =
      log10_false_alarms(agreeing.count() + others.count(), agreeing.count(), minimal_sample(kind),
                         chance_of_agreement(hit, threshold_px));
  return std::isfinite(log_nfa) ? std::max(0.0, -log_nfa) : 0.0;
}

// Evidence beside the tentative matches: of the other query keypoints for which the map predicts a
// keypoint of the hit, and there is one, how many also look alike? For one and the same mark most
// do, for an accidental alignment, or a mark that shares only a part, few.
double appearance_score(const std::vector<kernels::CodeMatch>& tentative,
                        const GuidedMatches& guided, const LocalCodes& query) {
  std::vector<char> is_fresh = guided.expected;
  for (const kernels::CodeMatch& match : tentative) {
    is_fresh[static_cast<std::size_t>(match.query)] = 0;
  }
  // Keypoints at one place are one trial, and one success at most.
  std::set<std::pair<int, int>> trials, successes;
  const auto cell_of = [&](std::size_t q) {
    const Keypoint& point = query.keypoints[q];
    return std::pair(static_cast<int>(point.x_px / kTrialCell_px),
                     static_cast<int>(point.y_px / kTrialCell_px));
  };
  for (std::size_t q = 0; q < is_fresh.size(); ++q) {
    if (is_fresh[q] != 0) trials.insert(cell_of(q));
  }
  for (const kernels::CodeMatch& match : guided.matches) {
    const auto q = static_cast<std::size_t>(match.query);
    if (is_fresh[q] != 0) successes.insert(cell_of(q));
  }
  return -log10_binomial_tail(static_cast<int>(trials.size()), static_cast<int>(successes.size()),
                              kChanceOfLikeness);
}

void describe_inliers(const std::vector<kernels::PointPair>& pairs, const Matrix3& map,
                      const Description& query, const Description& hit, double threshold_px,
                      Verification& result) {
  DistinctPlaces places(threshold_px);
  std::vector<Point> query_points, hit_points;
  Point centre;
  double squared_sum = 0;
  const auto to_photo = [](double value, double origin, double scale) {
    return static_cast<float>(origin + scale * (value + 0.5) - 0.5);
  };
  for (const kernels::PointPair& pair : pairs) {
    const double squared = squared_error(map, pair);
    if (squared > threshold_px * threshold_px || !places.add(pair)) continue;
    squared_sum += squared;
    query_points.push_back({pair.query_x, pair.query_y});
    hit_points.push_back({pair.hit_x, pair.hit_y});
    centre.x += pair.query_x;
    centre.y += pair.query_y;
    result.inliers.push_back({to_photo(pair.query_x, query.photo_origin_x, query.photo_scale),
                              to_photo(pair.query_y, query.photo_origin_y, query.photo_scale),
                              to_photo(pair.hit_x, hit.photo_origin_x, hit.photo_scale),
                              to_photo(pair.hit_y, hit.photo_origin_y, hit.photo_scale)});
  }
  result.inlier_count = places.count();
  if (result.inlier_count == 0) return;
  result.registered = true;
  centre = {centre.x / result.inlier_count, centre.y / result.inlier_count};
  result.error_px = std::sqrt(squared_sum / result.inlier_count);
  const auto share = [](std::vector<Point> points, const Description& description) {
    const double area = static_cast<double>(description.width_px) * description.height_px;
    return std::min(1.0, hull_area(std::move(points)) / area);
  };
  result.area_query = share(std::move(query_points), query);
  result.area_hit = share(std::move(hit_points), hit);
  local_scale_rotation(map, centre, result.transform.scale, result.transform.rotation_deg);
  // The figures are of photo pixels; both photos were reduced by their own factor.
  result.transform.scale *= hit.photo_scale / query.photo_scale;
}

// The better of the two contrast hypotheses in one channel.
struct Found {
  LocalEvidence evidence;
  std::vector<kernels::CodeMatch> matches;
};

std::vector<kernels::KeypointPair> to_keypoint_pairs(const std::vector<kernels::CodeMatch>& matches,
                                                     const LocalCodes& query, const LocalCodes& hit,
                                                     bool is_inverted) {
  std::vector<kernels::KeypointPair> pairs;
  pairs.reserve(matches.size());
  for (const kernels::CodeMatch& match : matches) {
    pairs.push_back({query.keypoints[static_cast<std::size_t>(match.query)],
                     hit.keypoints[static_cast<std::size_t>(match.candidate)]});
    if (is_inverted) pairs.back().query.angle_rad += std::numbers::pi_v<float>;
  }
  return pairs;
}

// Of each hit.
std::vector<Found> find(const kernels::Backend& backend, Channel channel, const Description& query,
                        std::span<const Description* const> hits, int even_size,
                        const VerifyOptions& options) {
  const LocalCodes& codes = query.local(channel);
  std::vector<kernels::CodesView> views;
  for (const Description* hit : hits) views.push_back(view(hit->local(channel)));
  std::vector<kernels::SignedMatches> matches(hits.size());
  backend.match(view(codes), views, even_size, options.ratio, matches);

  std::vector<std::vector<kernels::KeypointPair>> pairs;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const LocalCodes& hit = hits[i]->local(channel);
    pairs.push_back(to_keypoint_pairs(matches[i].same, codes, hit, false));
    pairs.push_back(to_keypoint_pairs(matches[i].inverted, codes, hit, true));
  }
  std::vector<kernels::Consensus> consensus(pairs.size());
  backend.find_consensus(pairs, kConsensusSlack * options.threshold_px, consensus);

  std::vector<Found> found(hits.size());
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const bool is_inverted = consensus[2 * i + 1].places > consensus[2 * i].places;
    std::vector<kernels::CodeMatch>& tentative =
        is_inverted ? matches[i].inverted : matches[i].same;
    found[i].evidence = {static_cast<int>(tentative.size()),
                         consensus[2 * i + (is_inverted ? 1 : 0)].places, is_inverted};
    found[i].matches = std::move(tentative);
  }
  return found;
}

void register_channel(const kernels::Backend& backend, const models::ModelData& model,
                      const Found& found, const Description& query_description,
                      const Description& hit_description, const VerifyOptions& options,
                      Verification& result) {
  const int even_size = model.local(result.channel).even_size;
  const LocalCodes& query_codes = query_description.local(result.channel);
  const LocalCodes& hit = hit_description.local(result.channel);
  const LocalCodes query =
      found.evidence.inverted ? with_inverted_contrast(query_codes, even_size) : query_codes;
  const std::vector<kernels::PointPair> tentative = to_pairs(found.matches, query, hit);
  kernels::Registration registration = register_one(backend, tentative, options.threshold_px);
  if (!registration.found) return;

  double score = agreement_score(tentative, registration.hit_from_query, registration.kind, hit,
                                 options.threshold_px);
  std::vector<kernels::PointPair> pairs = tentative;
  GuidedMatches guided =
      guided_match(query, hit, registration.hit_from_query, options.threshold_px);
  std::vector<kernels::PointPair> guided_pairs = to_pairs(guided.matches, query, hit);
  kernels::Registration refined = register_one(backend, guided_pairs, options.threshold_px);
  if (refined.found && refined.inliers.size() >= registration.inliers.size()) {
    score = std::max(score, agreement_score(tentative, refined.hit_from_query, refined.kind, hit,
                                            options.threshold_px));
    registration = std::move(refined);
    pairs = std::move(guided_pairs);
  }
  if (score > 0) score += appearance_score(found.matches, guided, query);
  result.log_false_alarms = score;
  result.transform.kind = registration.kind;
  result.transform.hit_from_query =
      to_photo_pixels(registration.hit_from_query, query_description, hit_description);
  describe_inliers(pairs, registration.hit_from_query, query_description, hit_description,
                   options.threshold_px, result);
  if (result.inlier_count >= options.min_inliers) {
    count_details(backend, model, query_description, hit_description, registration.hit_from_query,
                  options.threshold_px, result.mould);
  }
}

// Cells around the registration by keypoints, or, where that rests on too few, around the best
// correlation: then the transform is the one that the cells agree on.
void locate_cells(const kernels::Backend& backend, const Description& query, const Description& hit,
                  const kernels::DensePosition& correlated, const VerifyOptions& options,
                  Verification& result) {
  kernels::DensePosition position = correlated;
  const bool by_keypoints =
      result.inlier_count >= options.min_inliers &&
      dense_position(to_canonical_pixels(result.transform.hit_from_query, query, hit), query, hit,
                     position);
  position = compare_cells(backend, query, hit, position, result.dense);
  if (by_keypoints || result.inlier_count >= options.min_inliers ||
      result.dense.agreeing_cells < options.min_cells) {
    return;
  }
  const Matrix3 map = hit_from_query_of(position, query, hit);
  result.registered = true;
  result.transform.kind = TransformKind::kAffine;
  result.transform.hit_from_query = to_photo_pixels(map, query, hit);
  local_scale_rotation(map, {0.5 * query.width_px, 0.5 * query.height_px}, result.transform.scale,
                       result.transform.rotation_deg);
  result.transform.scale *= hit.photo_scale / query.photo_scale;
  // Those few keypoints agree with another transform.
  result.inlier_count = 0;
  result.inliers.clear();
  result.area_query = result.area_hit = result.error_px = 0;
}

// From what was found in each channel and by the dense codes.
Verification judge_pair(const kernels::Backend& backend, const models::ModelData& model,
                        const Description& query, const Description& hit,
                        const std::array<Found, 2>& found, const kernels::DenseMatch& dense,
                        const VerifyOptions& options) {
  Verification result;
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    result.local(kChannels[c]) = found[c].evidence;
  }
  const std::size_t first = found[1].evidence.agreeing > found[0].evidence.agreeing ? 1 : 0;
  const int most = found[first].evidence.agreeing, fewer = found[1 - first].evidence.agreeing;
  result.channel = kChannels[first];
  if (most >= kMinAgreeing) {
    const Verification unregistered = result;
    register_channel(backend, model, found[first], query, hit, options, result);
    if (fewer >= kEnoughToChoose && fewer >= kNearlyAsMany * most) {
      Verification other = unregistered;
      other.channel = kChannels[1 - first];
      register_channel(backend, model, found[1 - first], query, hit, options, other);
      if (other.inlier_count > result.inlier_count) result = std::move(other);
    }
  }
  result.dense.score = dense.score;
  result.dense.normalised = static_cast<float>(
      kernels::normalised_score(dense.score, query.dense_cohort, hit.dense_cohort));
  result.evidence = fused_evidence(model.fusion, fusion_features(result));
  result.score = score_of_evidence(model.fusion, result.evidence);
  if (result.score >= options.min_score) {
    locate_cells(backend, query, hit, dense.position, options, result);
    result.verified = result.inlier_count >= options.min_inliers ||
                      result.dense.agreeing_cells >= options.min_cells;
  }
  result.mould.evidence = mould_evidence(model.mould, mould_features(result, query, hit));
  judge_mould(model.mould, result);
  return result;
}

}  // namespace

std::vector<Verification> verify_pairs(const kernels::Backend& backend,
                                       const models::ModelData& model,
                                       const PreparedQuery& prepared,
                                       std::span<const Description* const> hits,
                                       const VerifyOptions& options) {
  const Description& query = prepared.description();
  std::array<std::vector<Found>, 2> found;
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    found[c] =
        find(backend, kChannels[c], query, hits, model.local(kChannels[c]).even_size, options);
  }
  std::vector<DenseCode> codes;
  for (const Description* hit : hits) codes.push_back(hit->dense);
  std::vector<kernels::DenseMatch> dense(hits.size());
  prepared.dense().search(codes, dense);

  std::vector<Verification> results;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    results.push_back(judge_pair(backend, model, query, *hits[i],
                                 {std::move(found[0][i]), std::move(found[1][i])}, dense[i],
                                 options));
  }
  return results;
}

Verification verify_pair(const kernels::Backend& backend, const models::ModelData& model,
                         const PreparedQuery& query, const Description& hit,
                         const VerifyOptions& options) {
  const Description* const hits[] = {&hit};
  return std::move(verify_pairs(backend, model, query, hits, options).front());
}

}  // namespace pressmark::verify
