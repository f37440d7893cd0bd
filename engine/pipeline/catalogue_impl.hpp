// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "engine/candidates/candidate_finder.hpp"
#include "engine/pipeline/answer_queries.hpp"
#include "engine/pipeline/snapshot.hpp"
#include "engine/pipeline/update_index.hpp"
#include "engine/store/store.hpp"
#include "kernels/ops.hpp"
#include "pressmark/catalogue.hpp"

namespace pressmark {

struct Catalogue::Impl {
  Impl(store::Store a_store, Model a_model, std::unique_ptr<kernels::Backend> a_backend)
      : store(std::move(a_store)), model(std::move(a_model)), backend(std::move(a_backend)) {}

  store::Store store;
  Model model;
  std::unique_ptr<kernels::Backend> backend;

  // A describer for photos with so many keypoints; made when it is first needed, kept for the next
  // call with as many.
  struct KeptDescriber {
    int max_keypoints = 0;
    std::unique_ptr<kernels::ImageDescriber> images;
  };
  KeptDescriber adding, matching;

  const kernels::ImageDescriber& describer(KeptDescriber& kept, const DescribeOptions& options);

  // What match answers from; made when it is first needed.
  std::shared_ptr<const pipeline::Snapshot> current_snapshot();

  // Of the current snapshot, for each query; see CandidateFinder::find(). An index file that turns
  // out to be damaged is left out from then on. Safe from many threads.
  std::vector<candidates::Rankings> find_candidates(
      std::span<const candidates::CandidateFinder::Query> queries, const SearchOptions& options,
      const index::ImageSelection* selection = nullptr);

  // As of the current snapshot; borrows this and the options.
  pipeline::SearchedCatalogue as_searched(const MatchOptions& options);

  // Does `work` with the current snapshot, again where an index file turns out to be damaged.
  template <typename Work>
  auto with_snapshot(const Work& work) {
    while (true) {
      const std::shared_ptr<const pipeline::Snapshot> current = current_snapshot();
      try {
        return work(*current);
      } catch (const index::DamagedPart& damage) {
        distrust(current, damage.part());
      }
    }
  }

  // For the writer: index files follow the segments.
  void update_index(pipeline::IndexUpdate update, const RunControl& control);

  void forget_snapshot();

 private:
  void distrust(const std::shared_ptr<const pipeline::Snapshot>& seen, std::uint64_t part);

  std::mutex mutex_;  // of what follows
  std::shared_ptr<const pipeline::Snapshot> snapshot_;
  std::set<std::uint64_t> distrusted_;  // numbers of index files
};

}  // namespace pressmark
