// SPDX-License-Identifier: Apache-2.0
//
// Which GPUs hold how many rows, decided by their free memory before FAISS is asked for any: it
// aborts the process on most failures of CUDA.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pressmark::index {

// Rows in fp16, with a float for each row's norm that FAISS keeps and one while it computes it
// anew.
constexpr std::size_t bytes_of_row(int dimension) {
  return std::size_t{2} * static_cast<std::size_t>(dimension) + 2 * sizeof(float);
}

// Beside its rows a copy needs of each of its devices: FAISS's temporary memory, a cuBLAS handle
// with its workspace, and a page of rows in float and in fp16 (256 + 128 MiB) while they are added.
inline constexpr std::size_t kWorkBytes = std::size_t{768} << 20;

// Searches that run at once, each on a copy of its own: one computes while the other's answer is
// fetched. More would gain nothing, since each reads all rows: memory bounds their speed.
inline constexpr int kMostCopies = 2;

// A device with room for fewer rows is left alone, so that each part has at least as many rows as
// a search asks for.
inline constexpr std::int64_t kLeastRowsOfDevice = 65'536;

struct GpuPlacement {
  std::vector<std::int64_t> rows;  // of each device in order, consecutive ones; 0: it is not used
  int copies = 1;
};

// free_bytes: of each device, that of the engine first. Others are used only where it has too
// little, as few as it takes; then they hold alike shares of one copy. Nothing where all together
// have too little. rows > 0.
std::optional<GpuPlacement> place_rows(std::span<const std::size_t> free_bytes, std::int64_t rows,
                                       int dimension);

}  // namespace pressmark::index
