// SPDX-License-Identifier: Apache-2.0
//
// GlobalIndex with a device: the same answers as without, to the bit.
#include "engine/index/device_search.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "engine/index/global_index.hpp"
#include "half_search.hpp"
#include "pressmark/error.hpp"
#include "random_vectors.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kDimension = 48, kRows = 2500;

std::span<const float> row_of(const std::vector<float>& rows, std::size_t row) {
  return std::span(rows).subspan(row * kDimension, kDimension);
}

class DeviceSearchTest : public testing::Test {
 protected:
  DeviceSearchTest() {
    auto device = std::make_unique<HalfSearch>(kDimension, 600);
    device_ = device.get();
    shortlisted_ = std::make_unique<GlobalIndex>(static_cast<int>(kDimension), std::move(device));
    for (std::size_t i = 0; i < kRows; ++i) ids_.push_back(static_cast<ImageId>(2 * i + 5));
    add(ids_, vectors_);
  }

  void add(std::span<const ImageId> ids, std::span<const float> vectors) {
    flat_.add(ids, vectors);
    shortlisted_->add(ids, vectors);
  }
  void remove(std::span<const ImageId> ids) {
    flat_.remove(ids);
    shortlisted_->remove(ids);
  }
  void expect_equal(std::span<const float> query, int count) {
    const auto expected = flat_.search(query, count), found = shortlisted_->search(query, count);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].id, expected[i].id);
      EXPECT_EQ(found[i].similarity, expected[i].similarity);
    }
  }

  std::vector<float> vectors_ = random_unit_rows(kRows, kDimension, 1);
  std::vector<float> queries_ = random_unit_rows(10, kDimension, 2);
  std::vector<ImageId> ids_;
  GlobalIndex flat_{static_cast<int>(kDimension)};
  std::unique_ptr<GlobalIndex> shortlisted_;
  HalfSearch* device_ = nullptr;
};

TEST_F(DeviceSearchTest, GivesTheHostsAnswers) {
  for (std::size_t q = 0; q < 10; ++q) {
    for (const int count : {0, 1, 10, 100}) expect_equal(row_of(queries_, q), count);
  }
  EXPECT_EQ(device_->fillings, 1);
  EXPECT_EQ(device_->searches, 30);  // the first shortlist was enough
}

TEST_F(DeviceSearchTest, RemovedOnesAreHidden) {
  // The hundred nearest of one query: its first shortlist loses a quarter.
  std::vector<ImageId> removed;
  for (const Neighbour& near : flat_.search(row_of(queries_, 0), 100)) removed.push_back(near.id);
  remove(removed);
  for (std::size_t q = 0; q < 10; ++q) expect_equal(row_of(queries_, q), 90);
  EXPECT_EQ(device_->fillings, 1);
}

TEST_F(DeviceSearchTest, ALongerShortlistWhereTheFirstIsUsedUp) {
  std::vector<ImageId> removed;
  for (const Neighbour& near : flat_.search(row_of(queries_, 0), 150)) removed.push_back(near.id);
  remove(removed);
  expect_equal(row_of(queries_, 0), 10);  // 104 at first
  EXPECT_EQ(device_->searches, 2);
}

TEST_F(DeviceSearchTest, TheHostWhereTheLongestIsUsedUp) {
  std::vector<ImageId> removed;
  for (const Neighbour& near : flat_.search(row_of(queries_, 0), 700)) removed.push_back(near.id);
  remove(removed);
  expect_equal(row_of(queries_, 0), 10);
  EXPECT_EQ(device_->searches, 2);
}

TEST_F(DeviceSearchTest, TheHostWhereMoreIsWantedThanTheDeviceFinds) {
  expect_equal(row_of(queries_, 0), 1000);
  expect_equal(row_of(queries_, 0), static_cast<int>(kRows));
}

TEST_F(DeviceSearchTest, EqualVectorsComeById) {
  std::vector<float> equal;
  std::vector<ImageId> ids(1000);
  std::iota(ids.begin(), ids.end(), 10'000);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto row = row_of(vectors_, i < 300 ? 7 : 8);
    equal.insert(equal.end(), row.begin(), row.end());
  }
  add(ids, equal);
  for (const int count : {1, 2, 50, 100, 301}) {
    expect_equal(row_of(vectors_, 7), count);  // shortlists hold them all, or the longest does
    expect_equal(row_of(vectors_, 8), count);  // 701: none does
  }
}

TEST_F(DeviceSearchTest, WhatIsAddedLaterIsFound) {
  expect_equal(row_of(queries_, 0), 5);
  const ImageId late = 100'000;
  add({&late, 1}, row_of(queries_, 0));
  const auto found = shortlisted_->search(row_of(queries_, 0), 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, late);
  EXPECT_EQ(device_->fillings, 2);
}

TEST_F(DeviceSearchTest, QueriesWithoutAnswerOrDirection) {
  expect_equal(std::vector<float>(kDimension, 0.0f), 10);
  expect_equal(std::vector<float>(kDimension, std::numeric_limits<float>::quiet_NaN()), 10);
  remove(ids_);
  expect_equal(row_of(queries_, 0), 10);
}

TEST_F(DeviceSearchTest, FewRowsAreSearchedOnTheHost) {
  device_->least = kRows + 1;
  expect_equal(row_of(queries_, 0), 10);
  EXPECT_EQ(device_->fillings, 0);
  EXPECT_EQ(shortlisted_->description(), "Flat, 48 dimensions, 2500 vectors");
  device_->least = kRows;
  expect_equal(row_of(queries_, 0), 10);
  EXPECT_EQ(device_->searches, 1);
  EXPECT_EQ(shortlisted_->description(),
            "Flat, fp16 on the host and exact re-ranking, 48 dimensions, 2500 vectors");
}

TEST(MakeDeviceSearchTest, TheCpuBackendHasNone) {
  EXPECT_EQ(make_device_search("cpu", 16), nullptr);
  EXPECT_EQ(make_device_search("", 16), nullptr);
  EXPECT_EQ(make_device_search("cuda", 16), nullptr);  // a backend names its ordinal
  EXPECT_EQ(make_device_search("cuda:x", 16), nullptr);
}

}  // namespace
}  // namespace pressmark::index
