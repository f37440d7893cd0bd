// SPDX-License-Identifier: Apache-2.0
//
// Detail codes in device memory (what they are: kernels/cpu/detail_code.hpp), and their comparison.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/cuda/planes.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

// Bit i is bit i % 32 of word i / 32. A word more than the bits need is readable, so that 32 bits
// can be fetched from any bit on.
struct DetailShape {
  int width, height;  // bits
  std::int64_t offset;

  std::int64_t bits() const { return std::int64_t{width} * height; }
  std::int64_t words() const { return (bits() + 31) / 32 + 1; }
};

struct DetailCodes {
  std::vector<DetailShape> shapes;
  DeviceBuffer<std::uint32_t> words;  // code i from shapes[i].offset on
};

DetailCodes code_details(Lane& lane, const Planes<std::uint8_t>& images);

// A code as the host keeps it: detail_bytes() of the words of all codes.
std::vector<std::uint8_t> bytes_of_code(const DetailShape& shape,
                                        std::span<const std::uint32_t> words);

DetailCodes upload_details(Lane& lane, std::span<const DetailView> codes);

struct DetailPair {
  DetailShape query, hit;
  const std::uint32_t* query_words;  // DetailCodes::words
  const std::uint32_t* hit_words;
  std::array<double, 9> hit_from_query;  // between pixels
};

// Over the patches that both show, of the sums of products of signs.
struct DetailSums {
  int patches, strength, agreement;
};

DeviceBuffer<DetailSums> compare_details(Lane& lane, std::span<const DetailPair> pairs);

}  // namespace pressmark::kernels::cuda
