// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hwy/targets.h>

#include <cstdint>

#include "engine/index/int8_scan.hpp"
#include "engine/index/tile_scan.hpp"

namespace pressmark::index {

// Calls check() with every instruction set that this build and machine have, and once more without
// tiles and without the instruction for products of bytes.
template <typename Check>
void on_every_target(const Check& check) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    check();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
  if (allow_tiles(true)) {
    allow_tiles(false);
    check();
  }
  if (allow_byte_products(true)) {
    allow_byte_products(false);
    check();
    allow_byte_products(true);
  }
  allow_tiles(true);
}

}  // namespace pressmark::index
