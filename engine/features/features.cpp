// SPDX-License-Identifier: Apache-2.0
#include "engine/features/features.hpp"

#include <utility>

namespace pressmark::features {

std::vector<ImageFeatures> image_features(std::span<const kernels::GreyImage> canonicals,
                                          int max_keypoints, const kernels::Backend& backend) {
  const std::size_t count = canonicals.size();
  std::vector<kernels::GreyImage> glare(count), relit(count);
  std::vector<Light> lights(count);
  std::vector<kernels::LocalFeatures> local(count);
  std::vector<DenseCode> dense(count);
  std::vector<std::vector<std::uint8_t>> details(count);
  std::vector<ImageFeatures> result(count);
  backend.mask_glare(canonicals, glare);
  backend.relight(canonicals, glare, relit, lights);
  for (const Channel channel : kChannels) {
    backend.extract(channel == Channel::kRaw ? canonicals : std::span(std::as_const(relit)), glare,
                    max_keypoints, local);
    for (std::size_t i = 0; i < count; ++i) result[i].of(channel) = std::move(local[i]);
  }
  backend.dense_codes(canonicals, glare, dense);
  backend.code_details(canonicals, details);
  for (std::size_t i = 0; i < count; ++i) {
    result[i].light = lights[i];
    result[i].dense = dense[i];
    result[i].detail = std::move(details[i]);
  }
  return result;
}

}  // namespace pressmark::features
