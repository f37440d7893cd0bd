// SPDX-License-Identifier: Apache-2.0
//
// A model made of random orthogonal projections, half of them even and half of them odd under
// contrast inversion: it keeps the distances of descriptors well enough to find true pairs, and is
// the same on every run and machine.
#pragma once

#include <cstdint>

#include "engine/model/model_data.hpp"
#include "pressmark/model.hpp"

namespace pressmark::test {

struct TestModelShape {
  int words = 8, global_size = 32;
  std::uint64_t seed = 1;
};

// With manifest and id, as if it had been encoded and decoded.
models::ModelData test_model_data(const TestModelShape& shape = {});
Model test_model(const TestModelShape& shape = {});

}  // namespace pressmark::test
