// SPDX-License-Identifier: Apache-2.0
//
// Comparison of a dense code with others near known positions, of many candidates at once.
#pragma once

#include <memory>
#include <span>

#include "kernels/cuda/dense_templates.hpp"
#include "kernels/cuda/runtime/lane_pool.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

struct CandidateStart {
  DenseStart start;
  int candidate;
};

// Of several candidates, one's after the other's: candidate i has those from first[i] up to first[i
// + 1].
struct BatchOfStarts {
  DeviceBuffer<CandidateStart> starts;
  DeviceBuffer<int> first;

  std::size_t candidates() const { return first.size() - 1; }
};

// starts: one list per candidate.
BatchOfStarts upload_starts(Lane& lane, std::span<const std::span<const DenseStart>> starts);

// DenseAlignment::screen of each candidate: kScreenedStarts places each, of which as many as it has
// starts are set. Does not wait for the stream.
DeviceBuffer<DenseStart> screen(Lane& lane, const AlignmentQuery& query,
                                const DensePyramid* d_candidates, const BatchOfStarts& starts);

// DenseAlignment::align of each candidate. Does not wait for the stream.
DeviceBuffer<float> align(Lane& lane, const AlignmentQuery& query, const DensePyramid* d_candidates,
                          const BatchOfStarts& starts);

// On a lane of its own each call. `lanes` must outlive it.
class DenseLocalSearch final : public DenseAlignment {
 public:
  DenseLocalSearch(LanePool& lanes, const DenseCode& query);

  void screen(std::span<const DensePyramid* const> candidates,
              std::span<const std::span<const DenseStart>> starts,
              std::span<std::vector<DenseStart>> screened) const override;
  void align(std::span<const DensePyramid* const> candidates,
             std::span<const std::span<const DenseStart>> starts,
             std::span<float> scores) const override;

 private:
  LanePool& lanes_;
  AlignmentQuery query_;
};

}  // namespace pressmark::kernels::cuda
