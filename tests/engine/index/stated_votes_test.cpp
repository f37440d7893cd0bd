// SPDX-License-Identifier: Apache-2.0
#include "engine/index/stated_votes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "tests/engine/index/every_target.hpp"

namespace pressmark::index {
namespace {

// Many that agree with each other and many that do not: few places, rotations and scales.
std::vector<Vote> random_votes(std::size_t count) {
  std::mt19937 random(static_cast<unsigned>(count));
  const auto one_of = [&](float step, unsigned steps) {
    return step * static_cast<float>(random() % steps);
  };
  std::vector<Vote> votes;
  for (std::size_t i = 0; i < count; ++i) {
    votes.push_back({static_cast<int>(random() % kVoteKinds),
                     1 + one_of(1, 100),
                     {one_of(9, 5), one_of(9, 5), 6 + one_of(1.3f, 8), one_of(0.41f, 7)},
                     {one_of(9, 5), one_of(9, 5), 6 + one_of(1.3f, 8), one_of(0.41f, 7)}});
  }
  return votes;
}

// What the header says, in angles and octaves.
bool agrees(const Vote& tried, const Vote& vote) {
  const auto rotation = [](const Vote& v) {
    return double{v.candidate.angle_rad} - double{v.query.angle_rad};
  };
  const auto octaves = [](const Vote& v) {
    return std::log2(double{v.candidate.size_px} / double{v.query.size_px});
  };
  const double turn =
      std::remainder(rotation(vote) - rotation(tried), 2 * std::numbers::pi_v<double>);
  if (std::abs(turn) > 0.5 || std::abs(octaves(vote) - octaves(tried)) > 0.6) return false;
  const double scale = std::exp2(octaves(tried));
  const double c = scale * std::cos(rotation(tried)), s = scale * std::sin(rotation(tried));
  const double dx = double{vote.query.x_px} - double{tried.query.x_px};
  const double dy = double{vote.query.y_px} - double{tried.query.y_px};
  const double error =
      std::hypot(double{tried.candidate.x_px} + c * dx - s * dy - double{vote.candidate.x_px},
                 double{tried.candidate.y_px} + s * dx + c * dy - double{vote.candidate.y_px});
  return error <= 12 + 0.25 * scale * std::hypot(dx, dy);
}

std::vector<std::uint16_t> found_by(const StatedVotes& stated, std::size_t tried) {
  std::vector<std::uint16_t> agreeing(stated.size());
  agreeing.resize(stated.find_agreeing(tried, agreeing.data()));
  return agreeing;
}

TEST(StatedVotesTest, FindsThoseThatAgreeOnEveryInstructionSet) {
  for (const std::size_t count : {1, 2, 15, 16, 17, 100, 333}) {
    const std::vector<Vote> votes = random_votes(count);
    std::vector<std::vector<std::uint16_t>> expected(count);
    std::size_t pairs = 0;
    for (std::size_t tried = 0; tried < count; ++tried) {
      for (std::size_t i = 0; i < count; ++i) {
        if (agrees(votes[tried], votes[i])) {
          expected[tried].push_back(static_cast<std::uint16_t>(i));
        }
      }
      pairs += expected[tried].size();
    }
    if (count > 50) {
      ASSERT_GT(pairs, 3 * count);
      ASSERT_LT(pairs, count * count / 4);
    }
    test::on_every_target([&] {
      const StatedVotes stated(votes);
      ASSERT_EQ(stated.size(), count);
      for (std::size_t tried = 0; tried < count; ++tried) {
        EXPECT_EQ(found_by(stated, tried), expected[tried]) << count << " " << tried;
      }
    });
  }
}

TEST(StatedVotesTest, HoldsWhatVotesState) {
  const Vote vote{0, 3, {10, 20, 8, 0.5f}, {70, 90, 12, 0.5f + 2}};
  const StatedVotes stated({&vote, 1});
  EXPECT_EQ(stated.value(StatedVotes::kQueryX, 0), 10);
  EXPECT_EQ(stated.value(StatedVotes::kCandidateY, 0), 90);
  EXPECT_NEAR(stated.value(StatedVotes::kCosine, 0), std::cos(2.0f), 1e-6);
  EXPECT_NEAR(stated.value(StatedVotes::kSine, 0), std::sin(2.0f), 1e-6);
  EXPECT_EQ(stated.value(StatedVotes::kScale, 0), 1.5f);
}

}  // namespace
}  // namespace pressmark::index
