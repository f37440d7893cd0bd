// SPDX-License-Identifier: Apache-2.0
//
// What does comparing one pair of photos cost, beside OpenCV's SIFT matched by brute force with
// MAGSAC? CPU time of one thread, all in turns, the least of many rounds, so that a busy machine
// slows each alike. The photos are Debian's opencv-doc graf3.png and graf1.png, or two given ones.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "bench/baselines/opencv_sift.hpp"
#include "bench/process.hpp"
#include "engine/model/model_data.hpp"
#include "kernels/math/dense_search.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"

namespace {

using namespace pressmark;

constexpr int kRounds = 40;
constexpr std::size_t kBatch = 8;     // candidates of one dense search
constexpr std::size_t kAligned = 64;  // candidates that are aligned, as the one over and over
constexpr std::size_t kStarts = 10;   // of each, as many as votes propose

struct Timed {
  std::string name;
  std::function<void()> work;
  double pairs = 1, least_ms = 1e9;
};

void time_in_turns(std::vector<Timed>& list) {
  for (int round = 0; round < kRounds; ++round) {
    for (Timed& one : list) {
      const double start = bench::cpu_seconds();
      one.work();
      one.least_ms = std::min(one.least_ms, 1e3 * (bench::cpu_seconds() - start) / one.pairs);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = "/usr/share/doc/opencv-doc/examples/data/";
  const bool named = argc == 3;
  const std::string query_file = named ? argv[1] : folder + "graf3.png";
  const std::string hit_file = named ? argv[2] : folder + "graf1.png";

  const Model model = Model::load_default();
  const DescribeOptions options;
  const VerifyOptions verify;
  const Engine engine(model, options);
  const Description query = engine.describe_file(query_file).description;
  const Description hit = engine.describe_file(hit_file).description;
  const std::unique_ptr<kernels::Backend> backend = kernels::make_cpu_backend();
  const int even_size = model.data().raw.even_size;
  const kernels::CodesView query_codes{query.raw.keypoints, query.raw.codes};
  const kernels::CodesView hit_codes{hit.raw.keypoints, hit.raw.codes};

  kernels::SignedMatches matches;
  std::vector<kernels::KeypointPair> pairs;
  std::vector<kernels::PointPair> places;
  kernels::Consensus consensus;
  kernels::Registration registration;
  const auto match = [&] {
    backend->match(query_codes, {&hit_codes, 1}, even_size, verify.ratio, {&matches, 1});
  };
  const auto find_consensus = [&] {
    pairs.clear();
    places.clear();
    for (const kernels::CodeMatch& one : matches.same) {
      const Keypoint& q = query_codes.keypoints[static_cast<std::size_t>(one.query)];
      const Keypoint& h = hit_codes.keypoints[static_cast<std::size_t>(one.candidate)];
      pairs.push_back({q, h});
      places.push_back({q.x_px, q.y_px, h.x_px, h.y_px});
    }
    backend->find_consensus({&pairs, 1}, 3 * verify.threshold_px, {&consensus, 1});
  };
  const auto register_pairs = [&] {
    backend->register_pairs({&places, 1}, verify.threshold_px, {&registration, 1});
  };

  const auto sift_query =
      baselines::describe(query_file, options.long_side_px, options.max_keypoints);
  const auto sift_hit = baselines::describe(hit_file, options.long_side_px, options.max_keypoints);
  baselines::SiftMatch sift;

  const auto search = backend->prepare_search(query.dense);
  const std::vector<DenseCode> candidates(kBatch, hit.dense);
  std::vector<kernels::DenseMatch> found(kBatch);

  search->search({candidates.data(), 1}, {found.data(), 1});
  const kernels::DenseMatch correlated = found[0];
  kernels::DenseMatch refined;
  std::vector<kernels::DenseCell> cells;

  const auto alignment = backend->prepare_alignment(query.dense);
  kernels::DensePyramid pyramid;
  backend->reduce_dense({&hit.dense, 1}, {&pyramid, 1});
  const std::vector<const kernels::DensePyramid*> aligned(kAligned, &pyramid);
  // Around the places and turns of the frames' middles, within what shifts reach.
  std::vector<kernels::DenseStart> proposed;
  for (std::size_t i = 0; i < kStarts; ++i) {
    const float step = static_cast<float>(i) / kStarts - 0.5f;
    proposed.push_back({0.3f * step, 0, 0, 0.3f * step, 6 * step, step, 0});
  }
  const std::vector<std::span<const kernels::DenseStart>> starts(kAligned, proposed);
  std::vector<std::vector<kernels::DenseStart>> kept(kAligned), kept_again(kAligned);
  alignment->screen(aligned, starts, kept);
  const std::vector<std::span<const kernels::DenseStart>> best(kept.begin(), kept.end());
  std::vector<float> scores(kAligned);

  std::vector<Timed> list{
      {"match", match},
      {"find_consensus", find_consensus},
      {"register_pairs", register_pairs},
      {"OpenCV: brute force and MAGSAC",
       [&] { sift = baselines::match(sift_query, sift_hit, verify.threshold_px); }},
      {"dense search, prepared query, one candidate",
       [&] {
         search->search({candidates.data(), 1}, {found.data(), 1});
       }},
      {"dense search, prepared query, of eight candidates each",
       [&] { search->search(candidates, found); }, kBatch},
      {"dense search, query prepared (once for all candidates)",
       [&] { backend->prepare_search(query.dense); }},
      {"position refined",
       [&] {
         refined = correlated;
         backend->refine_dense(query.dense, {&hit.dense, 1}, {&refined, 1});
       }},
      {"congruent cells",
       [&] {
         backend->congruent_cells(query.dense, {&hit.dense, 1}, {&refined, 1}, {&cells, 1});
       }},
      {"alignment, query prepared (once for all images)",
       [&] { backend->prepare_alignment(query.dense); }},
      {"alignment, an image screened with ten starts",
       [&] { alignment->screen(aligned, starts, kept_again); }, kAligned},
      {"alignment, an image aligned with the best six of them",
       [&] { alignment->align(aligned, best, scores); }, kAligned},
  };
  time_in_turns(list);

  fmt::print("{} codes, {} codes; OpenCV {} and {} keypoints\n", query_codes.keypoints.size(),
             hit_codes.keypoints.size(), sift_query.keypoints.size(), sift_hit.keypoints.size());
  fmt::print(
      "{} matches, {} agreeing places, {} registered; OpenCV {} inliers; dense score {:.3f}\n",
      matches.same.size(), consensus.places, registration.inliers.size(), sift.query.size(),
      found[0].score);
  for (const Timed& one : list) fmt::print("{:<56} {:9.4f} ms\n", one.name, one.least_ms);
  const double screened = list[0].least_ms + list[1].least_ms, peer = list[3].least_ms;
  fmt::print("OpenCV / (match + find_consensus)                  {:5.1f}\n", peer / screened);
  fmt::print("OpenCV / (match + find_consensus + register_pairs) {:5.1f}\n",
             peer / (screened + list[2].least_ms));
  // Others search 24 rotations x 8 scales: the time for that many poses, in proportion.
  constexpr double kPoses = 2 * kernels::dense_search::kTurns * kernels::dense_search::kScales;
  fmt::print("dense search, scaled to 24 x 8 poses, of eight candidates {:.3f} ms\n",
             list[5].least_ms * 24 * 8 / kPoses);
  return 0;
}
