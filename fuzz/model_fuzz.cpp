// SPDX-License-Identifier: Apache-2.0
//
// A model file of any bytes is refused with an Error, or decoded; encoded again, what was decoded
// gives the same bytes. The checksum of mutated files is made right again.
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "engine/model/model_data.hpp"
#include "pressmark/error.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max, unsigned seed) {
  const std::size_t mutated = LLVMFuzzerMutate(data, size, max);
  std::uint64_t checksum = 0;
  if (seed % 8 != 0 && mutated > sizeof checksum) {
    checksum = XXH3_64bits(data, mutated - sizeof checksum);
    std::memcpy(data + mutated - sizeof checksum, &checksum, sizeof checksum);
  }
  return mutated;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pressmark;
  models::ModelData model;
  try {
    model = models::decode_model(std::span(data, size));
  } catch (const Error&) {
    return 0;
  }
  const std::vector<std::uint8_t> encoded = models::encode_model(model);
  if (encoded.size() != size || std::memcmp(encoded.data(), data, size) != 0) std::abort();
  return 0;
}
