// SPDX-License-Identifier: Apache-2.0
//
// All agree exactly: products are integers, and sums of floats follow the CPU's order.
#include "stage_runs.hpp"
#include "tests/kernels/conformance.hpp"

namespace pressmark::kernels {
namespace {

std::vector<double> similarities(const Backend& backend, std::size_t count) {
  std::mt19937_64 random(11);
  const std::vector<std::int8_t> code = random_codes(random, 1),
                                 codes = random_codes(random, count);
  std::vector<std::int32_t> outputs(count);
  backend.similarities(code, codes, outputs);
  return {outputs.begin(), outputs.end()};
}

std::vector<std::vector<std::int8_t>> code_sets(std::mt19937_64& random,
                                                const std::vector<std::size_t>& counts) {
  std::vector<std::vector<std::int8_t>> sets;
  for (const std::size_t count : counts) sets.push_back(random_codes(random, count));
  return sets;
}

// For each set of as many codes.
std::vector<double> assign(const Backend& backend, const std::vector<std::size_t>& counts,
                           std::size_t words, int even_size, int nearest) {
  std::mt19937_64 random(12);
  std::vector<std::int8_t> centroids = random_codes(random, words);
  // Words that are equally near.
  if (words > 100) std::copy_n(centroids.begin(), kLocalCodeSize, centroids.end() - kLocalCodeSize);
  std::vector<std::vector<std::int8_t>> sets = code_sets(random, counts);
  if (!sets.empty() && !sets[0].empty()) {
    std::copy_n(centroids.begin(), kLocalCodeSize, sets[0].begin());
  }
  const std::vector<std::span<const std::int8_t>> views(sets.begin(), sets.end());
  std::vector<WordAssignment> outputs(sets.size());
  backend.assign(views, {static_cast<int>(words), centroids}, even_size, nearest, outputs);
  std::vector<double> row;
  for (const WordAssignment& output : outputs) {
    row.push_back(static_cast<double>(output.same.size()));
    row.insert(row.end(), output.same.begin(), output.same.end());
    row.insert(row.end(), output.inverted.begin(), output.inverted.end());
  }
  return row;
}

std::vector<double> aggregate(const Backend& backend, const std::vector<std::size_t>& counts,
                              int words, int global_size) {
  std::mt19937_64 random(13);
  const std::size_t vlad_size = static_cast<std::size_t>(words) * kLocalCodeSize;
  const std::vector<float> centroids = uniform_values(random, vlad_size, -0.15, 0.15);
  const std::vector<float> mean = uniform_values(random, vlad_size, -0.01, 0.01);
  const std::vector<float> projection =
      uniform_values(random, vlad_size * static_cast<std::size_t>(global_size), -1, 1);
  Aggregation aggregation{words, static_cast<int>(vlad_size), centroids, {}, {}};
  if (global_size > 0) aggregation = {words, global_size, centroids, mean, projection};
  const std::vector<std::vector<std::int8_t>> sets = code_sets(random, counts);
  std::vector<std::vector<float>> outputs(sets.size());
  backend.aggregate(sets, aggregation, outputs);
  std::vector<double> row;
  for (const std::vector<float>& output : outputs) {
    row.push_back(static_cast<double>(output.size()));
    row.insert(row.end(), output.begin(), output.end());
  }
  return row;
}

struct Side {
  std::vector<Keypoint> keypoints;
  std::vector<std::int8_t> codes;
  operator CodesView() const { return {keypoints, codes}; }
};

// The first codes resemble those of `like`, every other one with inverted contrast.
Side side_like(std::mt19937_64& random, const Side& like, std::size_t count, double side_px,
               int even_size) {
  Side side{random_keypoints(random, count, side_px), random_codes(random, count)};
  const std::size_t alike = std::min(like.keypoints.size(), count) * 2 / 3;
  for (std::size_t i = 0; i < alike; ++i) {
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      const bool negated = i % 2 == 1 && static_cast<int>(d) >= even_size;
      const int value = like.codes[i * kLocalCodeSize + d];
      side.codes[i * kLocalCodeSize + d] =
          static_cast<std::int8_t>((negated ? -value : value) + uniform(random, -9, 9));
    }
  }
  return side;
}

std::vector<double> match(const Backend& backend, std::size_t queries,
                          const std::vector<std::size_t>& counts, double side_px, int even_size,
                          float ratio) {
  std::mt19937_64 random(14);
  const Side query = side_like(random, {}, queries, side_px, even_size);
  std::vector<Side> sides;
  for (const std::size_t count : counts) {
    sides.push_back(side_like(random, query, count, side_px, even_size));
  }
  const std::vector<CodesView> views(sides.begin(), sides.end());
  std::vector<SignedMatches> outputs(sides.size());
  backend.match(query, views, even_size, ratio, outputs);
  std::vector<double> row;
  for (const SignedMatches& output : outputs) {
    for (const std::vector<CodeMatch>* matches : {&output.same, &output.inverted}) {
      row.push_back(static_cast<double>(matches->size()));
      for (const CodeMatch& found : *matches) {
        row.insert(row.end(), {static_cast<double>(found.query),
                               static_cast<double>(found.candidate), double{found.distance}});
      }
    }
  }
  return row;
}

}  // namespace

std::vector<StageRun> code_runs() {
  using Row = std::vector<double>;
  return {
      {"SimilaritiesOfNone", 0, [](const Backend& backend) { return similarities(backend, 0); }},
      {"SimilaritiesOf300", 0, [](const Backend& backend) { return similarities(backend, 300); }},
      // The CUDA backend leaves fewer than 65 536 to the CPU.
      {"SimilaritiesOf66000", 0,
       [](const Backend& backend) { return similarities(backend, 66'000); }},

      {"AssignNoSets", 0, [](const Backend& backend) { return assign(backend, {}, 5, 32, 2); }},
      {"AssignEmptySets", 0,
       [](const Backend& backend) -> Row {
         return assign(backend, {0, 0}, 5, 32, 2);
       }},
      {"AssignOneWord", 0,
       [](const Backend& backend) -> Row { return assign(backend, {3}, 1, 30, 1); }},
      {"AssignNearestOf65Words", 0,
       [](const Backend& backend) -> Row { return assign(backend, {130}, 65, 32, 1); }},
      {"AssignThreeOf2500Words", 0,
       [](const Backend& backend) -> Row {
         return assign(backend, {17, 0, 5}, 2500, 34, 3);
       }},
      {"AssignSixteenOf500Words", 0,
       [](const Backend& backend) -> Row {
         return assign(backend, {9, 1}, 500, 64, 16);
       }},
      {"AssignAllOfSixteenWords", 0,
       [](const Backend& backend) -> Row { return assign(backend, {9}, 16, 0, 16); }},

      {"AggregateNoSets", 0, [](const Backend& backend) { return aggregate(backend, {}, 7, 19); }},
      {"AggregateEmptySets", 0,
       [](const Backend& backend) -> Row {
         return aggregate(backend, {0, 0}, 7, 19);
       }},
      {"AggregateWithoutProjection", 0,
       [](const Backend& backend) -> Row {
         return aggregate(backend, {33, 0, 1, 200}, 7, 0);
       }},
      {"AggregateOneWord", 0,
       [](const Backend& backend) -> Row { return aggregate(backend, {5}, 1, 1); }},
      {"AggregateTenSets", 0,
       [](const Backend& backend) -> Row {
         return aggregate(backend, {40, 0, 1, 33, 7, 64, 2, 31, 32, 90}, 35, 19);
       }},
      {"Aggregate2100Codes", 0,
       [](const Backend& backend) -> Row { return aggregate(backend, {2100}, 33, 33); }},

      {"MatchNoCandidates", 0,
       [](const Backend& backend) { return match(backend, 5, {}, 300, 32, 0.9f); }},
      {"MatchWithoutQueryKeypoints", 0,
       [](const Backend& backend) -> Row {
         return match(backend, 0, {3, 0}, 300, 32, 0.9f);
       }},
      {"MatchEmptyCandidates", 0,
       [](const Backend& backend) -> Row {
         return match(backend, 5, {0, 0}, 300, 32, 0.9f);
       }},
      {"MatchOneWithOne", 0,
       [](const Backend& backend) -> Row { return match(backend, 1, {1}, 300, 32, 1.0f); }},
      {"MatchSeveralSizes", 0,
       [](const Backend& backend) -> Row {
         return match(backend, 150, {64, 0, 65, 1, 200}, 300, 32, 0.9f);
       }},
      // The even part ends within a word of four elements.
      {"MatchSplitWord", 0,
       [](const Backend& backend) -> Row { return match(backend, 140, {90}, 300, 34, 0.95f); }},
      // Nearly all keypoints are the same place: tiles are compared again.
      {"MatchCrowdedKeypoints", 0,
       [](const Backend& backend) -> Row {
         return match(backend, 70, {180, 130}, 20, 24, 0.95f);
       }},
      {"MatchWithoutRatio", 0,
       [](const Backend& backend) -> Row { return match(backend, 100, {110}, 300, 24, 1.0f); }},
      {"MatchMostCandidateKeypoints", 0,
       [](const Backend& backend) -> Row {
         return match(backend, 3, {kMaxKeypoints}, 1000, 24, 0.95f);
       }},
  };
}

}  // namespace pressmark::kernels
