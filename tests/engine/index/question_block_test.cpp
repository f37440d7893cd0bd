// SPDX-License-Identifier: Apache-2.0
#include "engine/index/question_block.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <tuple>
#include <vector>

#include "every_target.hpp"

namespace pressmark::index {
namespace {

using Found = std::vector<std::tuple<std::size_t, std::size_t, std::int32_t>>;

std::span<const std::int8_t> code_of(const std::vector<std::int8_t>& codes, std::size_t i) {
  return std::span<const std::int8_t>(codes).subspan(i * kLocalCodeSize, kLocalCodeSize);
}

std::int32_t product(std::span<const std::int8_t> a, std::span<const std::int8_t> b) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

class QuestionBlockTest : public testing::Test {
 protected:
  std::vector<std::int8_t> random_codes(std::size_t count) {
    std::vector<std::int8_t> codes(count * kLocalCodeSize);
    for (std::int8_t& value : codes) value = static_cast<std::int8_t>(random_() % 256 - 128);
    return codes;
  }

  static Found find(const QuestionBlock& block, const std::vector<std::int8_t>& codes,
                    const QuestionBlock::Thresholds& thresholds) {
    const auto hits = std::make_unique<QuestionBlock::Hits>();
    const std::size_t count = block.find_above(codes, thresholds, *hits);
    Found found;
    for (std::size_t i = 0; i < count; ++i) {
      found.emplace_back((*hits)[i].code, (*hits)[i].question, (*hits)[i].similarity);
    }
    return found;
  }

  std::mt19937 random_{5};
};

TEST_F(QuestionBlockTest, FindsWhatIsAboveEachThresholdOnEveryInstructionSet) {
  for (const std::size_t questions : {1, 3, 15, 16}) {
    for (const std::size_t count : {0, 1, 15, 16, 17, 100, 256}) {
      const std::vector<std::int8_t> asked = random_codes(questions), codes = random_codes(count);
      QuestionBlock block;
      QuestionBlock::Thresholds thresholds{};
      for (std::size_t q = 0; q < questions; ++q) {
        block.add(code_of(asked, q));
        thresholds[q] = static_cast<std::int32_t>(random_() % 60'000);
      }
      Found expected;
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t q = 0; q < questions; ++q) {
          const std::int32_t similarity = product(code_of(codes, i), code_of(asked, q));
          if (similarity > thresholds[q]) expected.emplace_back(i, q, similarity);
        }
      }
      if (count == 256) {
        EXPECT_FALSE(expected.empty());
      }
      on_every_target([&] { EXPECT_EQ(find(block, codes, thresholds), expected); });
    }
  }
}

TEST_F(QuestionBlockTest, ExtremeCodesDoNotOverflow) {
  const std::vector<std::int8_t> low(kLocalCodeSize, -128), high(kLocalCodeSize, 127);
  QuestionBlock block;
  block.add(low);
  block.add(high);
  QuestionBlock::Thresholds none{};
  none.fill(std::numeric_limits<std::int32_t>::min());
  on_every_target([&] {
    EXPECT_EQ(find(block, low, none), (Found{{0, 0, 64 * 128 * 128}, {0, 1, -64 * 128 * 127}}));
    EXPECT_EQ(find(block, high, none), (Found{{0, 0, -64 * 128 * 127}, {0, 1, 64 * 127 * 127}}));
  });
}

TEST_F(QuestionBlockTest, WhatIsAtTheThresholdIsNotAbove) {
  const std::vector<std::int8_t> code = random_codes(1);
  QuestionBlock block;
  block.add(code);
  QuestionBlock::Thresholds thresholds{};
  thresholds[0] = product(code, code);
  on_every_target([&] { EXPECT_TRUE(find(block, code, thresholds).empty()); });
  --thresholds[0];
  on_every_target([&] { EXPECT_EQ(find(block, code, thresholds).size(), 1u); });
}

}  // namespace
}  // namespace pressmark::index
