// SPDX-License-Identifier: Apache-2.0
#include "engine/index/local_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <mutex>
#include <numbers>
#include <random>

#include "kernels/math/keypoint_grid.hpp"

namespace pressmark::index {
namespace {

constexpr int kWords = 64, kEvenSize = 32;

class LocalIndexTest : public testing::Test {
 protected:
  LocalIndexTest() {
    for (auto* vocabulary : {&raw_, &relit_}) *vocabulary = random_codes(kWords, 80);
  }

  std::vector<std::int8_t> random_codes(std::size_t count, double length) {
    std::normal_distribution<double> normal;
    std::vector<std::int8_t> codes;
    for (std::size_t i = 0; i < count; ++i) {
      std::array<double, kLocalCodeSize> values;
      double squared = 0;
      for (double& value : values) {
        value = normal(random_);
        squared += value * value;
      }
      for (const double value : values) {
        codes.push_back(static_cast<std::int8_t>(std::lround(length * value / std::sqrt(squared))));
      }
    }
    return codes;
  }

  LocalIndex make_index() const {
    return {*backend_, {{{{kWords, raw_}, kEvenSize}, {{kWords, relit_}, kEvenSize}}}};
  }

  struct VotedImage {
    ImageId id = 0;
    float votes = 0;
  };

  // By id.
  static std::vector<LocalIndex::VotedImage> search(const LocalIndex& index,
                                                    const Description& query,
                                                    std::size_t most_agreed = 1'000'000) {
    std::mutex mutex;
    std::vector<LocalIndex::VotedImage> images;
    const Description* const only = &query;
    index.search({&only, 1}, nullptr, {most_agreed, most_agreed},
                 [&](std::size_t, std::vector<LocalIndex::VotedImage> some) {
                   const std::lock_guard lock(mutex);
                   std::move(some.begin(), some.end(), std::back_inserter(images));
                 });
    std::sort(images.begin(), images.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    return images;
  }

  // The images with the most votes.
  static std::vector<VotedImage> most_voted(const LocalIndex& index, const Description& query,
                                            std::size_t count) {
    std::vector<VotedImage> images;
    for (const auto& image : search(index, query)) {
      images.push_back({image.id, image.agreement.votes});
    }
    std::stable_sort(images.begin(), images.end(),
                     [](const auto& a, const auto& b) { return a.votes > b.votes; });
    images.resize(std::min(images.size(), count));
    return images;
  }

  static Keypoint snapped(double x, double y, double size, double angle) {
    using namespace kernels;
    return {px_from_grid(grid_from_px(static_cast<float>(x))),
            px_from_grid(grid_from_px(static_cast<float>(y))),
            px_from_grid(grid_from_px(static_cast<float>(size))),
            angle_from_grid(grid_from_angle(static_cast<float>(angle)))};
  }

  void assign_words(Description& description) const {
    for (const Channel channel : kChannels) {
      LocalCodes& local = description.local(channel);
      const std::span<const std::int8_t> codes(local.codes);
      kernels::WordAssignment words;
      backend_->assign({&codes, 1}, {kWords, channel == Channel::kRaw ? raw_ : relit_}, kEvenSize,
                       1, {&words, 1});
      local.words = words.same;
      local.words.resize(local.indexed_count());
    }
  }

  Description random_description(std::size_t keypoints = 60) {
    std::uniform_real_distribution<double> place(60, 450), size(4, 16), angle(0, 6.28);
    Description description;
    for (const Channel channel : kChannels) {
      LocalCodes& local = description.local(channel);
      local.codes = random_codes(keypoints, 127);
      for (std::size_t i = 0; i < keypoints; ++i) {
        local.keypoints.push_back(
            snapped(place(random_), place(random_), size(random_), angle(random_)));
      }
    }
    assign_words(description);
    return description;
  }

  // Another photo of the same: turned, codes disturbed, only every other keypoint kept.
  Description seen_again(const Description& original, bool inverted) {
    std::normal_distribution<double> noise(0, 5);
    const double turn = 0.8;
    Description result;
    for (const Channel channel : kChannels) {
      const LocalCodes& from = original.local(channel);
      LocalCodes& to = result.local(channel);
      for (std::size_t i = 0; i < from.keypoints.size(); i += 2) {
        const Keypoint& k = from.keypoints[i];
        const double x = k.x_px - 256, y = k.y_px - 256;
        to.keypoints.push_back(snapped(256 + std::cos(turn) * x - std::sin(turn) * y,
                                       256 + std::sin(turn) * x + std::cos(turn) * y, k.size_px,
                                       k.angle_rad + turn + (inverted ? std::numbers::pi : 0)));
        for (int d = 0; d < kLocalCodeSize; ++d) {
          const int value = from.codes[i * kLocalCodeSize + static_cast<std::size_t>(d)];
          const double kept = inverted && d >= kEvenSize ? -value : value;
          to.codes.push_back(
              static_cast<std::int8_t>(std::clamp(kept + noise(random_), -127.0, 127.0)));
        }
      }
    }
    assign_words(result);
    return result;
  }

  std::mt19937_64 random_{3};
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_cpu_backend();
  std::vector<std::int8_t> raw_, relit_;
};

TEST_F(LocalIndexTest, FindsTheSameThingUnderEitherContrast) {
  LocalIndex index = make_index();
  std::vector<Description> gallery;
  for (int i = 0; i < 50; ++i) {
    gallery.push_back(random_description());
    index.add(10 * (i + 1), gallery.back());
  }
  EXPECT_EQ(index.size(), 50);
  EXPECT_EQ(index.description(), "Votes, 2 x 64 words, 6000 codes of 50 images");
  for (const bool inverted : {false, true}) {
    for (std::size_t i = 0; i < gallery.size(); i += 7) {
      const auto found = most_voted(index, seen_again(gallery[i], inverted), 5);
      ASSERT_FALSE(found.empty());
      EXPECT_EQ(found[0].id, static_cast<ImageId>(10 * (i + 1)));
      ASSERT_GT(found.size(), 1u);
      EXPECT_GT(found[0].votes, 3 * found[1].votes) << "inverted: " << inverted;
    }
  }
}

TEST_F(LocalIndexTest, VotesWithoutCommonGeometryAreWorthLittle) {
  LocalIndex index = make_index();
  const Description original = random_description();
  Description scattered = original;
  for (const Channel channel : kChannels) {
    LocalCodes& local = scattered.local(channel);
    // The same codes at one another's places.
    std::rotate(local.keypoints.begin(), local.keypoints.begin() + 17, local.keypoints.end());
  }
  index.add(1, scattered);
  index.add(2, original);
  const auto found = most_voted(index, seen_again(original, false), 2);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id, 2);
  EXPECT_GT(found[0].votes, 3 * found[1].votes);
}

TEST_F(LocalIndexTest, VotesSayWhereTheImageLies) {
  LocalIndex index = make_index();
  const Description original = random_description();
  for (ImageId id = 1; id < 20; ++id) index.add(id, random_description());
  index.add(20, original);
  for (const bool inverted : {false, true}) {
    Agreement agreement;
    for (const auto& image : search(index, seen_again(original, inverted))) {
      if (image.id == 20) agreement = image.agreement;
    }
    ASSERT_FALSE(agreement.positions.empty());
    // seen_again turns by .8; the way back from the query.
    EXPECT_NEAR(std::remainder(agreement.positions[0].rotation_rad + 0.8, 2 * std::numbers::pi), 0,
                0.01);
    EXPECT_NEAR(agreement.positions[0].octaves, 0, 0.01);
  }
}

TEST_F(LocalIndexTest, ASingleImageIsFound) {
  LocalIndex index = make_index();
  const Description only = random_description();
  index.add(4, only);
  const auto found = most_voted(index, seen_again(only, true), 100);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, 4);
}

TEST_F(LocalIndexTest, OnlyImagesWhoseVotesWeighMostAreLookedAt) {
  LocalIndex index = make_index();
  const Description original = random_description();
  for (ImageId id = 1; id <= 60; ++id) index.add(id, id == 20 ? original : random_description());
  const Description query = seen_again(original, true);
  const auto all = search(index, query), few = search(index, query, 5);
  EXPECT_GT(all.size(), 50u);
  EXPECT_EQ(few.size(), 5u);
  for (const auto& image : few) {
    const auto same = std::find_if(all.begin(), all.end(),
                                   [&](const auto& other) { return other.id == image.id; });
    ASSERT_NE(same, all.end());
    EXPECT_EQ(image.agreement.votes, same->agreement.votes);
  }
  EXPECT_EQ(most_voted(index, query, 1)[0].id, 20);
  EXPECT_NE(std::find_if(few.begin(), few.end(), [](const auto& image) { return image.id == 20; }),
            few.end());
}

TEST_F(LocalIndexTest, SeveralQueriesGetTheAnswersOfEachAlone) {
  LocalIndex index = make_index();
  std::vector<Description> queries;
  for (ImageId id = 1; id <= 40; ++id) {
    const Description image = random_description();
    index.add(id, image);
    if (id % 4 == 0) queries.push_back(seen_again(image, id % 8 == 0));
  }
  queries.push_back(Description{});
  std::vector<const Description*> asked;
  for (const Description& query : queries) asked.push_back(&query);
  std::mutex mutex;
  std::vector<std::map<ImageId, float>> together(queries.size()), alone(queries.size());
  index.search(asked, nullptr, {10, 10},
               [&](std::size_t q, std::vector<LocalIndex::VotedImage> some) {
                 const std::lock_guard lock(mutex);
                 for (const auto& image : some) together[q][image.id] = image.agreement.votes;
               });
  for (std::size_t q = 0; q < queries.size(); ++q) {
    for (const auto& image : search(index, queries[q], 10)) {
      alone[q][image.id] = image.agreement.votes;
    }
  }
  EXPECT_EQ(together, alone);
  EXPECT_FALSE(together.front().empty());
}

// So many that some stand for all.
TEST_F(LocalIndexTest, WhatStandsForManyImagesDoesNotDependOnParts) {
  constexpr ImageId kImages = 17'000;
  std::vector<Description> gallery;
  for (int i = 0; i < 500; ++i) gallery.push_back(random_description(2));
  const Description original = random_description(20);
  LocalIndex at_once = make_index(), in_parts = make_index();
  constexpr std::array<std::size_t, kChannels.size()> kWordCounts = {kWords, kWords};
  std::array<std::shared_ptr<LocalTail>, 3> parts;
  for (auto& part : parts) part = std::make_shared<LocalTail>(kWordCounts);
  for (ImageId id = 1; id <= kImages; ++id) {
    const Description& image =
        id == 9000 ? original : gallery[static_cast<std::size_t>(id) % gallery.size()];
    at_once.add(id, image);
    parts[random_() % parts.size()]->add(id, image);
  }
  for (const auto& part : parts) in_parts.add_part(part);
  const Description query = seen_again(original, false);
  for (const std::size_t most : {std::size_t{100}, std::size_t{1'000'000}}) {
    std::map<ImageId, float> expected, found;
    for (const auto& image : search(at_once, query, most)) {
      expected[image.id] = image.agreement.votes;
    }
    for (const auto& image : search(in_parts, query, most)) {
      found[image.id] = image.agreement.votes;
    }
    EXPECT_EQ(found, expected);
    EXPECT_TRUE(expected.contains(9000));
  }
}

TEST_F(LocalIndexTest, RemovedImagesVanish) {
  LocalIndex index = make_index();
  const Description one = random_description(), two = random_description();
  index.add(1, one);
  index.add(2, two);
  index.remove(std::vector<ImageId>{1, 1, 99});
  EXPECT_EQ(index.size(), 1);
  EXPECT_EQ(index.description(), "Votes, 2 x 64 words, 120 codes of 1 images");
  for (const VotedImage& image : most_voted(index, one, 10)) EXPECT_NE(image.id, 1);
  EXPECT_EQ(most_voted(index, two, 10).at(0).id, 2);
}

TEST_F(LocalIndexTest, ImagesComeById) {
  LocalIndex index = make_index();
  const Description same = random_description();
  for (ImageId id : {3, 5, 8}) index.add(id, same);
  const auto found = most_voted(index, same, 2);  // stably sorted
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id, 3);
  EXPECT_EQ(found[1].id, 5);
  EXPECT_EQ(found[0].votes, found[1].votes);
}

TEST_F(LocalIndexTest, NothingIsFoundWithNothing) {
  LocalIndex index = make_index();
  EXPECT_TRUE(most_voted(index, random_description(), 10).empty());
  index.add(1, Description{});
  EXPECT_TRUE(most_voted(index, random_description(), 10).empty());
  index.add(2, random_description());
  EXPECT_TRUE(most_voted(index, Description{}, 10).empty());
}

}  // namespace
}  // namespace pressmark::index
