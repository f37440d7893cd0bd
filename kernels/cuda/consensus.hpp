// SPDX-License-Identifier: Apache-2.0
//
// find_consensus in device memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/math/pair_agreement.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

// `count` pairs from `first` on.
struct PairSet {
  std::int64_t first = 0;
  int count = 0;
};

// Sets of pairs, one after the other. On the device a set may hold fewer pairs than the host has
// made room for.
struct PairSets {
  std::vector<PairSet> sets;
  DeviceBuffer<PairSet> device_sets;
  DeviceBuffer<KeypointPair> pairs;
};

PairSets upload_pairs(Lane& lane, std::span<const std::vector<KeypointPair>> pairs);

struct FoundConsensus {
  Affinity hit_from_query;
  int places, agreeing;  // both 0: none
};

struct ConsensusOfSets {
  DeviceBuffer<FoundConsensus> found;  // one per set
  // The first found[i].agreeing values from the place of set i's pairs on: their indices in the
  // set, ascending.
  DeviceBuffer<int> agreeing;
};

// Puts its work into the lane's stream.
ConsensusOfSets find_consensus(Lane& lane, const PairSets& sets, float threshold_px);

}  // namespace pressmark::kernels::cuda
