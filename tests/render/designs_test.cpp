// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <map>
#include <opencv2/imgproc.hpp>
#include <set>

#include "tests/render/assets_of_test.hpp"
#include "tools/render/drawings.hpp"
#include "tools/render/sets.hpp"

namespace pressmark::render {
namespace {

std::set<std::string> sources_of(const std::vector<Design>& designs) {
  std::set<std::string> sources;
  for (const Design& design : designs) {
    sources.insert(design.sources.begin(), design.sources.end());
  }
  return sources;
}

std::vector<Design> designs_of(const Assets& assets, SetKind kind, bool is_test, int count) {
  SetOptions options;
  options.kind = kind;
  options.is_test = is_test;
  options.designs = count;
  return set_designs(assets, options);
}

class Designs : public AssetsTest {};

TEST_F(Designs, OfTrainAndTestShareNoSource) {
  const auto train = sources_of(designs_of(assets(), SetKind::kRelief, false, 400));
  const auto test = sources_of(designs_of(assets(), SetKind::kRelief, true, 400));
  EXPECT_GE(train.size(), 400U);
  EXPECT_GE(test.size(), 400U);
  for (const std::string& source : train) EXPECT_EQ(test.count(source), 0U) << source;
}

TEST_F(Designs, OfTheFourPartitionsShareNoSource) {
  std::set<std::string> seen;
  for (const SetKind kind : {SetKind::kPrinted, SetKind::kDistractors}) {
    for (const bool is_test : {false, true}) {
      for (const std::string& source : sources_of(designs_of(assets(), kind, is_test, 150))) {
        EXPECT_TRUE(seen.insert(source).second) << source;
      }
    }
  }
}

TEST_F(Designs, OfOneSetUseASourceOnce) {
  const auto designs = designs_of(assets(), SetKind::kRelief, true, 300);
  std::set<std::string> seen;
  for (const Design& design : designs) {
    for (const std::string& source : design.sources) {
      if (source != design.sources.front()) continue;
      EXPECT_TRUE(seen.insert(source).second) << source;
    }
  }
}

TEST_F(Designs, FillTheirSquare) {
  for (const Design& design : designs_of(assets(), SetKind::kRelief, true, 60)) {
    const cv::Mat mask = draw(design, 200, 80, {});
    double least = 0;
    double most = 0;
    cv::minMaxLoc(mask, &least, &most);
    EXPECT_EQ(least, 0) << design.description;
    EXPECT_EQ(most, 1) << design.description;
    const cv::Mat drawn = mask > 0.25;
    const cv::Rect box = cv::boundingRect(drawn);
    EXPECT_NEAR(std::max(box.width, box.height), 160, 4) << design.description;
  }
}

TEST_F(Designs, IconsAreSplitBySubjectNotByFont) {
  std::set<std::string> keys;
  for (const Icon& icon : assets().icons) keys.insert(icon.key);
  EXPECT_GT(keys.size(), 1000U);
  EXPECT_EQ(keys.count("unif"), 0U) << "names without meaning must not stand for a subject";
}

TEST(Drawings, OfOneDescriptionAreTheSame) {
  std::map<std::string, Outline> known;
  Rng rng{3};
  for (int i = 0; i < 3000; ++i) {
    Drawing drawing = random_drawing(rng);
    const auto [place, is_new] = known.emplace(drawing.description, drawing.outline);
    if (!is_new) {
      EXPECT_EQ(place->second, drawing.outline) << drawing.description;
    }
  }
}

TEST(Partition, TakesEachSourceToOnePlace) {
  int train = 0;
  for (int i = 0; i < 10000; ++i) {
    train += partition_of("word:" + std::to_string(i)) == Partition::kTrain ? 1 : 0;
  }
  EXPECT_NEAR(train, 4000, 200);
}

}  // namespace
}  // namespace pressmark::render
