// SPDX-License-Identifier: Apache-2.0
//
// Which catalogued images a query is compared with: those that any of three ways of searching ranks
// high (docs/decisions/0006-candidates-by-local-votes.md).
#pragma once

#include <optional>
#include <span>
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
  std::vector<ImageId> dense;   // highest normalised correlation of dense codes
  std::vector<ImageId> united;  // what the engine goes by
};

// One ranking of those of several photos: of each in turn its next image, `count` at most.
std::vector<ImageId> unite(std::span<const std::vector<ImageId>> rankings, int count);

// The backend must outlive it. After the last add, safe to use from many threads.
class CandidateFinder {
 public:
  CandidateFinder(const kernels::Backend& backend, const models::ModelData& model);

  // Ids ascend.
  void add(ImageId id, const Description& description);

  // `count` of each ranking at most. `dense` is of the query. In a catalogue of no more than
  // options.dense_images images dense codes are correlated in all positions, otherwise in those
  // that votes propose.
  // Image `left_out` is in none of them: the query itself, where it is catalogued too.
  Rankings find(const Description& query, const kernels::DenseSearch& dense, int count,
                const SearchOptions& options, std::optional<ImageId> left_out = std::nullopt) const;

  std::string describe_global() const { return global_.description(); }
  std::string describe_local() const { return local_.description(); }

 private:
  struct Voted;
  struct ToAlign;
  std::vector<Voted> count_votes(const Description& query,
                                 const kernels::DenseAlignment* alignment) const;
  ToAlign to_align(std::span<const Voted> voted) const;
  void screen(const Description& query, const kernels::DenseAlignment& alignment,
              std::span<Voted> voted) const;
  void align_most_promising(const Description& query, const kernels::DenseAlignment& alignment,
                            std::span<Voted> voted) const;
  std::vector<ImageId> rank_dense(const Description& query, const kernels::DenseSearch& dense,
                                  int count) const;
  template <typename Before>
  std::vector<ImageId> ranked(std::vector<Voted>& voted, int count, const Before& before) const;

  // What is compared near positions that votes propose.
  struct Image {
    ImageId id = 0;
    int width_px = 0, height_px = 0;
    CohortStatistics cohort;
    kernels::DensePyramid dense;
  };

  const kernels::Backend* backend_;
  index::GlobalIndex global_;
  index::LocalIndex local_;
  std::vector<Image> images_;     // ids ascend
  std::vector<DenseCode> codes_;  // as long as any limit allows to correlate them all
};

}  // namespace pressmark::candidates
