// SPDX-License-Identifier: Apache-2.0
//
// Kernels of kernels/cuda run by the CPU, on a device that has too little memory or fails: every
// stage gives its numbers all the same or one Error that says what happened, gives back what it has
// taken, and works afterwards.
#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <thread>

#include "pressmark/error.hpp"
#include "tests/kernels/conformance.hpp"
#include "tests/kernels/stage_runs/stage_runs.hpp"
#include "tests/support/cuda_on_host/device_failures.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::kernels {
namespace {

using cuda_on_host::DeviceCall;
using cuda_on_host::DeviceFailure;
using testing::HasSubstr;

// What a call gave: values or an error.
struct Outcome {
  std::vector<double> numbers;
  std::optional<ErrorCode> error;
  std::string message;
  bool has_device_failed = false;
};

template <class Work>
Outcome outcome_of(const Work& work) {
  Outcome outcome;
  try {
    outcome.numbers = work();
  } catch (const Error& error) {
    outcome.error = error.code();
    outcome.message = error.what();
  }
  outcome.has_device_failed = cuda_on_host::has_device_failed();
  return outcome;
}

// 0, 1, 2, 4, 8, ...: runs have up to some hundreds.
long next_call(long call) {
  return call + std::max(1l, call);
}

class DeviceRepairedAfterwards {
 public:
  ~DeviceRepairedAfterwards() { cuda_on_host::repair_device(); }
};

class CudaFailuresTest : public testing::TestWithParam<StageRun> {
 protected:
  std::vector<double> run() const { return GetParam().numbers(*backend_); }

  // Lets the first, the second, ... call of a kind fail, until a run has none that could. Checks
  // what does not depend on the failure.
  void expect_error(DeviceCall call, DeviceFailure failure, ErrorCode code, const char* name,
                    bool may_succeed) const {
    const std::size_t buffers = cuda_on_host::device_memory().buffers;
    for (long n = 0;; n = next_call(n)) {
      cuda_on_host::fail_device_call(call, n, failure);
      const Outcome outcome = outcome_of([&] { return run(); });
      cuda_on_host::repair_device();
      SCOPED_TRACE("call " + std::to_string(n));
      ASSERT_EQ(cuda_on_host::device_memory().buffers, buffers);
      if (outcome.error) {
        ASSERT_TRUE(outcome.has_device_failed) << outcome.message;
        ASSERT_EQ(*outcome.error, code) << outcome.message;
        ASSERT_THAT(outcome.message, HasSubstr(name));
      } else {
        ASSERT_TRUE(may_succeed || !outcome.has_device_failed);
        ASSERT_EQ(outcome.numbers, expected_);
      }
      if (!outcome.has_device_failed) return;
    }
  }

  const DeviceRepairedAfterwards repaired_;
  const std::unique_ptr<Backend> backend_ = test::make_cuda_host_backend();
  const std::vector<double> expected_ = run();
};
INSTANTIATE_TEST_SUITE_P(Stages, CudaFailuresTest, testing::ValuesIn(all_stage_runs()),
                         stage_run_name);

TEST_P(CudaFailuresTest, AllocationsOfDeviceMemory) {
  expect_error(DeviceCall::kAllocate, DeviceFailure::kOutOfMemory, ErrorCode::kOutOfMemory,
               "allocate device memory: out of memory (cudaErrorMemoryAllocation)", true);
}

TEST_P(CudaFailuresTest, AllocationsOfPageLockedMemory) {
  // A lane keeps what it has: each run needs a backend of its own.
  for (long n = 0;; n = next_call(n)) {
    const std::unique_ptr<Backend> backend = test::make_cuda_host_backend();
    cuda_on_host::fail_device_call(DeviceCall::kAllocatePinned, n, DeviceFailure::kOutOfMemory);
    const Outcome outcome = outcome_of([&] { return GetParam().numbers(*backend); });
    cuda_on_host::repair_device();
    if (outcome.error) {
      EXPECT_EQ(*outcome.error, ErrorCode::kOutOfMemory);
      EXPECT_THAT(outcome.message, HasSubstr("allocate page-locked memory: out of memory"));
      EXPECT_EQ(GetParam().numbers(*backend), expected_);
    } else {
      EXPECT_EQ(outcome.numbers, expected_);
    }
    if (!outcome.has_device_failed) return;
  }
}

TEST_P(CudaFailuresTest, ADeviceWithLittleMemory) {
  cuda_on_host::repair_device();
  const cuda_on_host::DeviceMemory before = cuda_on_host::device_memory();
  ASSERT_EQ(run(), expected_);
  const std::size_t need = cuda_on_host::device_memory().most_bytes - before.bytes;
  for (const std::size_t bytes : {need, need - 1, need / 2, need / 5, std::size_t{0}}) {
    if (bytes > need) continue;  // no need at all
    cuda_on_host::limit_device_memory(before.bytes + bytes);
    const Outcome outcome = outcome_of([&] { return run(); });
    cuda_on_host::repair_device();
    SCOPED_TRACE(std::to_string(bytes) + " of " + std::to_string(need) + " bytes");
    ASSERT_EQ(cuda_on_host::device_memory().buffers, before.buffers);
    if (outcome.error) {
      ASSERT_LT(bytes, need);
      ASSERT_EQ(*outcome.error, ErrorCode::kOutOfMemory) << outcome.message;
    } else {
      ASSERT_EQ(outcome.numbers, expected_);
    }
  }
  EXPECT_EQ(run(), expected_);
}

TEST_P(CudaFailuresTest, CallsOfADeviceThatGoesOn) {
  for (const DeviceCall call :
       {DeviceCall::kAllocate, DeviceCall::kCopy, DeviceCall::kLaunch, DeviceCall::kSynchronise}) {
    expect_error(call, DeviceFailure::kUnknown, ErrorCode::kDevice, "(cudaErrorUnknown)", false);
  }
}

TEST_P(CudaFailuresTest, CallsOfADeviceThatDoesNotGoOn) {
  for (const DeviceCall call : {DeviceCall::kLaunch, DeviceCall::kSynchronise}) {
    expect_error(call, DeviceFailure::kUnknownForGood, ErrorCode::kDevice, "(cudaErrorUnknown)",
                 false);
  }
}

GreyImage grey_picture(int width, int height) {
  const test::Picture picture = test::test_picture(width, height, 5);
  GreyImage image{width, height, {}};
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    image.pixels.push_back(picture.pixels[i]);
  }
  return image;
}

class CudaDeviceFailuresTest : public testing::Test {
 protected:
  const DeviceRepairedAfterwards repaired_;
};

TEST_F(CudaDeviceFailuresTest, NoBackendOfADeviceThatFails) {
  struct Failing {
    DeviceCall call;
    DeviceFailure failure;
    ErrorCode code;
  };
  constexpr Failing kFailing[] = {
      {DeviceCall::kAllocate, DeviceFailure::kOutOfMemory, ErrorCode::kOutOfMemory},
      {DeviceCall::kAllocatePinned, DeviceFailure::kOutOfMemory, ErrorCode::kOutOfMemory},
      {DeviceCall::kCopy, DeviceFailure::kUnknownForGood, ErrorCode::kDevice},
      {DeviceCall::kLaunch, DeviceFailure::kUnknownForGood, ErrorCode::kDevice},
      {DeviceCall::kSynchronise, DeviceFailure::kUnknown, ErrorCode::kDevice}};
  const std::size_t buffers = cuda_on_host::device_memory().buffers;
  for (const auto& [call, failure, code] : kFailing) {
    for (long n = 0;; ++n) {
      cuda_on_host::fail_device_call(call, n, failure);
      const Outcome outcome = outcome_of([] {
        test::make_cuda_host_backend();
        return std::vector<double>{};
      });
      cuda_on_host::repair_device();
      EXPECT_EQ(cuda_on_host::device_memory().buffers, buffers);
      if (!outcome.has_device_failed) break;
      EXPECT_EQ(outcome.error, code) << outcome.message;
    }
  }
}

// Four times the same photo: memory for two of them suffices.
TEST_F(CudaDeviceFailuresTest, ABatchThatDoesNotFitIsHalved) {
  const std::unique_ptr<Backend> backend = test::make_cuda_host_backend();
  const GreyImage photo = grey_picture(96, 80);
  const GreyImage empty{96, 80, std::vector<std::uint8_t>(photo.pixels.size())};
  std::vector<GreyImage> images(4, photo);
  const std::vector<GreyImage> masks(4, empty);
  using Work = std::function<void(std::size_t)>;
  std::vector<GreyImage> outputs(4);
  std::vector<Light> lights(4);
  std::vector<LocalFeatures> features(4);
  std::vector<DenseCode> codes(4);
  std::vector<std::vector<std::uint8_t>> details(4);
  const auto seen = [](const auto& items, std::size_t count) {
    return std::span(items).first(count);
  };
  const std::pair<const char*, Work> stages[] = {
      {"mask_glare",
       [&](std::size_t count) {
         backend->mask_glare(seen(images, count), std::span(outputs).first(count));
       }},
      {"relight",
       [&](std::size_t count) {
         backend->relight(seen(images, count), seen(masks, count), std::span(outputs).first(count),
                          std::span(lights).first(count));
       }},
      {"extract",
       [&](std::size_t count) {
         backend->extract(seen(images, count), seen(masks, count), 50,
                          std::span(features).first(count));
       }},
      {"dense_codes",
       [&](std::size_t count) {
         backend->dense_codes(seen(images, count), seen(masks, count),
                              std::span(codes).first(count));
       }},
      {"code_details", [&](std::size_t count) {
         backend->code_details(seen(images, count), std::span(details).first(count));
       }}};
  for (const auto& [name, work] : stages) {
    SCOPED_TRACE(name);
    cuda_on_host::repair_device();
    work(2);
    cuda_on_host::limit_device_memory(cuda_on_host::device_memory().most_bytes);
    EXPECT_NO_THROW(work(4));
  }
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(outputs[i].pixels, outputs[0].pixels);
    EXPECT_EQ(features[i].descriptors, features[0].descriptors);
    EXPECT_EQ(codes[i], codes[0]);
    EXPECT_EQ(details[i], details[0]);
  }
  EXPECT_FALSE(features[0].keypoints.empty());
}

// More threads than lanes, so that some wait for those that fail.
TEST_F(CudaDeviceFailuresTest, NobodyWaitsForALaneThatHasFailed) {
  constexpr std::size_t kThreads = 8;
  constexpr int kCalls = 20;
  const std::unique_ptr<Backend> backend = test::make_cuda_host_backend();
  const GreyImage photo = grey_picture(40, 30);
  const auto code_details = [&] {
    std::vector<std::uint8_t> details;
    backend->code_details({&photo, 1}, {&details, 1});
    return details;
  };
  const std::vector<std::uint8_t> expected = code_details();
  for (const DeviceFailure failure : {DeviceFailure::kUnknown, DeviceFailure::kUnknownForGood}) {
    cuda_on_host::fail_device_call(DeviceCall::kSynchronise, 50, failure);
    std::vector<int> failed(kThreads), wrong(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int call = 0; call < kCalls; ++call) {
          try {
            if (code_details() != expected) ++wrong[t];
          } catch (const Error& error) {
            ++(error.code() == ErrorCode::kDevice ? failed : wrong)[t];
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    cuda_on_host::repair_device();
    EXPECT_THAT(wrong, testing::Each(0));
    const int all_failed = std::accumulate(failed.begin(), failed.end(), 0);
    if (failure == DeviceFailure::kUnknown) {
      EXPECT_EQ(all_failed, 1);
    } else {
      EXPECT_GT(all_failed, 1);
    }
    EXPECT_EQ(code_details(), expected);
  }
}

}  // namespace
}  // namespace pressmark::kernels
