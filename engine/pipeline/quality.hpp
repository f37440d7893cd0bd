// SPDX-License-Identifier: Apache-2.0
//
// What of a photo's quality can be measured without knowing what it shows.
#pragma once

#include "kernels/ops.hpp"
#include "pressmark/types.hpp"

namespace pressmark::pipeline {

// Of a canonical image that is not empty. Sharpness is f / (f + c), f and c the mean squared
// differences of neighbours in the image halved once and three times by 2 x 2 averages.
Quality measure_quality(const kernels::GreyImage& image);

}  // namespace pressmark::pipeline
