// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "engine/candidates/candidate_finder.hpp"
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
    candidates::CandidateFinder finder;

    // Null where the image is not part of the snapshot.
    const store::DescriptionLocation* find(ImageId id) const;
  };
  std::unique_ptr<Snapshot> snapshot;

  const Snapshot& current_snapshot();
};

}  // namespace pressmark
