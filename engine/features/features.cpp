// SPDX-License-Identifier: Apache-2.0
#include "engine/features/features.hpp"

namespace pressmark::features {

ImageFeatures image_features(const kernels::GreyImage& canonical, int max_keypoints,
                             const kernels::Backend& backend) {
  ImageFeatures result;
  kernels::GreyImage glare, relit;
  backend.mask_glare({&canonical, 1}, {&glare, 1});
  backend.relight({&canonical, 1}, {&glare, 1}, {&relit, 1}, {&result.light, 1});
  for (const Channel channel : kChannels) {
    backend.extract({channel == Channel::kRaw ? &canonical : &relit, 1}, {&glare, 1}, max_keypoints,
                    {&result.of(channel), 1});
  }
  backend.dense_codes({&canonical, 1}, {&glare, 1}, {&result.dense, 1});
  backend.code_details({&canonical, 1}, {&result.detail, 1});
  return result;
}

}  // namespace pressmark::features
