// SPDX-License-Identifier: Apache-2.0
#include "engine/parallel/ordered_pipeline.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace pressmark::parallel {
namespace {

// Counts its objects: what a pipeline drops without destroying stays counted.
struct Item {
  static inline std::atomic<int> alive = 0;

  explicit Item(int place) : number(place) { ++alive; }
  Item(const Item&) = delete;
  Item& operator=(const Item&) = delete;
  ~Item() { --alive; }

  int number;
  int worked = 0;
};

class OrderedPipelineTest : public testing::TestWithParam<int> {
 protected:
  OrderedPipelineTest() { control_.threads = GetParam(); }

  static auto count_to(int end, int& next) {
    return [end, &next]() -> Token<Item> {
      return next == end ? nullptr : std::make_unique<Item>(next++);
    };
  }

  RunControl control_;
};

TEST_P(OrderedPipelineTest, ItemsArriveWorkedOnAndInOrder) {
  int next = 0;
  std::vector<int> ordered, arrived;
  const auto work = [](Item& item) { ++item.worked; };
  const auto note = [&](Item& item) { ordered.push_back(item.number); };
  run_pipeline<Item>(control_, count_to(300, next), parallel_stage(work), ordered_stage(note),
                     parallel_stage(work), [&](Item& item) {
                       EXPECT_EQ(item.worked, 2);
                       arrived.push_back(item.number);
                     });
  ASSERT_EQ(arrived.size(), 300u);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(arrived[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(ordered, arrived);
  EXPECT_EQ(Item::alive, 0);
}

TEST_P(OrderedPipelineTest, NothingToDo) {
  int next = 0;
  const auto none = [](Item&) { FAIL(); };
  run_pipeline<Item>(control_, count_to(0, next), parallel_stage(none), none);
}

// Of several errors the first in order, whichever came first in time.
TEST_P(OrderedPipelineTest, TheFirstErrorInOrderIsThrownAfterWhatCameBefore) {
  for (int run = 0; run < 20; ++run) {
    int next = 0, arrived = 0;
    const auto fail_early = [](Item& item) {
      if (item.number >= 41) throw std::runtime_error("early " + std::to_string(item.number));
    };
    const auto fail_late = [](Item& item) {
      if (item.number == 40) throw std::runtime_error("late 40");
    };
    try {
      run_pipeline<Item>(control_, count_to(10'000, next), parallel_stage(fail_early),
                         parallel_stage(fail_late), [&](Item& item) {
                           EXPECT_EQ(item.number, arrived);
                           ++arrived;
                         });
      ADD_FAILURE() << "no error";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "late 40");
    }
    EXPECT_EQ(arrived, 40);
    EXPECT_LT(next, 1000);  // the source was stopped
    EXPECT_EQ(Item::alive, 0);
  }
}

TEST_P(OrderedPipelineTest, SourceAndSinkMayFail) {
  int arrived = 0, next = 0;
  const auto nothing = [](Item&) {};
  const auto failing_source = [&]() -> Token<Item> {
    if (next == 7) throw std::runtime_error("source");
    return std::make_unique<Item>(next++);
  };
  EXPECT_THROW(run_pipeline<Item>(control_, failing_source, parallel_stage(nothing),
                                  [&](Item&) { ++arrived; }),
               std::runtime_error);
  EXPECT_EQ(arrived, 7);

  next = arrived = 0;
  const auto failing_sink = [&](Item& item) {
    if (item.number == 5) throw std::runtime_error("sink");
    ++arrived;
  };
  EXPECT_THROW(
      run_pipeline<Item>(control_, count_to(10'000, next), parallel_stage(nothing), failing_sink),
      std::runtime_error);
  EXPECT_EQ(arrived, 5);
  EXPECT_LT(next, 1000);
  EXPECT_EQ(Item::alive, 0);
}

INSTANTIATE_TEST_SUITE_P(Threads, OrderedPipelineTest, testing::Values(1, 2, 5));

}  // namespace
}  // namespace pressmark::parallel
