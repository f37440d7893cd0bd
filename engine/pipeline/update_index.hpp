// SPDX-License-Identifier: Apache-2.0
//
// Brings index files up to date with the segments, for the one writer of a catalogue. New images
// become small files; files of like size are joined, so that there are few and each image is
// written again only a few times, however large the catalogue grows. Files are complete and synced
// before the list that names them replaces the old one, and those of the old one go after that: a
// crash at any point leaves an index that can be used, and leavings that the next update removes.
#pragma once

#include <cstdint>
#include <set>

#include "engine/model/model_data.hpp"
#include "engine/store/store.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"

namespace pressmark::pipeline {

enum class IndexUpdate {
  kExtend,  // what is sound stays
  kRebuild  // all anew, from the segments alone
};

// control: progress counts images that are indexed anew; an interrupted update throws
// Error(kInterrupted) and changes nothing. Memory: kImagesAtOnce images, or
// those of one segment where they are more. Throws Error: kIo,
// kCorruptData (a segment is damaged).
void update_index(store::Store& store, const kernels::Backend& backend,
                  const models::ModelData& model, IndexUpdate update, const RunControl& control,
                  const std::set<std::uint64_t>& distrusted = {});

}  // namespace pressmark::pipeline
