// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <random>

#include "stage_runs.hpp"
#include "tests/kernels/conformance.hpp"
#include "tests/kernels/drawing.hpp"

namespace pressmark::kernels {
namespace {

constexpr int kImageSide = 96;  // of drawings: enough for codes of 64 x 64 cells

DenseCode query_code() {
  return cpu::code_of(cpu::Drawing(1).at(0, 1, 0, 0, false, kImageSide));
}

DenseCode random_code(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  DenseCode code;
  for (std::int8_t& value : code.values) {
    value = static_cast<std::int8_t>(std::floor(uniform(random, -127, 128)));
  }
  return code;
}

// --- Positions.

DensePosition position_at(double rotation, double scale, double shift_x, double shift_y) {
  const double c = scale * std::cos(rotation), s = scale * std::sin(rotation);
  return {{c, -s, s, c}, shift_x, shift_y};
}

struct Pair {
  DenseCode candidate;
  DenseMatch match;
};

// The query's drawing moved and its position nearly known, another drawing, noise, a position far
// outside, one that maps all to a point, a stretched and mirrored one, and an empty code.
std::vector<Pair> pairs() {
  const auto moved = [](std::uint64_t seed, double rotation, double scale, double x, double y) {
    return cpu::code_of(cpu::Drawing(seed).at(rotation, scale, x, y, true, kImageSide));
  };
  return {
      {moved(1, 0.5, 0.9, 0.1, -0.05), {0.5f, position_at(0.55, 0.95, 0.08, -0.04)}},
      {moved(1, -2.1, 1.5, 0.03, 0.02), {0.5f, position_at(-2.0, 1.4, 0.02, 0.04)}},
      {moved(1, 0, 1, 0, 0), {1, {}}},
      {moved(2, 0, 1, 0, 0), {0.3f, position_at(1, 0.6, -0.2, 0.1)}},
      {random_code(3), {0.1f, {}}},
      {moved(1, 0, 1, 0, 0), {0, position_at(0, 1, 5, 5)}},
      {moved(1, 0, 1, 0, 0), {0, {{0, 0, 0, 0}, 0, 0}}},
      {moved(1, 0.1, 1, 0, 0), {0.2f, {{0.8, 0.3, 0.2, -1.1}, 0.01, 0.02}}},
      {{}, {0.7f, position_at(0.3, 1.1, 0.1, 0.2)}},
  };
}

void add(const DenseMatch& match, std::vector<double>& numbers) {
  numbers.push_back(static_cast<double>(match.score));
  numbers.insert(numbers.end(), match.position.linear.begin(), match.position.linear.end());
  numbers.push_back(match.position.shift_x);
  numbers.push_back(match.position.shift_y);
}

struct Batch {
  std::vector<DenseCode> candidates;
  std::vector<DenseMatch> matches;

  explicit Batch(std::span<const Pair> pairs) {
    for (const Pair& pair : pairs) {
      candidates.push_back(pair.candidate);
      matches.push_back(pair.match);
    }
  }
};

std::vector<double> refined(const Backend& backend, const DenseCode& query,
                            std::span<const Pair> pairs) {
  Batch batch(pairs);
  backend.refine_dense(query, batch.candidates, batch.matches);
  std::vector<double> numbers;
  for (const DenseMatch& match : batch.matches) add(match, numbers);
  return numbers;
}

std::vector<double> cells(const Backend& backend, const DenseCode& query,
                          std::span<const Pair> pairs) {
  const Batch batch(pairs);
  std::vector<std::vector<DenseCell>> outputs(pairs.size());
  backend.congruent_cells(query, batch.candidates, batch.matches, outputs);
  std::vector<double> numbers;
  for (const std::vector<DenseCell>& output : outputs) {
    numbers.push_back(static_cast<double>(output.size()));
    for (const DenseCell& cell : output) {
      for (const float value :
           {cell.x, cell.y, cell.side, cell.shift_x, cell.shift_y, cell.score}) {
        numbers.push_back(static_cast<double>(value));
      }
      numbers.push_back(cell.agrees ? 1 : 0);
    }
  }
  return numbers;
}

// --- Starts.

// Everywhere, some of them out of reach in shift or scale, each third one twice.
std::vector<DenseStart> random_starts(std::uint64_t seed, int count) {
  std::mt19937_64 random(seed);
  const auto value = [&](double reach) {
    return static_cast<float>(uniform(random, -reach, reach));
  };
  std::vector<DenseStart> starts;
  for (int i = 0; i < count; ++i) {
    if (i % 3 == 2) {
      starts.push_back(starts.back());
      continue;
    }
    const float query_x = value(0.5), query_y = value(0.5), x = value(0.6), y = value(0.6);
    starts.push_back({query_x, query_y, query_x + x, query_y + y, value(7), value(2), 0});
  }
  return starts;
}

// At the edges of what is reached: turns that round to a whole one, the last scales and shifts.
std::vector<DenseStart> extreme_starts() {
  return {{0, 0, 0.5f, 0.5f, 6.27f, 1, 0},
          {0, 0, -0.5f, 0.5f, -6.27f, -1, 0},
          {0, 0, 0.56f, 0, 3.1415926f, 1.2f, 0},
          {0, 0, -0.56f, -0.56f, 0.098f, -1.2f, 0},
          {0, 0, 0, 0.6f, 100, 0, 0},
          {0, 0, 0, -1e9f, 0, 0, 0},
          {0, 0, 0, 0, 0, 1e9f, 0},
          {0, 0, 0, 0, 0, -1.1f, 0}};
}

// The query's drawing where its place is nearly known, and elsewhere.
std::vector<DenseStart> near_starts() {
  return {{0, 0, 0.05f, 0.1f, 2.5f, 0, 0},
          {0, 0, 0.13f, -0.09f, 0.65f, 0.2f, 0},
          {0.1f, 0.1f, 0.13f, 0.08f, 0.5f, 0.4f, 0},
          {0, 0, 0.1f, -0.05f, 0.5f, 0.4f, 0}};
}

void add(const DenseStart& start, std::vector<double>& numbers) {
  for (const float value : {start.query_x, start.query_y, start.candidate_x, start.candidate_y,
                            start.rotation_rad, start.octaves, start.score}) {
    numbers.push_back(static_cast<double>(value));
  }
}

// Screens and aligns, and aligns what was screened.
std::vector<double> aligned(const Backend& backend, const DenseCode& query,
                            const DenseCode& candidate, std::span<const DenseStart> starts) {
  DensePyramid pyramid;
  make_cpu_backend()->reduce_dense({&candidate, 1}, {&pyramid, 1});
  const auto alignment = backend.prepare_alignment(query);
  const std::vector<DenseStart> screened = screen(*alignment, pyramid, starts);
  std::vector<double> numbers;
  for (const DenseStart& start : screened) add(start, numbers);
  numbers.push_back(static_cast<double>(align(*alignment, pyramid, screened)));
  numbers.push_back(static_cast<double>(align(*alignment, pyramid, starts)));
  return numbers;
}

// Four candidates in one call, the second and the last without starts.
std::vector<double> aligned_with_several(const Backend& backend) {
  std::vector<DensePyramid> pyramids(4);
  std::vector<DenseCode> codes;
  for (std::uint64_t seed = 0; seed < pyramids.size(); ++seed) codes.push_back(random_code(seed));
  make_cpu_backend()->reduce_dense(codes, pyramids);
  const std::vector<std::vector<DenseStart>> lists = {
      random_starts(7, 3), {}, random_starts(8, 11), {}};
  std::vector<const DensePyramid*> candidates;
  std::vector<std::span<const DenseStart>> starts;
  for (std::size_t i = 0; i < pyramids.size(); ++i) {
    candidates.push_back(&pyramids[i]);
    starts.push_back(lists[i]);
  }
  std::vector<std::vector<DenseStart>> screened(pyramids.size());
  std::vector<float> scores(pyramids.size());
  const auto alignment = backend.prepare_alignment(random_code(5));
  alignment->screen(candidates, starts, screened);
  alignment->align(candidates, starts, scores);
  std::vector<double> numbers(scores.begin(), scores.end());
  for (const std::vector<DenseStart>& of_candidate : screened) {
    numbers.push_back(static_cast<double>(of_candidate.size()));
    for (const DenseStart& start : of_candidate) add(start, numbers);
  }
  return numbers;
}

}  // namespace

// The numbers are the CPU's: sums of integers are exact, those of congruent cells are taken in the
// CPU's order. Those of a refinement's correlation are of doubles in another order, about 1e-15
// apart, and are rounded to float: the same but for one in 1e7.
std::vector<StageRun> alignment_runs() {
  const auto candidate = [] {
    return cpu::code_of(cpu::Drawing(1).at(0.5, 1.3, 0.1, -0.05, false, kImageSide));
  };
  return {
      {"RefinementOfNone", 0,
       [](const Backend& backend) { return refined(backend, query_code(), {}); }},
      {"RefinementOfPairs", 0,
       [](const Backend& backend) { return refined(backend, query_code(), pairs()); }},
      {"RefinementOfNoise", 0,
       [](const Backend& backend) {
         const Pair pair{random_code(3), {0.1f, position_at(0.8, 1, 0.1, 0.1)}};
         return refined(backend, random_code(4), {&pair, 1});
       }},
      {"RefinementOfAnEmptyQuery", 0,
       [](const Backend& backend) {
         const std::vector<Pair> all = pairs(), two{all.front(), all.back()};
         return refined(backend, {}, two);
       }},
      {"CellsOfNone", 0, [](const Backend& backend) { return cells(backend, query_code(), {}); }},
      {"CellsOfPairs", 0,
       [](const Backend& backend) { return cells(backend, query_code(), pairs()); }},
      {"CellsOfNoise", 0,
       [](const Backend& backend) {
         const Pair pair{random_code(3), {0.1f, position_at(0.8, 1, 0.1, 0.1)}};
         return cells(backend, random_code(4), {&pair, 1});
       }},
      {"CellsOfAnEmptyQuery", 0,
       [](const Backend& backend) {
         const std::vector<Pair> all = pairs(), two{all.front(), all.back()};
         return cells(backend, {}, two);
       }},
      {"AlignmentOfSeveral", 0, aligned_with_several},
      {"AlignmentWithoutStarts", 0,
       [=](const Backend& backend) { return aligned(backend, query_code(), candidate(), {}); }},
      {"AlignmentFromNearStarts", 0,
       [=](const Backend& backend) {
         return aligned(backend, query_code(), candidate(), near_starts());
       }},
      {"AlignmentFromRandomStarts", 0,
       [](const Backend& backend) {
         return aligned(backend, random_code(5), random_code(6), random_starts(7, 40));
       }},
      {"AlignmentFromExtremeStarts", 0,
       [](const Backend& backend) {
         return aligned(backend, random_code(5), random_code(6), extreme_starts());
       }},
      {"AlignmentOfEmptyCodes", 0,
       [=](const Backend& backend) {
         std::vector<double> numbers = aligned(backend, {}, candidate(), near_starts());
         const std::vector<double> more = aligned(backend, query_code(), {}, near_starts());
         numbers.insert(numbers.end(), more.begin(), more.end());
         return numbers;
       }},
  };
}

}  // namespace pressmark::kernels
