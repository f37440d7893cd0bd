// SPDX-License-Identifier: Apache-2.0
//
// Local codes of one part of a catalogue, in lists by their nearest word of the vocabulary. Two
// ways of holding them: in memory, growing, and mapped from an index file, where one list's rows,
// points and codes each lie together. A code takes 74 bytes: 64 of its own, 8 of its place, 2 of
// its image's row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/index/checked_bytes.hpp"
#include "engine/index/part_row.hpp"
#include "kernels/math/keypoint_grid.hpp"
#include "pressmark/types.hpp"

namespace pressmark::index {

// A keypoint on its grid.
struct GridPoint {
  std::uint16_t x = 0, y = 0, size = 0, angle = 0;

  explicit GridPoint(const Keypoint& point)
      : x(kernels::grid_from_px(point.x_px)),
        y(kernels::grid_from_px(point.y_px)),
        size(kernels::grid_from_px(point.size_px)),
        angle(kernels::grid_from_angle(point.angle_rad)) {}
  Keypoint keypoint() const {
    return {kernels::px_from_grid(x), kernels::px_from_grid(y), kernels::px_from_grid(size),
            kernels::angle_from_grid(angle)};
  }
};
static_assert(sizeof(GridPoint) == 8);

// The codes of one word: entry i of each is of one code. Rows ascend; an image's codes keep their
// order.
struct WordList {
  std::span<const std::uint16_t> rows;
  std::span<const GridPoint> points;
  std::span<const std::int8_t> codes;  // rows.size() x kLocalCodeSize

  std::span<const std::int8_t> code(std::size_t i, std::size_t count = 1) const {
    return codes.subspan(i * kLocalCodeSize, count * kLocalCodeSize);
  }
};

// Constant parts may be used from many threads.
class LocalPart {
 public:
  virtual ~LocalPart() = default;

  virtual std::span<const PartRow> rows() const = 0;  // ids ascend

  // channel: place in kChannels; word: below the vocabulary's size. What is returned holds as long
  // as the part does not change. Throws DamagedPart.
  virtual std::span<const std::uint16_t> list_rows(std::size_t channel, std::size_t word) const = 0;
  virtual std::span<const GridPoint> list_points(std::size_t channel, std::size_t word) const = 0;
  virtual WordList list(std::size_t channel, std::size_t word) const = 0;
};

// In memory.
class LocalTail final : public LocalPart {
 public:
  explicit LocalTail(const std::array<std::size_t, kChannels.size()>& words);

  // Ids ascend from call to call; at most kMostPartRows images.
  void add(ImageId id, const Description& description);

  std::span<const PartRow> rows() const override { return rows_; }
  std::span<const std::uint16_t> list_rows(std::size_t channel, std::size_t word) const override;
  std::span<const GridPoint> list_points(std::size_t channel, std::size_t word) const override;
  WordList list(std::size_t channel, std::size_t word) const override;

 private:
  struct List {
    std::vector<std::uint16_t> rows;
    std::vector<GridPoint> points;
    std::vector<std::int8_t> codes;
  };
  std::array<std::vector<List>, kChannels.size()> lists_;
  std::vector<PartRow> rows_;
};

// Mapped.
class MappedLocalPart final : public LocalPart {
 public:
  struct Channel {
    CheckedBytes offsets;  // u32 x (words + 1): where each word's list begins, in codes; ascending
    CheckedBytes rows;     // u16 x codes
    CheckedBytes points;   // GridPoint x codes
    CheckedBytes codes;    // kLocalCodeSize x codes
  };

  // Tests the offsets; lists when they are used. Throws std::invalid_argument where the sections do
  // not fit each other or the vocabularies; DamagedPart. `rows` must outlive the part.
  MappedLocalPart(std::span<const PartRow> rows, std::array<Channel, kChannels.size()> channels,
                  const std::array<std::size_t, kChannels.size()>& words);

  std::span<const PartRow> rows() const override { return rows_; }
  std::span<const std::uint16_t> list_rows(std::size_t channel, std::size_t word) const override;
  std::span<const GridPoint> list_points(std::size_t channel, std::size_t word) const override;
  WordList list(std::size_t channel, std::size_t word) const override;

 private:
  struct Range {
    std::size_t first, count;
  };
  Range range(std::size_t channel, std::size_t word) const;

  std::span<const PartRow> rows_;
  std::array<Channel, kChannels.size()> channels_;
  std::array<std::span<const std::uint32_t>, kChannels.size()> offsets_;
};

}  // namespace pressmark::index
