// SPDX-License-Identifier: Apache-2.0
#include "stage_runs.hpp"

namespace pressmark::kernels {

std::vector<StageRun> all_stage_runs() {
  std::vector<StageRun> runs;
  for (const auto& more : {image_runs(), relight_runs(), keypoint_runs(), dense_runs(),
                           alignment_runs(), code_runs(), geometry_runs(), describe_runs()}) {
    runs.insert(runs.end(), more.begin(), more.end());
  }
  return runs;
}

}  // namespace pressmark::kernels
