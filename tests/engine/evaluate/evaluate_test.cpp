// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <stop_token>

#include "evaluate_fixture.hpp"

namespace pressmark {
namespace {

using testing::ElementsAre;

using EvaluateTest = test::EvaluateTest;

TEST_F(EvaluateTest, FindsTheMatesOfAnEasySet) {
  for (int scene = 0; scene < 4; ++scene) {
    add(scene, 0);
    add(scene, 1);
  }
  add(9, 0);  // without a mate
  const EvaluationResult result = run();
  EXPECT_EQ(result.failed, 0);
  EXPECT_EQ(result.queries, 8);
  EXPECT_TRUE(result.exhaustive);
  EXPECT_EQ(result.compared_pairs, 9 * 8 / 2);  // each pair once
  EXPECT_THAT(result.channels, ElementsAre("local_raw", "local_relit", "dense", "fused"));
  ASSERT_EQ(result.questions.size(), 1u);
  const QuestionFigures& figures = result.questions[0];
  EXPECT_EQ(figures.name, "same_mould");
  EXPECT_EQ(figures.queries, 8);
  EXPECT_EQ(figures.mate_pairs, 8);
  EXPECT_EQ(figures.non_mate_pairs, 8 * 7);
  EXPECT_EQ(*figures.verified_tpr, 1);
  EXPECT_EQ(*figures.verified_fpr, 0);
  for (const ChannelFigures& channel : figures.channels) {
    // These are no reliefs: without their light they are told apart less well.
    const bool relit = channel.name == "local_relit";
    EXPECT_GE(*channel.mean_average_precision, relit ? 0.7 : 1) << channel.name;
    EXPECT_GE(*channel.auc, relit ? 0.8 : 1) << channel.name;
  }
  EXPECT_EQ(*figures.candidate_recall[0].mates[0].share, 1);  // 8 others, all among the first 10
  EXPECT_TRUE(result.light_gaps.empty());
  EXPECT_TRUE(result.timings.verify_ms);
}

TEST_F(EvaluateTest, AsksAboutDesignsAndMouldsWhereBothAreKnown) {
  for (int scene = 0; scene < 3; ++scene) {
    add(scene, 0, scene < 2 ? "d1" : "d2");
    add(scene, 1, scene < 2 ? "d1" : "d2");
  }
  const EvaluationResult result = run();
  std::vector<std::string> names;
  for (const QuestionFigures& question : result.questions) names.push_back(question.name);
  EXPECT_THAT(names, ElementsAre("same_design", "same_mould", "same_mould_within_design"));
  EXPECT_EQ(result.questions[0].mate_pairs, 4 * 3 + 2);
  EXPECT_EQ(result.questions[1].mate_pairs, 6);
  EXPECT_EQ(result.questions[2].queries, 4);  // design d2 has one mould only
  EXPECT_EQ(result.questions[2].non_mate_pairs, 4 * 2);
}

TEST_F(EvaluateTest, DoesNotAskForMouldsWithinDesignsThatHaveOne) {
  for (int scene = 0; scene < 2; ++scene) {
    add(scene, 0, "d" + std::to_string(scene));
    add(scene, 1, "d" + std::to_string(scene));
  }
  const EvaluationResult result = run();
  std::vector<std::string> names;
  for (const QuestionFigures& question : result.questions) names.push_back(question.name);
  EXPECT_THAT(names, ElementsAre("same_design", "same_mould"));
}

TEST_F(EvaluateTest, ImagesThatCannotBeUsedTakeNoPart) {
  add(0, 0);
  directory_.write("bad.png", test::bytes_of("no photo at all"));
  add_row("bad.png", "mould0");
  add(1, 0);
  add(0, 1);
  std::filesystem::copy_file(directory_.path() / "0_0.png", directory_.path() / "copy.png");
  add_row("copy.png", "mould0");
  const EvaluationResult result = run();
  EXPECT_EQ(result.failed, 2);
  ASSERT_EQ(result.images.size(), 5u);
  EXPECT_FALSE(result.images[1].ok);
  EXPECT_EQ(result.images[1].truth.file, "bad.png");
  EXPECT_FALSE(result.images[4].ok);
  EXPECT_EQ(result.images[4].reason, "same bytes as 0_0.png in line 2: a copy proves nothing");
  EXPECT_EQ(result.queries, 2);
  EXPECT_EQ(result.questions[0].mate_pairs, 2);
  // Examples name images by their place in the set.
  ASSERT_EQ(result.questions[0].worst_mates.size(), 1u);
  EXPECT_EQ(result.questions[0].worst_mates[0].query, 0u);
  EXPECT_EQ(result.questions[0].worst_mates[0].other, 3u);
}

TEST_F(EvaluateTest, OnlyAskedQueriesAreAsked) {
  for (int scene = 0; scene < 3; ++scene) {
    add(scene, 0);
    add(scene, 1);
  }
  set_.queries = {3};
  const EvaluationResult result = run();
  EXPECT_EQ(result.queries, 1);
  EXPECT_EQ(result.compared_pairs, 5);
  EXPECT_EQ(result.questions[0].mate_pairs, 1);
  EXPECT_EQ(result.questions[0].non_mate_pairs, 4);
}

TEST_F(EvaluateTest, ComparesBothWaysOnRequest) {
  for (int scene = 0; scene < 2; ++scene) {
    add(scene, 0);
    add(scene, 1);
  }
  options_.both_directions = true;
  const EvaluationResult result = run();
  EXPECT_EQ(result.compared_pairs, 4 * 3);
  EXPECT_EQ(*result.questions[0].verified_tpr, 1);
}

TEST_F(EvaluateTest, OneCandidateIsComparedWhereOneIsAllowed) {
  for (int scene = 0; scene < 4; ++scene) {
    add(scene, 0);
    add(scene, 1);
  }
  options_.search.candidates = 1;
  const EvaluationResult result = run();
  EXPECT_FALSE(result.exhaustive);
  EXPECT_LE(result.compared_pairs, 8);
  EXPECT_GE(result.compared_pairs, 4);
  const ScoreHistogram& histogram = result.questions[0].channels[0].histogram;
  EXPECT_EQ(histogram.mates_not_compared + histogram.non_mates_not_compared, 8 * 6);
}

TEST_F(EvaluateTest, CountsMatesByTheirLights) {
  for (int photo = 0; photo < 3; ++photo) {
    add(0, photo);
    add(1, photo);
  }
  const double azimuths[] = {350, 5, 10, 0, 200};
  for (std::size_t i = 0; i < std::size(azimuths); ++i)
    set_.images[i].light_azimuth_deg = azimuths[i];
  const EvaluationResult result = run();
  std::vector<std::int64_t> pairs;
  for (const LightGapFigures& bin : result.light_gaps) pairs.push_back(bin.pairs);
  // Scene 0: 350, 10, 200: gaps of 20, 150 and 170. Scene 1: 5 and 0, and one that is not stated.
  EXPECT_THAT(pairs, ElementsAre(4, 0, 0, 0, 4));
  EXPECT_EQ(*result.light_gaps[0].verified, 1);
}

TEST_F(EvaluateTest, NothingUsableGivesNoFigures) {
  directory_.write("bad.png", test::bytes_of("no photo at all"));
  add_row("bad.png", "m");
  directory_.write("worse.png", test::bytes_of("no photo either"));
  add_row("worse.png", "m");
  const EvaluationResult result = run();
  EXPECT_EQ(result.failed, 2);
  EXPECT_FALSE(result.questions[0].channels[0].mean_average_precision);
  EXPECT_FALSE(result.questions[0].verified_tpr);
}

TEST_F(EvaluateTest, RefusesWhatMakesNoSense) {
  add(0, 0);
  set_.queries = {1};
  EXPECT_THROW(run(), Error);
  set_.queries = {0};
  options_.search.candidates = 0;
  EXPECT_THROW(run(), Error);
}

TEST_F(EvaluateTest, AnInterruptedRunGivesNoFigures) {
  add(0, 0);
  add(0, 1);
  set_.queries = {0, 1};
  std::stop_source stop;
  RunControl control;
  control.stop = stop.get_token();
  control.on_progress = [&](const Progress&) { stop.request_stop(); };
  try {
    evaluate(test::test_model(), set_, options_, control);
    FAIL() << "not interrupted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
  }
}

}  // namespace
}  // namespace pressmark
