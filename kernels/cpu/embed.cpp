// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "kernels/cpu/stages.hpp"

namespace pressmark::kernels::cpu {

void embed(const LocalFeatures& features, const Whitening& whitening,
           std::vector<std::int8_t>& output) {
  assert(whitening.mean.size() == kDescriptorSize);
  assert(whitening.projection.size() == std::size_t{kLocalCodeSize} * kDescriptorSize);
  // Transposed, so that the inner loop runs over outputs: every output sums in order of d, which
  // any backend can repeat exactly, and the loop is a vector operation.
  std::array<float, std::size_t{kDescriptorSize} * kLocalCodeSize> transposed;
  for (int o = 0; o < kLocalCodeSize; ++o) {
    for (int d = 0; d < kDescriptorSize; ++d) {
      transposed[static_cast<std::size_t>(d * kLocalCodeSize + o)] =
          whitening.projection[static_cast<std::size_t>(o * kDescriptorSize + d)];
    }
  }
  const std::size_t count = features.keypoints.size();
  output.resize(count * kLocalCodeSize);
  for (std::size_t i = 0; i < count; ++i) {
    const float* descriptor = &features.descriptors[i * kDescriptorSize];
    std::array<float, kLocalCodeSize> sum{};
    for (int d = 0; d < kDescriptorSize; ++d) {
      const float value = descriptor[d] - whitening.mean[static_cast<std::size_t>(d)];
      const float* row = &transposed[static_cast<std::size_t>(d * kLocalCodeSize)];
      for (int o = 0; o < kLocalCodeSize; ++o) sum[static_cast<std::size_t>(o)] += value * row[o];
    }
    float squared = 0;
    for (float value : sum) squared += value * value;
    const float scale = squared > 0 ? 127.0f / std::sqrt(squared) : 0.0f;
    for (std::size_t o = 0; o < kLocalCodeSize; ++o) {
      output[i * kLocalCodeSize + o] =
          static_cast<std::int8_t>(std::clamp(std::nearbyint(sum[o] * scale), -127.0f, 127.0f));
    }
  }
}

}  // namespace pressmark::kernels::cpu
