// SPDX-License-Identifier: Apache-2.0
//
// The frame of the conformance tests: every test runs on every backend of this list.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/ops.hpp"
#include "tests/support/cuda_on_host/cuda_host_backend.hpp"

namespace pressmark::kernels {

struct BackendFactory {
  const char* name;
  std::unique_ptr<Backend> (*make)();
};

inline const BackendFactory kBackends[] = {{"cpu", &make_cpu_backend},
                                           {"cuda_on_host", &test::make_cuda_host_backend}};

class BackendTest : public testing::TestWithParam<BackendFactory> {
 protected:
  const std::unique_ptr<Backend> backend_ = GetParam().make();
};

inline std::string backend_name(const testing::TestParamInfo<BackendFactory>& info) {
  return info.param.name;
}

// Unlike the standard distributions, the same with every standard library.
inline double uniform(std::mt19937_64& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
}

inline std::vector<float> uniform_values(std::mt19937_64& random, std::size_t count, double low,
                                         double high) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(uniform(random, low, high));
  return values;
}

// Rows of random codes of about unit length at 127.
inline std::vector<std::int8_t> random_codes(std::mt19937_64& random, std::size_t count) {
  std::vector<std::int8_t> codes(count * kLocalCodeSize);
  for (std::int8_t& value : codes) value = static_cast<std::int8_t>(uniform(random, -28, 28));
  return codes;
}

// Exact: what two calls give for the same arguments.
inline bool equal(const Registration& a, const Registration& b) {
  return a.found == b.found && a.kind == b.kind && a.hit_from_query == b.hit_from_query &&
         a.inliers == b.inliers;
}
inline bool equal(const Consensus& a, const Consensus& b) {
  return a.places == b.places && a.hit_from_query == b.hit_from_query && a.agreeing == b.agreeing;
}
inline bool equal(const SignedMatches& a, const SignedMatches& b) {
  return a.same == b.same && a.inverted == b.inverted;
}

// Of one candidate.
inline std::vector<DenseStart> screen(const DenseAlignment& alignment,
                                      const DensePyramid& candidate,
                                      std::span<const DenseStart> starts) {
  const DensePyramid* const candidates[] = {&candidate};
  std::vector<DenseStart> screened;
  alignment.screen(candidates, {&starts, 1}, {&screened, 1});
  return screened;
}
inline float align(const DenseAlignment& alignment, const DensePyramid& candidate,
                   std::span<const DenseStart> starts) {
  const DensePyramid* const candidates[] = {&candidate};
  float score = -2;
  alignment.align(candidates, {&starts, 1}, {&score, 1});
  return score;
}

inline std::vector<Keypoint> random_keypoints(std::mt19937_64& random, std::size_t count,
                                              double side_px) {
  std::vector<Keypoint> keypoints(count);
  for (Keypoint& point : keypoints) {
    point.x_px = static_cast<float>(uniform(random, 0, side_px));
    point.y_px = static_cast<float>(uniform(random, 0, side_px));
    point.size_px = 4;
  }
  return keypoints;
}

}  // namespace pressmark::kernels

#define PRESSMARK_ON_ALL_BACKENDS(suite)                                                        \
  INSTANTIATE_TEST_SUITE_P(Backends, suite, testing::ValuesIn(::pressmark::kernels::kBackends), \
                           ::pressmark::kernels::backend_name)
