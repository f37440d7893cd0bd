// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
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

  // A describer for photos with so many keypoints; made when it is first needed, kept for the next
  // call with as many.
  struct KeptDescriber {
    int max_keypoints = 0;
    std::unique_ptr<kernels::ImageDescriber> images;
  };
  KeptDescriber adding, matching;

  const kernels::ImageDescriber& describer(KeptDescriber& kept, const DescribeOptions& options);

  // The snapshot that match answers from; built when it is first needed.
  struct Snapshot {
    std::vector<store::DescriptionLocation> locations;  // ascending by id
    candidates::CandidateFinder finder;

    // Null where the image is not part of the snapshot.
    const store::DescriptionLocation* find(ImageId id) const;
  };
  std::unique_ptr<Snapshot> snapshot;

  const Snapshot& current_snapshot();

  // Nothing where another process removed the image since the snapshot and reclaimed its space.
  // Safe from many threads at once.
  std::optional<Description> description_of(const store::DescriptionLocation& location) const;
};

}  // namespace pressmark
