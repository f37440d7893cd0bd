// SPDX-License-Identifier: Apache-2.0
//
// Kernels of kernels/cuda run by the CPU: the same bits in any order of threads, the CPU backend's
// results within each stage's tolerance.
#include "tests/kernels/conformance.hpp"
#include "tests/kernels/stage_runs/stage_runs.hpp"

namespace pressmark::kernels {
namespace {

using cuda_on_host::ThreadOrder;

class CudaAgreementTest : public testing::TestWithParam<StageRun> {
 protected:
  ~CudaAgreementTest() override { test::set_thread_order_of_kernels(ThreadOrder::kForward); }

  const std::unique_ptr<Backend> backend_ = test::make_cuda_host_backend();
};
INSTANTIATE_TEST_SUITE_P(Stages, CudaAgreementTest, testing::ValuesIn(all_stage_runs()),
                         stage_run_name);

TEST_P(CudaAgreementTest, WithTheCpuBackend) {
  expect_agreement_with_cpu(GetParam(), *backend_);
}

TEST_P(CudaAgreementTest, AmongOrdersOfThreads) {
  const std::vector<double> forward = GetParam().numbers(*backend_);
  test::set_thread_order_of_kernels(ThreadOrder::kReverse);
  EXPECT_EQ(GetParam().numbers(*backend_), forward);
  test::set_thread_order_of_kernels(ThreadOrder::kShuffled);
  EXPECT_EQ(GetParam().numbers(*backend_), forward);
}

}  // namespace
}  // namespace pressmark::kernels
