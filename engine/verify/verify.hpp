// SPDX-License-Identifier: Apache-2.0
//
// Geometric verification of one pair: in each channel, and for either sign of the contrast, match
// and find the largest group that agrees; register the best, match again where the transform says
// where to look, and judge how surprising the agreement is; correlate the dense codes; join all
// figures to one score.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/model/model_data.hpp"
#include "kernels/ops.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::verify {

// A query made ready for many comparisons. The description must outlive it. Thread-safe.
class PreparedQuery {
 public:
  PreparedQuery(const kernels::Backend& backend, const Description& description)
      : description_(&description), dense_(backend.prepare_search(description.dense)) {}

  const Description& description() const { return *description_; }
  const kernels::DenseSearch& dense() const { return *dense_; }

 private:
  const Description* description_;
  std::unique_ptr<const kernels::DenseSearch> dense_;
};

// Compares the query with each of `hits` (borrowed). Stages that a device is faster at for many
// pairs work on all of them at once; the results are the same for any grouping. Safe to call from
// many threads. The results depend on the arguments alone.
std::vector<Verification> verify_pairs(const kernels::Backend& backend,
                                       const models::ModelData& model, const PreparedQuery& query,
                                       std::span<const Description* const> hits,
                                       const VerifyOptions& options);

// As many pairs for one call of verify_pairs as bound its memory: some 100 KB each.
inline constexpr std::size_t kPairsAtOnce = 64;

Verification verify_pair(const kernels::Backend& backend, const models::ModelData& model,
                         const PreparedQuery& query, const Description& hit,
                         const VerifyOptions& options);

}  // namespace pressmark::verify
