// SPDX-License-Identifier: Apache-2.0
#include "stage_runs.hpp"
#include "tests/kernels/conformance.hpp"

namespace pressmark::kernels {
namespace {

// Smooth enough that neighbouring shifts correlate.
DenseCode random_code(std::mt19937_64& random, int smoothed = 3) {
  std::vector<double> field(2 * kDenseSide * kDenseSide);
  for (double& value : field) value = uniform(random, -1, 1);
  for (int pass = 0; pass < smoothed; ++pass) {
    for (std::size_t i = 0; i + kDenseSide + 1 < field.size(); ++i) {
      field[i] = field[i] + field[i + 1] + field[i + kDenseSide] + field[i + kDenseSide + 1];
    }
  }
  double largest = 0;
  for (const double value : field) largest = std::max(largest, std::abs(value));
  DenseCode code;
  for (std::size_t i = 0; i < field.size(); ++i) {
    code.values[i] = static_cast<std::int8_t>(std::lround(127 / largest * field[i]));
  }
  return code;
}

// Turned by pi about its centre and moved.
DenseCode moved(const DenseCode& code, int dx, int dy) {
  DenseCode result;
  for (int part = 0; part < 2; ++part) {
    for (int y = 0; y < kDenseSide; ++y) {
      for (int x = 0; x < kDenseSide; ++x) {
        const int from_x = kDenseSide - 1 - x + dx, from_y = kDenseSide - 1 - y + dy;
        if (std::min(from_x, from_y) < 0 || std::max(from_x, from_y) >= kDenseSide) continue;
        const int first = part * kDenseSide * kDenseSide;
        result.values[static_cast<std::size_t>(first + y * kDenseSide + x)] =
            code.values[static_cast<std::size_t>(first + from_y * kDenseSide + from_x)];
      }
    }
  }
  return result;
}

std::vector<double> search(const Backend& backend, const DenseCode& query,
                           const std::vector<DenseCode>& candidates) {
  std::vector<DenseMatch> matches(candidates.size());
  backend.prepare_search(query)->search(candidates, matches);
  std::vector<double> numbers;
  for (const DenseMatch& match : matches) {
    numbers.push_back(static_cast<double>(match.score));
    numbers.insert(numbers.end(), match.position.linear.begin(), match.position.linear.end());
    numbers.push_back(match.position.shift_x);
    numbers.push_back(match.position.shift_y);
  }
  return numbers;
}

std::vector<double> statistics(const Backend& backend, const DenseCode& code,
                               const std::vector<DenseCode>& cohort) {
  const CohortStatistics result = backend.prepare_cohort(cohort)->statistics(code);
  return {static_cast<double>(result.mean), static_cast<double>(result.deviation)};
}

std::vector<double> pyramids(const Backend& backend, const std::vector<DenseCode>& codes) {
  std::vector<DensePyramid> outputs(codes.size());
  backend.reduce_dense(codes, outputs);
  std::vector<double> numbers;
  for (const DensePyramid& pyramid : outputs) {
    numbers.insert(numbers.end(), pyramid.half.begin(), pyramid.half.end());
    numbers.insert(numbers.end(), pyramid.quarter.begin(), pyramid.quarter.end());
  }
  return numbers;
}

}  // namespace

// Exact, but for the norms: sums of doubles in another order, rounded to float.
std::vector<StageRun> dense_runs() {
  std::mt19937_64 random(21);
  const DenseCode first = random_code(random), second = random_code(random, 6);
  const DenseCode rough = random_code(random, 0), third = random_code(random, 10);
  const DenseCode empty;
  const auto pyramids_of = [](std::vector<DenseCode> codes) {
    return [codes](const Backend& backend) { return pyramids(backend, codes); };
  };
  const auto search_of = [](const DenseCode& query, std::vector<DenseCode> candidates) {
    return [=](const Backend& backend) { return search(backend, query, candidates); };
  };
  const auto statistics_of = [](const DenseCode& code, std::vector<DenseCode> cohort) {
    return [=](const Backend& backend) { return statistics(backend, code, cohort); };
  };
  return {
      {"ReduceNoDenseCode", 0, pyramids_of({})},
      {"ReduceDenseCodes", 0, pyramids_of({first, empty, rough})},
      {"SearchInNone", 0, search_of(first, {})},
      {"SearchInOne", 0, search_of(first, {second})},
      {"SearchInThree", 0, search_of(second, {moved(second, 5, -8), rough, third})},
      {"SearchInEmptyCode", 0, search_of(first, {empty})},
      {"SearchForEmptyCode", 0, search_of(empty, {third})},
      {"StatisticsOfNoCohort", 0, statistics_of(first, {})},
      {"StatisticsOfThree", 0, statistics_of(first, {second, rough, empty})},
      {"StatisticsOfEmptyCode", 0, statistics_of(empty, {second})},
  };
}

}  // namespace pressmark::kernels
