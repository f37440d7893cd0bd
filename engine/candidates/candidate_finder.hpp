// SPDX-License-Identifier: Apache-2.0
//
// Which catalogued images a query is compared with: those that any of three ways of searching ranks
// high (docs/decisions/0006-candidates-by-local-votes.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/index/global_index.hpp"
#include "engine/index/local_index.hpp"
#include "engine/model/model_data.hpp"
#include "kernels/ops.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::candidates {

// The same images in different orders, most promising first.
struct Rankings {
  std::vector<ImageId> global;  // nearest global vectors
  std::vector<ImageId> votes;   // most local codes that agree in geometry
  std::vector<ImageId> dense;   // highest normalised correlation; empty in a larger catalogue
  std::vector<ImageId> united;  // what the engine goes by
};

// The backend must outlive it. After the last add, safe to use from many threads.
class CandidateFinder {
 public:
  CandidateFinder(const kernels::Backend& backend, const models::ModelData& model);

  // Ids ascend.
  void add(ImageId id, const Description& description);

  // `count` of each ranking at most. `dense` is of the query. Dense codes are correlated with the
  // whole catalogue where it has no more than options.dense_images images.
  // Image `left_out` is in none of them: the query itself, where it is catalogued too.
  Rankings find(const Description& query, const kernels::DenseSearch& dense, int count,
                const SearchOptions& options, std::optional<ImageId> left_out = std::nullopt) const;

  std::string describe_global() const { return global_.description(); }
  std::string describe_local() const { return local_.description(); }

 private:
  std::vector<ImageId> rank_dense(const Description& query, const kernels::DenseSearch& dense,
                                  int count) const;

  index::GlobalIndex global_;
  index::LocalIndex local_;
  // As long as any limit allows to correlate them all.
  std::vector<ImageId> ids_;
  std::vector<DenseCode> codes_;
  std::vector<CohortStatistics> cohorts_;
};

}  // namespace pressmark::candidates
