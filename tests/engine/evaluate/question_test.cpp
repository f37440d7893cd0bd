// SPDX-License-Identifier: Apache-2.0
//
// One small world: images 0, 1, 2 are one design, of moulds a, a, b; images 3, 4 another, of mould
// c.
#include "engine/evaluate/question.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/evaluate/candidate_paths.hpp"

namespace pressmark::evaluation {
namespace {

using testing::ElementsAre;

const Labels kLabels{{0, 0, 1, 2, 2}, {0, 0, 0, 1, 1}};

struct Scored {
  std::size_t image;
  float score;
};

const std::vector<std::string_view> kPaths{"global", "local_votes", "union"};

Answer answer(std::size_t query, const std::vector<Scored>& compared,
              const std::vector<std::size_t>& others = {}) {
  Answer answer;
  answer.query = query;
  answer.paths.resize(1);
  for (const auto& [image, score] : compared) {
    answer.paths[0].push_back(image);
    PairScores scores;
    scores.local_raw = scores.fused_design = scores.fused_mould = score;
    scores.verified = score >= 8;
    answer.scores.push_back(scores);
  }
  answer.paths[0].insert(answer.paths[0].end(), others.begin(), others.end());
  answer.paths.resize(kPaths.size(), answer.paths[0]);
  return answer;
}

QuestionFigures ask(QuestionKind kind, const std::vector<Answer>& answers) {
  Question question(kind, kLabels, kPaths);
  for (const Answer& answer : answers) question.add(question.view(answer));
  return question.figures();
}

// The other mould of the design looks more alike than the mate; the other design does not.
const Answer kAnswer = answer(0, {{2, 20}, {1, 10}, {3, 9}, {4, 0}});

TEST(Question, SameMouldHasOneMateBehindAnotherMould) {
  const QuestionFigures figures = ask(QuestionKind::kSameMould, {kAnswer});
  EXPECT_EQ(figures.name, "same_mould");
  EXPECT_EQ(figures.queries, 1);
  EXPECT_EQ(figures.mate_pairs, 1);
  EXPECT_EQ(figures.non_mate_pairs, 3);
  EXPECT_DOUBLE_EQ(*figures.verified_tpr, 1);
  EXPECT_DOUBLE_EQ(*figures.verified_fpr, 2.0 / 3);
  const ChannelFigures& channel = figures.channels.back();
  EXPECT_DOUBLE_EQ(*channel.mean_average_precision, .5);
  EXPECT_DOUBLE_EQ(*channel.recall_at[0].share, 0);
  EXPECT_DOUBLE_EQ(*channel.recall_at[1].share, 1);
  EXPECT_THAT(channel.cmc, ElementsAre(0, 1, 1, 1));
  EXPECT_DOUBLE_EQ(*channel.auc, 2.0 / 3);
}

TEST(Question, SameDesignTakesAllMouldsForMates) {
  const QuestionFigures figures = ask(QuestionKind::kSameDesign, {kAnswer});
  EXPECT_EQ(figures.mate_pairs, 2);
  EXPECT_DOUBLE_EQ(*figures.channels.back().mean_average_precision, 1);
  EXPECT_DOUBLE_EQ(*figures.verified_fpr, .5);
  ASSERT_EQ(figures.best_non_mates.size(), 1u);
  EXPECT_EQ(figures.best_non_mates[0].other, 3u);
  EXPECT_EQ(figures.best_non_mates[0].rank, 3);
  EXPECT_TRUE(figures.best_non_mates[0].verified);
}

TEST(Question, WithinTheDesignOtherDesignsDoNotExist) {
  const QuestionFigures figures = ask(QuestionKind::kSameMouldWithinDesign, {kAnswer});
  EXPECT_EQ(figures.mate_pairs, 1);
  EXPECT_EQ(figures.non_mate_pairs, 1);
  EXPECT_DOUBLE_EQ(*figures.channels.back().auc, 0);
  EXPECT_TRUE(figures.candidate_recall.empty());
}

TEST(Question, CountsTheVerdictsOnMouldsOfVerifiedPairs) {
  Answer asked = kAnswer;
  asked.scores[0].mould = MouldVerdict::kDifferent;  // image 2, another mould
  asked.scores[1].mould = MouldVerdict::kSame;       // image 1, the mate
  asked.scores[2].mould = MouldVerdict::kCannotTell;
  asked.scores[3].mould = MouldVerdict::kSame;  // not verified
  const QuestionFigures figures = ask(QuestionKind::kSameMould, {asked, asked});
  EXPECT_EQ(figures.verdicts_mates.same, 2);
  EXPECT_EQ(figures.verdicts_mates.total(), 2);
  EXPECT_EQ(figures.verdicts_non_mates.different, 2);
  EXPECT_EQ(figures.verdicts_non_mates.cannot_tell, 2);
  EXPECT_EQ(figures.verdicts_non_mates.same, 0);
  const QuestionFigures within = ask(QuestionKind::kSameMouldWithinDesign, {asked});
  EXPECT_EQ(within.verdicts_non_mates.total(), 1);
  EXPECT_EQ(ask(QuestionKind::kSameDesign, {asked}).verdicts_mates.total(), 0);
}

TEST(Question, AQueryWithoutMatesOrNonMatesIsNotRanked) {
  // Image 2 is alone of its mould; images 3 and 4 have no other mould in their design.
  const std::vector<Answer> answers{answer(2, {{0, 5}, {1, 4}, {3, 0}, {4, 0}}),
                                    answer(3, {{4, 30}, {0, 0}, {1, 0}, {2, 0}})};
  EXPECT_EQ(ask(QuestionKind::kSameMould, answers).queries, 1);
  const QuestionFigures within = ask(QuestionKind::kSameMouldWithinDesign, answers);
  EXPECT_EQ(within.queries, 0);
  EXPECT_FALSE(within.channels.back().mean_average_precision);
  EXPECT_FALSE(within.channels.back().recall_at[0].share);
  // Their pairs count all the same.
  EXPECT_EQ(within.mate_pairs, 1);
  EXPECT_EQ(within.non_mate_pairs, 2);
}

TEST(Question, CandidatesThatWereNotComparedRankBelowInTheirOrder) {
  const QuestionFigures figures =
      ask(QuestionKind::kSameMould, {answer(0, {{2, 20}, {3, 0}}, {4, 1})});
  EXPECT_DOUBLE_EQ(*figures.channels.back().mean_average_precision, 1.0 / 4);
  EXPECT_DOUBLE_EQ(*figures.verified_tpr, 0);
  ASSERT_EQ(figures.worst_mates.size(), 1u);
  EXPECT_FALSE(figures.worst_mates[0].compared);
  EXPECT_EQ(figures.worst_mates[0].rank, 4);
  EXPECT_TRUE(figures.worst_mates[0].scores.empty());
  EXPECT_EQ(figures.channels.back().histogram.mates_not_compared, 1);
}

TEST(Question, CountsMatesAmongTheFirstCandidates) {
  // 5 images are within the first 10 of any path; so make a world of 13.
  Labels labels{std::vector<std::size_t>(13, 1), std::vector<std::size_t>(13, 0)};
  labels.identity[0] = labels.identity[5] = labels.identity[12] = 0;
  Answer long_answer;
  long_answer.query = 0;
  const std::vector<std::size_t> one_late{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  long_answer.paths = {one_late, {12, 5, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11}, one_late};
  Question question(QuestionKind::kSameMould, labels, kPaths);
  question.add(question.view(long_answer));
  const QuestionFigures figures = question.figures();
  ASSERT_EQ(figures.candidate_recall.size(), 3u);
  EXPECT_EQ(figures.candidate_recall[0].path, "global");
  EXPECT_EQ(figures.candidate_recall[0].mates[0].count, 10);
  EXPECT_DOUBLE_EQ(*figures.candidate_recall[0].mates[0].share, .5);
  EXPECT_DOUBLE_EQ(*figures.candidate_recall[0].mates[1].share, 1);
  EXPECT_EQ(figures.candidate_recall[1].path, "local_votes");
  EXPECT_DOUBLE_EQ(*figures.candidate_recall[1].mates[0].share, 1);
  EXPECT_EQ(figures.candidate_recall[2].path, "union");
  EXPECT_DOUBLE_EQ(*figures.candidate_recall[2].mates[0].share, .5);
}

TEST(Question, ShowsAPairThatWentWrongBothWaysOnce) {
  const QuestionFigures figures = ask(
      QuestionKind::kSameMould,
      {answer(0, {{2, 20}, {1, 1}, {3, 0}, {4, 0}}), answer(1, {{2, 20}, {0, 1}, {3, 0}, {4, 0}})});
  ASSERT_EQ(figures.worst_mates.size(), 1u);
  EXPECT_EQ(figures.worst_mates[0].query, 0u);
  EXPECT_EQ(figures.best_non_mates.size(), 2u);
}

}  // namespace
}  // namespace pressmark::evaluation
