// SPDX-License-Identifier: Apache-2.0
#include "engine/index/gpu_placement.hpp"

#include <algorithm>

namespace pressmark::index {
namespace {

std::int64_t capacity(std::size_t free_bytes, int dimension) {
  if (free_bytes <= kWorkBytes) return 0;
  return static_cast<std::int64_t>((free_bytes - kWorkBytes) / bytes_of_row(dimension));
}

}  // namespace

std::optional<GpuPlacement> place_rows(std::span<const std::size_t> free_bytes, std::int64_t rows,
                                       int dimension) {
  GpuPlacement placement;
  placement.rows.resize(free_bytes.size(), 0);
  if (free_bytes.empty()) return std::nullopt;
  for (int copies = kMostCopies; copies > 0; --copies) {
    if (capacity(free_bytes.front() / static_cast<std::size_t>(copies), dimension) < rows) continue;
    placement.rows.front() = rows;
    placement.copies = copies;
    return placement;
  }

  struct Room {
    std::size_t device;
    std::int64_t rows;
  };
  std::vector<Room> rooms;
  std::int64_t total = 0;
  for (std::size_t device = 0; device < free_bytes.size() && total < rows; ++device) {
    const std::int64_t room = capacity(free_bytes[device], dimension);
    if (room < kLeastRowsOfDevice) continue;
    rooms.push_back({device, room});
    total += room;
  }
  if (total < rows) return std::nullopt;
  // The smallest first: what they cannot take falls to those that follow.
  std::stable_sort(rooms.begin(), rooms.end(),
                   [](const Room& a, const Room& b) { return a.rows < b.rows; });
  std::int64_t left = rows;
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    const auto sharing = static_cast<std::int64_t>(rooms.size() - i);
    const std::int64_t share = std::min(rooms[i].rows, (left + sharing - 1) / sharing);
    placement.rows[rooms[i].device] = share;
    left -= share;
  }
  return placement;
}

}  // namespace pressmark::index
