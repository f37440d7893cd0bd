// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/code_sets.hpp"

#include <cassert>

namespace pressmark::kernels::cuda {

CodeSets upload_codes(Lane& lane, std::span<const std::span<const std::int8_t>> codes) {
  CodeSets result;
  for (const std::span<const std::int8_t> rows : codes) {
    assert(rows.size() % kLocalCodeSize == 0);
    const auto count = static_cast<int>(rows.size() / kLocalCodeSize);
    result.sets.push_back({result.count, count});
    result.count += count;
  }
  result.device_sets = lane.upload(result.sets);
  result.codes = lane.upload_joined(codes);
  return result;
}

CodeSets upload_codes(Lane& lane, std::span<const CodesView> views) {
  std::vector<std::span<const std::int8_t>> codes;
  std::vector<std::span<const Keypoint>> keypoints;
  for (const CodesView& view : views) {
    assert(view.codes.size() == view.keypoints.size() * kLocalCodeSize);
    codes.push_back(view.codes);
    keypoints.push_back(view.keypoints);
  }
  CodeSets result = upload_codes(lane, codes);
  result.keypoints = lane.upload_joined(std::span<const std::span<const Keypoint>>(keypoints));
  return result;
}

}  // namespace pressmark::kernels::cuda
