// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/byte_products.hpp"
#include "kernels/byte_tiles.hpp"
#include "tests/kernels/cpu/every_target.hpp"

namespace pressmark::index {

// Calls check() with every instruction set that this build and machine have, and once more without
// tiles and without the instruction for products of bytes.
template <typename Check>
void on_every_target(const Check& check) {
  test::on_every_target(check);
  if (kernels::allow_tiles(true)) {
    kernels::allow_tiles(false);
    check();
  }
  if (kernels::allow_byte_products(true)) {
    kernels::allow_byte_products(false);
    check();
    kernels::allow_byte_products(true);
  }
  kernels::allow_tiles(true);
}

}  // namespace pressmark::index
