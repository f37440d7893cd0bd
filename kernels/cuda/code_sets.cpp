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
  result.codes =
      lane.allocate<std::int8_t>(static_cast<std::size_t>(result.count) * kLocalCodeSize);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i].empty()) continue;
    lane.copy_to(result.codes.data() + result.sets[i].first * kLocalCodeSize, codes[i]);
  }
  return result;
}

CodeSets upload_codes(Lane& lane, std::span<const CodesView> views) {
  std::vector<std::span<const std::int8_t>> codes;
  for (const CodesView& view : views) {
    assert(view.codes.size() == view.keypoints.size() * kLocalCodeSize);
    codes.push_back(view.codes);
  }
  CodeSets result = upload_codes(lane, codes);
  result.keypoints = lane.allocate<Keypoint>(static_cast<std::size_t>(result.count));
  for (std::size_t i = 0; i < views.size(); ++i) {
    if (views[i].keypoints.empty()) continue;
    lane.copy_to(result.keypoints.data() + result.sets[i].first, views[i].keypoints);
  }
  return result;
}

}  // namespace pressmark::kernels::cuda
