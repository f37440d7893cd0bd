// SPDX-License-Identifier: Apache-2.0
//
// Kernels on a real device give the bits that they give where the CPU runs them.
#include "kernels/cuda/cuda_backend.hpp"
#include "pressmark/error.hpp"
#include "tests/kernels/conformance.hpp"
#include "tests/kernels/stage_runs/stage_runs.hpp"

namespace pressmark::kernels {
namespace {

class GpuTest : public testing::TestWithParam<StageRun> {
 protected:
  void SetUp() override {
    try {
      backend_ = make_cuda_backend(0);
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
  }

  std::unique_ptr<Backend> backend_;
};
INSTANTIATE_TEST_SUITE_P(Stages, GpuTest, testing::ValuesIn(all_stage_runs()), stage_run_name);

TEST_P(GpuTest, GivesTheBitsOfTheSameKernelsOnTheCpu) {
  EXPECT_EQ(GetParam().numbers(*backend_), GetParam().numbers(*test::make_cuda_host_backend()));
}

TEST_P(GpuTest, AgreesWithTheCpuBackend) {
  expect_agreement_with_cpu(GetParam(), *backend_);
}

}  // namespace
}  // namespace pressmark::kernels
