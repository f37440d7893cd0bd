// SPDX-License-Identifier: Apache-2.0
#include "engine/train/vocabulary.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace pressmark::train {
namespace {

// Codes near +127 or -127 along one of the first `directions` axes.
LocalCodes codes_along_axes(int count, int directions, int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  LocalCodes local;
  for (int i = 0; i < count; ++i) {
    const auto axis = static_cast<int>(random() % static_cast<unsigned>(directions));
    for (int d = 0; d < kLocalCodeSize; ++d) {
      local.codes.push_back(
          static_cast<std::int8_t>((d == axis ? 120 : 0) + static_cast<int>(random() % 7) - 3));
    }
  }
  local.keypoints.resize(static_cast<std::size_t>(count));
  return local;
}

TEST(VocabularyTest, HasFewerWordsForFewerCodes) {
  const LocalCodes some = codes_along_axes(80, 4, 1);
  const LocalCodes* photos[] = {&some};
  EXPECT_EQ(learn_vocabulary(photos, 32, 4096, 1).size(), 5u * kLocalCodeSize);
  EXPECT_EQ(learn_vocabulary(photos, 32, 3, 1).size(), 3u * kLocalCodeSize);
}

TEST(VocabularyTest, OfNoCodesIsOneWord) {
  EXPECT_EQ(learn_vocabulary({}, 32, 4096, 1).size(), std::size_t{kLocalCodeSize});
  const LocalCodes empty;
  const LocalCodes* photos[] = {&empty};
  EXPECT_EQ(learn_vocabulary(photos, 32, 4096, 1).size(), std::size_t{kLocalCodeSize});
}

TEST(VocabularyTest, KnowsBothContrasts) {
  // The even axis 0 keeps its sign, the odd axis 40 has both.
  LocalCodes photo;
  for (int i = 0; i < 64; ++i) {
    std::vector<std::int8_t> code(kLocalCodeSize, 0);
    code[i % 2 == 0 ? 0 : 40] = 127;
    photo.codes.insert(photo.codes.end(), code.begin(), code.end());
  }
  photo.keypoints.resize(64);
  const LocalCodes* photos[] = {&photo, &photo};
  const std::vector<std::int8_t> words = learn_vocabulary(photos, 32, 4096, 1);
  std::set<int> even, odd;
  for (std::size_t w = 0; w < words.size(); w += kLocalCodeSize) {
    even.insert(words[w]);
    odd.insert(words[w + 40]);
  }
  EXPECT_EQ(even.count(127), 1u);
  EXPECT_EQ(even.count(-127), 0u);
  EXPECT_EQ(odd.count(127), 1u);
  EXPECT_EQ(odd.count(-127), 1u);
}

TEST(VocabularyTest, IsTheSameForTheSameSeed) {
  const LocalCodes one = codes_along_axes(150, 20, 1), two = codes_along_axes(190, 20, 2);
  const LocalCodes* photos[] = {&one, &two};
  EXPECT_EQ(learn_vocabulary(photos, 32, 4096, 7), learn_vocabulary(photos, 32, 4096, 7));
}

}  // namespace
}  // namespace pressmark::train
