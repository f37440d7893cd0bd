// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "pressmark/json.hpp"
#include "report_fixture.hpp"

namespace pressmark {
namespace {

using test::content_of;
using test::count_of;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::ordered_json;

class EvaluationReportTest : public test::ReportTest {
 protected:
  EvaluatedImage image(const std::string& name, int tint, const std::string& identity) {
    EvaluatedImage image;
    image.truth.file = name;
    image.truth.identity = identity;
    image.ok = true;
    image.info = info_of(write_photo(name, 80, 60, tint));
    return image;
  }

  EvaluationResult sample() {
    EvaluationResult result;
    result.directory = folder_;
    result.images = {image("a.jpg", 1, "m1"), image("b.jpg", 2, "m1"), image("c.jpg", 3, "<m2>")};
    EvaluatedImage failed;
    failed.truth.file = "broken<i>.jpg";
    failed.truth.line = 17;
    failed.reason = "ends early";
    result.images.push_back(failed);
    result.failed = 1;
    result.queries = 2;
    result.channels = {"local_raw", "fused"};
    QuestionFigures question;
    question.name = "same_mould";
    question.queries = 2;
    question.verified_tpr = .75;
    question.verified_fpr = .00001;
    for (const std::string& name : result.channels) {
      ChannelFigures channel;
      channel.name = name;
      channel.mean_average_precision = .625;
      channel.recall_at = {{1, .5}, {5, 1.0}};
      channel.tpr_at_fpr = {{.01, .25}, {.001, {}}};
      channel.roc = {{.5, .5}, {1, 1.0}};
      channel.cmc = {.5, 1};
      question.channels.push_back(channel);
    }
    question.candidate_recall = {{"global", {{10, 1.0}}}};
    PairExample worst;
    worst.query = 0;
    worst.other = 1;
    worst.compared = true;
    worst.rank = 2;
    worst.scores = {4.5, 6.5};
    worst.light_gap_deg = 85;
    PairExample best;
    best.query = 1;
    best.other = 2;
    best.rank = 3;
    question.worst_mates = {worst};
    question.best_non_mates = {best};
    result.questions = {question};
    result.light_gaps = {{0, 30, 4, .5, {1.5, 2.5}}};
    return result;
  }

  std::string page(const EvaluationResult& result) {
    ReportOptions options;
    options.title = "Set <1>";
    write_evaluation_report(folder_ / "report.html", result, options);
    return content_of(folder_ / "report.html");
  }
};

TEST_F(EvaluationReportTest, ShowsFiguresChartsAndPairs) {
  const std::string html = page(sample());
  EXPECT_THAT(html, HasSubstr("<title>Set &lt;1&gt;</title>"));
  EXPECT_THAT(html, HasSubstr("0.625"));
  EXPECT_THAT(html, HasSubstr("Rank 2, score 6.5, light gap 85\u00B0"));
  EXPECT_THAT(html, HasSubstr("Rank 3, not a candidate"));
  EXPECT_THAT(html, HasSubstr("75.0 % of the mates and 0.001 % of the non-mates"));
  EXPECT_THAT(html, HasSubstr("ends early"));
  EXPECT_EQ(count_of(html, "class=\"chart\""), 4u);
  EXPECT_EQ(count_of(html, "data:image/jpeg;base64,"), 3u);  // b.jpg once, though in two pairs
  EXPECT_EQ(count_of(html, "<use href="), 4u);
  EXPECT_THAT(html, Not(HasSubstr("<m2>")));
  EXPECT_THAT(html, Not(HasSubstr("broken<i>")));
  EXPECT_THAT(html, Not(HasSubstr("{{")));
}

TEST_F(EvaluationReportTest, WithoutLightsAndFailuresTheirSectionsAreMissing) {
  EvaluationResult result = sample();
  result.light_gaps.clear();
  result.images.pop_back();
  result.failed = 0;
  const std::string html = page(result);
  EXPECT_THAT(html, Not(HasSubstr("gap between their lights")));
  EXPECT_THAT(html, Not(HasSubstr("took no part")));
}

TEST_F(EvaluationReportTest, AChangedPictureIsNotShown) {
  const EvaluationResult result = sample();
  write_photo("a.jpg", 80, 60, 99);
  const std::string html = page(result);
  EXPECT_THAT(html, HasSubstr("Picture not shown"));
  EXPECT_THAT(html, HasSubstr("<strong>Left not shown.</strong> The file has changed"));
  EXPECT_EQ(count_of(html, "data:image/jpeg;base64,"), 2u);
}

TEST_F(EvaluationReportTest, JsonHasTheFigures) {
  const Json object = Json::parse(to_json(sample()));
  EXPECT_EQ(object["images"], 3);
  const Json& question = object["questions"]["same_mould"];
  EXPECT_EQ(question["channels"]["fused"]["mAP"], .625);
  EXPECT_EQ(question["channels"]["fused"]["recall_at"]["5"], 1.0);
  EXPECT_EQ(question["channels"]["fused"]["tpr_at_fpr"]["0.01"], .25);
  EXPECT_TRUE(question["channels"]["fused"]["tpr_at_fpr"]["0.001"].is_null());
  EXPECT_EQ(question["candidate_recall"]["global"]["10"], 1.0);
  EXPECT_EQ(question["worst_mates"][0]["scores"]["local_raw"], 4.5);
  EXPECT_TRUE(question["best_non_mates"][0]["scores"].is_null());
  EXPECT_EQ(object["light_gaps"][0]["mean_scores"]["fused"], 2.5);
  EXPECT_TRUE(object["timings"]["verify_ms"].is_null());
}

}  // namespace
}  // namespace pressmark
