// SPDX-License-Identifier: Apache-2.0
//
// FAISS on a GPU against the host. Built where FAISS has indexes for GPUs, run where there is one.
#include "engine/index/gpu_flat_search.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "engine/index/global_index.hpp"
#include "kernels/backends.hpp"
#include "pressmark/error.hpp"
#include "random_vectors.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kDimension = 256, kRows = 30'000, kEqual = 3000, kQueries = 40;

class GpuFlatSearchTest : public testing::Test {
 protected:
  void SetUp() override {
    try {
      kernels::make_backend("cuda:0");  // FAISS may abort where the driver does not work
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
    // The last are equal: more than a GPU finds at once.
    for (std::size_t row = kRows - kEqual; row < kRows; ++row) {
      std::copy_n(vectors_.begin(), kDimension,
                  vectors_.begin() + static_cast<std::ptrdiff_t>(row * kDimension));
    }
    std::vector<ImageId> ids(kRows);
    std::iota(ids.begin(), ids.end(), 1);
    for (GlobalIndex* index : {&flat_, &on_gpu_}) {
      index->add(ids, vectors_);
      index->remove(std::span(ids).subspan(100, 500));
    }
  }

  std::span<const float> query(std::size_t q) const {
    return q == 0 ? std::span(vectors_).first(kDimension)  // one of the equal ones
                  : std::span(queries_).subspan(q * kDimension, kDimension);
  }

  static std::vector<std::pair<ImageId, float>> search(const GlobalIndex& index,
                                                       std::span<const float> query, int count) {
    std::vector<std::pair<ImageId, float>> result;
    for (const Neighbour& near : index.search(query, count)) {
      result.emplace_back(near.id, near.similarity);
    }
    return result;
  }

  std::vector<float> vectors_ = random_unit_rows(kRows, kDimension, 1);
  std::vector<float> queries_ = random_unit_rows(kQueries, kDimension, 2);
  GlobalIndex flat_{static_cast<int>(kDimension)};
  GlobalIndex on_gpu_{static_cast<int>(kDimension),
                      make_gpu_flat_search(0, static_cast<int>(kDimension))};
};

TEST_F(GpuFlatSearchTest, GivesTheHostsAnswers) {
  EXPECT_EQ(on_gpu_.description(),
            "Flat, fp16 on cuda:0 and exact re-ranking, 256 dimensions, 29500 vectors");
  for (std::size_t q = 0; q < kQueries; ++q) {
    for (const int count : {1, 100, 600}) {
      EXPECT_EQ(search(on_gpu_, query(q), count), search(flat_, query(q), count));
    }
  }
}

TEST_F(GpuFlatSearchTest, ManyThreadsGetTheHostsAnswers) {
  std::vector<std::thread> threads;
  std::vector<std::vector<std::pair<ImageId, float>>> found(kQueries);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t q = t; q < kQueries; q += 4) found[q] = search(on_gpu_, query(q), 100);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t q = 0; q < kQueries; ++q) {
    EXPECT_EQ(found[q], search(flat_, query(q), 100));
  }
}

TEST_F(GpuFlatSearchTest, ShortlistsVouchForTheRest) {
  const auto device = make_gpu_flat_search(0, static_cast<int>(kDimension));
  const std::vector<float> distinct = random_unit_rows(kRows, kDimension, 3);
  device->hold(distinct);
  for (std::size_t q = 1; q < kQueries; ++q) {
    const ApproximateRows found = device->find(query(q), 464);
    EXPECT_EQ(found.rows.size(), 464u);
    EXPECT_TRUE(rerank(
        query(q), distinct, found, [](std::int64_t) { return true; }, 100));
  }
}

TEST_F(GpuFlatSearchTest, AnUnknownDeviceIsAnError) {
  const auto device = make_gpu_flat_search(1000, static_cast<int>(kDimension));
  EXPECT_THROW(device->hold(vectors_), Error);
}

}  // namespace
}  // namespace pressmark::index
