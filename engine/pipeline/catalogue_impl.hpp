// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "engine/index/global_index.hpp"
#include "engine/index/local_index.hpp"
#include "engine/store/store.hpp"
#include "kernels/ops.hpp"
#include "pressmark/catalogue.hpp"

namespace pressmark {

struct Catalogue::Impl {
  store::Store store;
  Model model;
  std::unique_ptr<kernels::Backend> backend;
  std::unique_ptr<kernels::DenseCohort> cohort;  // the model's

  // The snapshot that match answers from; built when it is first needed.
  struct Snapshot {
    std::vector<store::DescriptionLocation> locations;  // ascending by id
    index::GlobalIndex index;
    index::LocalIndex local;

    // Null where the image is not part of the snapshot.
    const store::DescriptionLocation* find(ImageId id) const;

    // What is compared with the query, most promising first.
    std::vector<ImageId> candidates(const Description& query, int count) const;
  };
  std::unique_ptr<Snapshot> snapshot;

  const Snapshot& current_snapshot();
};

}  // namespace pressmark
