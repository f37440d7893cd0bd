// SPDX-License-Identifier: Apache-2.0
//
// Whether sums of four products of bytes are one instruction (AVX-512 VNNI), where Highway chose
// AVX-512: not all processors with the one have the other.
#pragma once

namespace pressmark::kernels {

// Thread-safe.
bool uses_byte_products();

// For tests and benchmarks, which run what processors without the instruction would. Returns
// whether it is used now. Affects all threads; results are the same either way.
bool allow_byte_products(bool allowed);

}  // namespace pressmark::kernels
