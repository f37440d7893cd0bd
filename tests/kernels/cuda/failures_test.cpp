// SPDX-License-Identifier: Apache-2.0
//
// Kernels of kernels/cuda run by the CPU, on a device that has too little memory or fails: every
// stage gives its numbers all the same or one Error that says what happened, gives back what it has
// taken, and works afterwards.
#include <algorithm>
#include <functional>
#include <map>
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

class DeviceRepairedAfterwards {
 public:
  ~DeviceRepairedAfterwards() { cuda_on_host::repair_device(); }
};

class CudaFailuresTest : public testing::TestWithParam<StageRun> {
 protected:
  CudaFailuresTest() {
    constexpr DeviceCall kCalls[] = {DeviceCall::kAllocate, DeviceCall::kAllocatePinned,
                                     DeviceCall::kCopy, DeviceCall::kLaunch,
                                     DeviceCall::kSynchronise};
    cuda_on_host::repair_device();
    before_ = cuda_on_host::device_memory();
    expected_ = run();
    need_bytes_ = cuda_on_host::device_memory().most_bytes - before_.bytes;
    for (const DeviceCall call : kCalls) calls_[call] = cuda_on_host::device_calls(call);
    cuda_on_host::repair_device();
  }

  std::vector<double> run() const { return GetParam().numbers(*backend_); }

  // Runs on the device as it is now, repairs it, and checks what does not depend on what fails.
  Outcome checked_outcome() const {
    const Outcome outcome = outcome_of([&] { return run(); });
    cuda_on_host::repair_device();
    EXPECT_EQ(cuda_on_host::device_memory().buffers, before_.buffers);
    EXPECT_TRUE(outcome.error || outcome.numbers == expected_);
    return outcome;
  }

  // Lets one call after the other fail: the first, the last, and some between.
  void expect_errors(DeviceCall call, long most, DeviceFailure failure) const {
    const long calls = calls_.at(call), tried = std::min(calls, most);
    for (long i = 0; i < tried; ++i) {
      const long n = tried > 1 ? i * (calls - 1) / (tried - 1) : 0;
      SCOPED_TRACE("call " + std::to_string(n) + " of " + std::to_string(calls));
      cuda_on_host::fail_device_call(call, n, failure);
      const Outcome outcome = checked_outcome();
      ASSERT_TRUE(outcome.has_device_failed);
      if (failure == DeviceFailure::kOutOfMemory) {
        if (!outcome.error) continue;  // smaller batches
        ASSERT_EQ(*outcome.error, ErrorCode::kOutOfMemory) << outcome.message;
        ASSERT_THAT(outcome.message, HasSubstr("out of memory (cudaErrorMemoryAllocation)"));
      } else {
        ASSERT_EQ(outcome.error, ErrorCode::kDevice) << outcome.message;
        ASSERT_THAT(outcome.message, HasSubstr("(cudaErrorUnknown)"));
      }
    }
  }

  const DeviceRepairedAfterwards repaired_;
  cuda_on_host::DeviceMemory before_;
  const std::unique_ptr<Backend> backend_ = test::make_cuda_host_backend();
  std::vector<double> expected_;
  std::size_t need_bytes_ = 0;
  std::map<DeviceCall, long> calls_;
};
INSTANTIATE_TEST_SUITE_P(Stages, CudaFailuresTest, testing::ValuesIn(all_stage_runs()),
                         stage_run_name);

TEST_P(CudaFailuresTest, TooLittleMemory) {
  expect_errors(DeviceCall::kAllocate, 6, DeviceFailure::kOutOfMemory);
  for (const std::size_t bytes : {std::size_t{0}, need_bytes_ / 5, need_bytes_ / 2}) {
    SCOPED_TRACE(std::to_string(bytes) + " of " + std::to_string(need_bytes_) + " bytes");
    cuda_on_host::limit_device_memory(before_.bytes + bytes);
    const Outcome outcome = checked_outcome();
    EXPECT_EQ(outcome.error.value_or(ErrorCode::kOutOfMemory), ErrorCode::kOutOfMemory);
  }
  cuda_on_host::limit_device_memory(before_.bytes + need_bytes_);
  EXPECT_FALSE(checked_outcome().error);
}

TEST_P(CudaFailuresTest, TooLittlePageLockedMemory) {
  // Lanes keep what they have: one backend each time.
  for (long n = 0; n < calls_.at(DeviceCall::kAllocatePinned); ++n) {
    const std::unique_ptr<Backend> backend = test::make_cuda_host_backend();
    cuda_on_host::fail_device_call(DeviceCall::kAllocatePinned, n, DeviceFailure::kOutOfMemory);
    const Outcome outcome = outcome_of([&] { return GetParam().numbers(*backend); });
    cuda_on_host::repair_device();
    EXPECT_TRUE(outcome.has_device_failed);
    if (outcome.error) {
      EXPECT_EQ(*outcome.error, ErrorCode::kOutOfMemory);
      EXPECT_THAT(outcome.message, HasSubstr("allocate page-locked memory: out of memory"));
      EXPECT_EQ(GetParam().numbers(*backend), expected_);
    } else {
      EXPECT_EQ(outcome.numbers, expected_);
    }
  }
}

TEST_P(CudaFailuresTest, CallsThatFail) {
  for (const DeviceCall call : {DeviceCall::kCopy, DeviceCall::kLaunch, DeviceCall::kSynchronise}) {
    expect_errors(call, 3, DeviceFailure::kUnknown);
  }
  for (const DeviceCall call : {DeviceCall::kLaunch, DeviceCall::kSynchronise}) {
    expect_errors(call, 2, DeviceFailure::kUnknownForGood);
  }
  EXPECT_EQ(run(), expected_);
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
