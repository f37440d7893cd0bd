// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/dense.hpp"

#include <gtest/gtest.h>

#include <numbers>

#include "drawing.hpp"

namespace pressmark::kernels::cpu {
namespace {

DenseMatch search_one(const DenseCode& query, const DenseCode& candidate) {
  DenseMatch match;
  DenseQuery(query).search({&candidate, 1}, {&match, 1});
  return match;
}

double rotation_of(const DensePosition& position) {
  return std::atan2(position.linear[2] - position.linear[1],
                    position.linear[0] + position.linear[3]);
}

double scale_of(const DensePosition& position) {
  const auto& a = position.linear;
  return std::sqrt(a[0] * a[3] - a[1] * a[2]);
}

struct Planted {
  double rotation, scale, shift_x, shift_y;
};

class DensePlantedTest : public testing::TestWithParam<Planted> {};
INSTANTIATE_TEST_SUITE_P(Positions, DensePlantedTest,
                         testing::Values(Planted{0, 1, 0, 0}, Planted{0.5, 1, 0.1, -0.05},
                                         Planted{2.4, 1.35, -0.05, 0.08},
                                         Planted{3.14, 0.7, 0.12, 0.1},
                                         Planted{-1.2, 0.6, -0.1, 0.15},
                                         Planted{-2.0, 1.6, 0.03, 0.02}));

TEST_P(DensePlantedTest, IsFoundAndRefinementComesNearer) {
  const Planted planted = GetParam();
  const Drawing drawing(1);
  const DenseCode query = code_of(drawing.at(0, 1, 0, 0));
  const DenseCode candidate =
      code_of(drawing.at(planted.rotation, planted.scale, planted.shift_x, planted.shift_y, true));
  const DenseMatch found = search_one(query, candidate);
  EXPECT_NEAR(std::remainder(rotation_of(found.position) - planted.rotation, 2 * std::numbers::pi),
              0, 0.12);
  EXPECT_NEAR(std::log2(scale_of(found.position) / planted.scale), 0, 0.2);
  EXPECT_NEAR(found.position.shift_x, planted.shift_x, 0.04);
  EXPECT_NEAR(found.position.shift_y, planted.shift_y, 0.04);

  const DenseMatch refined = refine_match(query, candidate, found);
  EXPECT_NEAR(
      std::remainder(rotation_of(refined.position) - planted.rotation, 2 * std::numbers::pi), 0,
      0.06);
  EXPECT_NEAR(std::log2(scale_of(refined.position) / planted.scale), 0, 0.08);
  EXPECT_NEAR(refined.position.shift_x, planted.shift_x, 0.015);
  EXPECT_NEAR(refined.position.shift_y, planted.shift_y, 0.015);

  const DenseMatch other = search_one(query, code_of(Drawing(2).at(0, 1, 0, 0)));
  EXPECT_GT(found.score, other.score);

  const auto count = [](const std::vector<DenseCell>& cells) {
    return std::count_if(cells.begin(), cells.end(), [](const auto& cell) { return cell.agrees; });
  };
  const std::vector<DenseCell> cells = congruent_cells(query, candidate, refined);
  ASSERT_GE(cells.size(), 6u);
  EXPECT_GE(count(cells), static_cast<std::ptrdiff_t>(cells.size() / 2));
  for (const DenseCell& cell : cells) {
    EXPECT_GE(cell.x, 0);
    EXPECT_LE(cell.x + cell.side, 1);
    EXPECT_GE(cell.y, 0);
    EXPECT_LE(cell.y + cell.side, 1);
  }
}

TEST(DenseTest, UnrelatedCellsDisagree) {
  int agreeing = 0, all = 0;
  for (std::uint64_t seed = 10; seed < 14; ++seed) {
    const DenseCode query = code_of(Drawing(seed).at(0, 1, 0, 0));
    const DenseCode candidate = code_of(Drawing(seed + 50).at(0, 1, 0, 0));
    const DenseMatch match = search_one(query, candidate);
    for (const DenseCell& cell :
         congruent_cells(query, candidate, refine_match(query, candidate, match))) {
      ++all;
      agreeing += cell.agrees;
    }
  }
  ASSERT_GT(all, 0);
  EXPECT_LT(agreeing, 0.35 * all);
}

TEST(DenseTest, InvertedContrastGivesTheSameCode) {
  const DenseCode code = code_of(Drawing(3).at(0.2, 1, 0, 0));
  const DenseCode inverted = code_of(Drawing(3).at(0.2, 1, 0, 0, true));
  for (std::size_t i = 0; i < code.values.size(); ++i) {
    EXPECT_NEAR(code.values[i], inverted.values[i], 2);
  }
}

TEST(DenseTest, FlatAndTinyImagesHaveAnEmptyCodeThatMatchesNothing) {
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 50}, {100, 80}}) {
    const GreyImage flat{width, height,
                         std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), 90)};
    EXPECT_EQ(code_of(flat), DenseCode{});
  }
  const DenseCode empty, code = code_of(Drawing(4).at(0, 1, 0, 0));
  EXPECT_EQ(search_one(empty, code).score, 0);
  EXPECT_EQ(search_one(code, empty).score, 0);
  EXPECT_EQ(refine_match(empty, code, {}).score, 0);
  EXPECT_TRUE(congruent_cells(empty, code, {}).empty());
  EXPECT_TRUE(std::isfinite(refine_match(code, code, {0, {{0, 0, 0, 0}, 0, 0}}).score));
}

// Integers of 16 bits hold the spectra and their products: the faintest code there is, and the one
// whose spectrum is highest in one place.
TEST(DenseTest, AFaintAndAConstantCodeFindThemselves) {
  DenseCode faint, constant;
  faint.values[20 * kDenseSide + 31] = 1;
  constant.values.fill(127);
  for (const DenseCode& code : {faint, constant}) {
    const DenseMatch match = search_one(code, code);
    EXPECT_NEAR(match.score, 1, 0.005);
    EXPECT_NEAR(match.position.shift_x, 0, 0.02);
    EXPECT_NEAR(match.position.shift_y, 0, 0.02);
    EXPECT_NEAR(scale_of(match.position), 1, 1e-6);
  }
}

TEST(DenseTest, MaskedPixelsTakeNoPart) {
  const GreyImage image = Drawing(5).at(0, 1, 0, 0);
  DenseCode code;
  dense_code(image,
             {image.width, image.height, std::vector<std::uint8_t>(image.pixels.size(), 255)},
             code);
  EXPECT_EQ(code, DenseCode{});
}

TEST(DenseTest, OddAndNarrowSizesWork) {
  std::mt19937_64 random(6);
  for (const auto& [width, height] : {std::pair{3, 3}, {33, 7}, {301, 127}, {90, 511}}) {
    GreyImage image{width, height, {}};
    for (int i = 0; i < width * height; ++i) {
      image.pixels.push_back(static_cast<std::uint8_t>(uniform(random, 0, 256)));
    }
    const DenseCode code = code_of(image);
    EXPECT_NEAR(search_one(code, code).score, 1, 0.01) << width << " x " << height;
  }
}

TEST(DenseTest, ABatchEqualsSingleSearches) {
  std::vector<DenseCode> candidates;
  for (std::uint64_t seed = 20; seed < 31; ++seed) {
    candidates.push_back(code_of(Drawing(seed).at(0.1, 1, 0, 0, false, 96)));
  }
  const DenseQuery query(candidates[3]);
  query.search({}, {});
  std::vector<DenseMatch> matches(candidates.size());
  query.search(candidates, matches);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const DenseMatch single = search_one(candidates[3], candidates[i]);
    EXPECT_EQ(matches[i].score, single.score);
    EXPECT_EQ(matches[i].position.linear, single.position.linear);
    EXPECT_EQ(matches[i].position.shift_x, single.position.shift_x);
  }
}

TEST(DenseTest, CohortStatisticsAreOfTheBestCorrelations) {
  std::vector<DenseCode> cohort;
  for (std::uint64_t seed = 40; seed < 50; ++seed) {
    cohort.push_back(code_of(Drawing(seed).at(0, 1, 0, 0, false, 96)));
  }
  const DenseCode code = code_of(Drawing(60).at(0, 1, 0, 0, false, 96));
  const CohortStatistics statistics = CohortSpectra(cohort).statistics(code);
  EXPECT_GT(statistics.mean, 0);
  EXPECT_LT(statistics.mean, 0.8);
  EXPECT_GT(statistics.deviation, 0);
  EXPECT_EQ(CohortSpectra({}).statistics(code), CohortStatistics{});
  // Of the code itself alone: what it is at its own place, less the many small products of the same
  // sign that are rounded to nothing.
  const CohortStatistics itself = CohortSpectra({&code, 1}).statistics(code);
  EXPECT_NEAR(itself.mean, 1, 0.015);
  EXPECT_NEAR(itself.deviation, 0.005, 1e-6);
  // A part of the search finds no more than all of it, but for the roundings of its products.
  double full = 0;
  std::vector<DenseMatch> matches(cohort.size());
  DenseQuery(code).search(cohort, matches);
  for (const DenseMatch& match : matches) full += match.score / static_cast<double>(cohort.size());
  EXPECT_LE(statistics.mean, full + 2e-3);
  EXPECT_GT(statistics.mean, 0.5 * full);
}

}  // namespace
}  // namespace pressmark::kernels::cpu
