// SPDX-License-Identifier: Apache-2.0
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

}  // namespace

std::vector<StageRun> code_runs() {
  return {
      {"SimilaritiesOfNone", 0, [](const Backend& backend) { return similarities(backend, 0); }},
      {"SimilaritiesOf300", 0, [](const Backend& backend) { return similarities(backend, 300); }},
  };
}

}  // namespace pressmark::kernels
