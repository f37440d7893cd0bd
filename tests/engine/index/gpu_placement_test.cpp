// SPDX-License-Identifier: Apache-2.0
#include "engine/index/gpu_placement.hpp"

#include <gtest/gtest.h>

namespace pressmark::index {
namespace {

constexpr int kDimension = 252;  // 512 bytes of a row

constexpr std::size_t room_for(std::int64_t rows, std::size_t copies = 1) {
  return copies * (kWorkBytes + static_cast<std::size_t>(rows) * 512);
}

std::vector<std::int64_t> rows_of(const std::optional<GpuPlacement>& placement) {
  return placement ? placement->rows : std::vector<std::int64_t>{};
}

TEST(GpuPlacementTest, TwoCopiesWhereTheEnginesDeviceHasRoom) {
  const std::size_t free_bytes[] = {room_for(1000, 2), room_for(1'000'000)};
  const auto placement = place_rows(free_bytes, 1000, kDimension);
  EXPECT_EQ(rows_of(placement), (std::vector<std::int64_t>{1000, 0}));
  EXPECT_EQ(placement->copies, 2);
}

TEST(GpuPlacementTest, OneCopyRatherThanASecondDevice) {
  const std::size_t free_bytes[] = {room_for(1000, 2) - 1, room_for(1'000'000)};
  const auto placement = place_rows(free_bytes, 1000, kDimension);
  EXPECT_EQ(rows_of(placement), (std::vector<std::int64_t>{1000, 0}));
  EXPECT_EQ(placement->copies, 1);
}

TEST(GpuPlacementTest, DevicesThatAreNeededShareAlike) {
  const std::size_t free_bytes[] = {room_for(400'000), room_for(500'000), room_for(900'000)};
  const auto placement = place_rows(free_bytes, 700'001, kDimension);
  EXPECT_EQ(rows_of(placement), (std::vector<std::int64_t>{350'001, 350'000, 0}));
  EXPECT_EQ(placement->copies, 1);
}

TEST(GpuPlacementTest, WhatOneCannotTakeFallsToTheOthers) {
  const std::size_t free_bytes[] = {room_for(300'000), room_for(100'000), room_for(900'000)};
  EXPECT_EQ(rows_of(place_rows(free_bytes, 700'000, kDimension)),
            (std::vector<std::int64_t>{300'000, 100'000, 300'000}));
}

TEST(GpuPlacementTest, DevicesThatAreNearlyFullAreLeftAlone) {
  const std::size_t free_bytes[] = {room_for(100'000), room_for(kLeastRowsOfDevice - 1), 0,
                                    room_for(100'000)};
  EXPECT_EQ(rows_of(place_rows(free_bytes, 150'000, kDimension)),
            (std::vector<std::int64_t>{75'000, 0, 0, 75'000}));
}

TEST(GpuPlacementTest, NothingWhereAllHaveTooLittle) {
  const std::size_t free_bytes[] = {room_for(100'000), room_for(100'000)};
  EXPECT_TRUE(place_rows(free_bytes, 200'000, kDimension));
  EXPECT_FALSE(place_rows(free_bytes, 200'001, kDimension));
  EXPECT_FALSE(place_rows({}, 1, kDimension));
  const std::size_t nothing[] = {kWorkBytes};
  EXPECT_FALSE(place_rows(nothing, 1, kDimension));
}

}  // namespace
}  // namespace pressmark::index
