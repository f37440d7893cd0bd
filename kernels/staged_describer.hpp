// SPDX-License-Identifier: Apache-2.0
//
// Describing for backends that have the stages alone.
#pragma once

#include <memory>

#include "kernels/ops.hpp"

namespace pressmark::kernels {

// Calls the backend's stages one after the other, image by image: what one image needs stays in a
// processor's caches. The backend must outlive the describer.
std::unique_ptr<ImageDescriber> make_staged_describer(const Backend& backend,
                                                      const DescribeModel& model);

}  // namespace pressmark::kernels
