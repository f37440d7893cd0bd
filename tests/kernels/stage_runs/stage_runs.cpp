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

void expect_agreement_with_cpu(const StageRun& run, const Backend& backend) {
  const std::vector<double> expected = run.numbers(*make_cpu_backend());
  const std::vector<double> actual = run.numbers(backend);
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], run.tolerance) << "number " << i;
  }
}

}  // namespace pressmark::kernels
