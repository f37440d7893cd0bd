// SPDX-License-Identifier: Apache-2.0
//
// A catalogue as it is searched at one moment: index files, mapped, and what they lack, taken from
// the segments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/candidates/candidate_finder.hpp"
#include "engine/model/model_data.hpp"
#include "engine/store/store.hpp"
#include "kernels/ops.hpp"

namespace pressmark::pipeline {

// Images whose lists are held in memory where no index file has them: 33 KB each.
inline constexpr std::size_t kMostInMemory = 4096;

struct Snapshot {
  candidates::CandidateFinder finder;
  std::int64_t index_files = 0, index_bytes = 0;
  std::int64_t indexed_images = 0, unindexed_images = 0;  // present ones
  std::vector<std::string> problems;
};

// Images without an index are held in memory or, where they are more than most_in_memory, in files
// of the system's temporary directory that have no name any more: memory stays small although there
// is no index. store, backend
// and model must outlive it. Throws index::DamagedPart, Error.
std::shared_ptr<const Snapshot> take_snapshot(const store::Store& store,
                                              const kernels::Backend& backend,
                                              const models::ModelData& model,
                                              const std::set<std::uint64_t>& distrusted,
                                              std::size_t most_in_memory = kMostInMemory);

}  // namespace pressmark::pipeline
