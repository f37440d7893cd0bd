// SPDX-License-Identifier: Apache-2.0
//
// What it costs to go on with centroids that were trained on other vectors, beside how much the
// mean distance to them has grown: bench_drift [ROWS]. Figures:
// docs/decisions/0011-int8-inverted-lists.md.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "engine/index/ivf_builder.hpp"
#include "engine/index/ivf_search.hpp"
#include "vectors.hpp"

namespace {

using namespace pressmark;

constexpr std::size_t kDimension = 128;

double probed_share(const index::IvfFacts& facts) {
  return static_cast<double>(index::effort_for(facts, 10, 0.95).probes) / facts.lists;
}

std::vector<float> made(std::size_t rows, std::uint64_t seed) {
  std::vector<float> values(rows * kDimension);
  bench::PhotoVectors(rows, kDimension, seed).fill(0, rows, values.data());
  return values;
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t rows = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 60'000;
  if (rows < 1000) return 2;
  const std::vector<float> old = made(rows, 1), alike = made(rows, 2);
  // Other directions of large variance, another mean.
  std::vector<float> unlike = alike;
  for (auto row = unlike.begin(); row != unlike.end(); row += kDimension) {
    std::reverse(row, row + kDimension);
  }
  const index::IvfImage first = index::IvfBuilder(old, kDimension).build();
  const index::IvfListsView trained = index::view_ivf(first.bytes(), "trained");
  fmt::print("{:8} {:>6} {:>8}  lists probed for recall .95: {:>10} {:>10}\n", "added", "share",
             "growth", "kept", "retrained");
  const std::vector<float>* const kinds[] = {&alike, &unlike};
  for (const std::vector<float>* added : kinds) {
    for (const std::size_t tenths : {1, 2, 3, 5, 10}) {
      std::vector<float> mixed = old;
      const std::size_t values = rows * tenths / 10 * kDimension;
      std::copy_n(added->begin(), values, mixed.begin());
      const index::IvfImage kept = index::IvfBuilder(mixed, trained).build();
      const index::IvfImage anew = index::IvfBuilder(mixed, kDimension).build();
      const index::IvfFacts facts = index::view_ivf(kept.bytes(), "kept").facts;
      fmt::print("{:8} {:5}% {:8.3f}                               {:9.1f}% {:9.1f}%\n",
                 added == &alike ? "alike" : "unlike", 10 * tenths,
                 facts.rows_error / facts.trained_error, 100 * probed_share(facts),
                 100 * probed_share(index::view_ivf(anew.bytes(), "anew").facts));
    }
  }
}
