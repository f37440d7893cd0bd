// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "pressmark/report.hpp"

namespace pressmark {
namespace {

using testing::HasSubstr;
using testing::Not;

MouldAnswer answer_of(MouldVerdict verdict, MouldDoubt doubt) {
  MouldAnswer answer;
  answer.verdict = verdict;
  answer.doubt = doubt;
  answer.evidence = 2 * std::log(10.0);
  answer.raw = {20, 9, 30, 25};
  answer.relit = {10, 8, 5, 4};
  answer.detail_strength = 0.345;
  answer.detail_patches = 61;
  answer.light_gap_deg = 12.2;
  return answer;
}

TEST(Explain, AVerdictComesWithItsEvidenceAndItsErrorRate) {
  const std::string same = explain(answer_of(MouldVerdict::kSame, MouldDoubt::kNone));
  EXPECT_THAT(same, HasSubstr("one physical mould made both marks"));
  EXPECT_THAT(same, HasSubstr("+2.0"));
  EXPECT_THAT(same, HasSubstr("1 in 100 pairs of different moulds"));
  EXPECT_THAT(same, HasSubstr("Of 30 fine details in what both photos show, 17 are shared"));
  EXPECT_THAT(same, HasSubstr("of 35 coarse ones, mostly of the design, 29"));
  EXPECT_THAT(same, HasSubstr("12 degrees"));
  EXPECT_THAT(same, HasSubstr("agree in their fine detail to 0.34 (mean over 61 patches"));
  const std::string different = explain(answer_of(MouldVerdict::kDifferent, MouldDoubt::kNone));
  EXPECT_THAT(different, HasSubstr("another mould of the same design made the second mark"));
  EXPECT_THAT(different, HasSubstr("2 in 100 pairs of one mould"));
}

TEST(Explain, DoesNotClaimMoreThanTrainingSaw) {
  MouldAnswer answer = answer_of(MouldVerdict::kSame, MouldDoubt::kNone);
  answer.evidence = 9;
  EXPECT_THAT(explain(answer), HasSubstr("likelihood ratio beyond +2, as far as"));
  answer.verdict = MouldVerdict::kDifferent;
  answer.evidence = -9;
  EXPECT_THAT(explain(answer), HasSubstr("likelihood ratio beyond -2, as far as"));
}

TEST(Explain, EveryDoubtHasItsOwnReason) {
  std::vector<std::string> texts;
  for (const MouldDoubt doubt :
       {MouldDoubt::kNotTaught, MouldDoubt::kNotVerified, MouldDoubt::kSmallArea,
        MouldDoubt::kFewDetails, MouldDoubt::kUnsureLight, MouldDoubt::kUndecided}) {
    texts.push_back(explain(answer_of(MouldVerdict::kCannotTell, doubt)));
    EXPECT_THAT(texts.back(), HasSubstr("cannot be told"));
    EXPECT_THAT(texts.back(), Not(HasSubstr("+2.0")));
    for (std::size_t i = 0; i + 1 < texts.size(); ++i) EXPECT_NE(texts[i], texts.back());
  }
}

TEST(Explain, SaysNothingOfDetailsThatWereNotCounted) {
  EXPECT_THAT(explain({}), Not(HasSubstr("details in what")));
}

}  // namespace
}  // namespace pressmark
