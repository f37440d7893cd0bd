// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/report/run_summary.hpp"
#include "engine/report/text.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/json.hpp"

namespace pressmark {
namespace {

using Json = nlohmann::ordered_json;

RunFacts match_facts() {
  RunFacts facts;
  facts.command = {"pressmark", "match", "my cat", "it's.jpg"};
  facts.device = "cpu";
  facts.threads = 2;
  facts.model_id = "0123456789abcdef";
  facts.model_name = "printed";
  facts.catalogue = "my cat";
  facts.catalogue_images = 1234;
  facts.searched_images = 37;
  facts.match = MatchOptions{};
  facts.match->filter.where("place=Bonn").where("date >= 2023");
  facts.matched = MatchSummary{5, 2, 1, 1, false};
  facts.inputs = {{"it's.jpg", {}}};
  return facts;
}

TEST(RunManifest, StatesTheRun) {
  const Json run = Json::parse(run_manifest_json(match_facts()));
  EXPECT_EQ(run["type"], "run");
  EXPECT_EQ(run["build"], build_description());
  EXPECT_EQ(run["version"], version());
  EXPECT_EQ(run["command"][2], "my cat");
  EXPECT_EQ(run["catalogue"], Json::parse(R"({"directory":"my cat","images":1234,"searched":37})"));
  EXPECT_EQ(
      run["options"]["match"],
      Json::parse(
          R"({"candidates":100,"dense_images":500,"thorough":false,"ratio":0.95,"threshold_px":3.0,"min_inliers":6,
                            "min_cells":10,"min_score":3.5,"query_keypoints":1024,"quality_gate":true,"show_rejected":false,
                            "max_hits":10,"where":["place=Bonn","date>=2023"]})"));
  EXPECT_TRUE(run["options"]["add"].is_null());
  EXPECT_TRUE(run["started_at"].is_null());
  EXPECT_EQ(run["counts"], Json::parse(R"({"queries":5,"with_hits":2,"unusable":1,"failed":1,
                                           "interrupted":false})"));
  EXPECT_TRUE(run["inputs"][0]["sha256"].is_null());
}

TEST(RunManifest, AddRunsStateTheirOwnCounts) {
  RunFacts facts;
  facts.added = AddSummary{4, 2, 1, true};
  facts.add = AddOptions{};
  const Json run = Json::parse(run_manifest_json(facts));
  EXPECT_EQ(run["counts"],
            Json::parse(R"({"added":4,"duplicates":2,"failed":1,"interrupted":true})"));
  EXPECT_EQ(run["options"]["add"]["create_seizures"], false);
  EXPECT_TRUE(run["catalogue"].is_null());
}

TEST(RunManifest, StandsOnOneLineIfAsked) {
  EXPECT_EQ(run_manifest_json(match_facts(), -1).find('\n'), std::string::npos);
  EXPECT_EQ(Json::parse(run_manifest_json(match_facts(), -1)),
            Json::parse(run_manifest_json(match_facts())));
}

TEST(RunSummary, ReadsTheManifestBack) {
  const report::RunSummary run = report::summarise_run(run_manifest_json(match_facts()));
  EXPECT_EQ(run.catalogue_images, 1234);
  EXPECT_EQ(run.searched_images, 37);
  EXPECT_EQ(run.conditions, "place=Bonn and date>=2023");
  EXPECT_EQ(report::none_of_searched(run), "None of the 37 images that were searched");
  EXPECT_EQ(report::threshold_text(run), "score 3.5 or more from at least 6 inliers or 10 cells");
  const std::pair<std::string, std::string> command{"Command",
                                                    "pressmark match 'my cat' 'it'\\''s.jpg'"};
  EXPECT_EQ(run.facts.back(), command);
}

TEST(RunSummary, WithoutConditionsTheWholeCatalogueWasSearched) {
  RunFacts facts = match_facts();
  facts.match->filter = {};
  const report::RunSummary run = report::summarise_run(run_manifest_json(facts));
  EXPECT_FALSE(run.searched_images);
  EXPECT_EQ(run.conditions, "");
  EXPECT_EQ(report::none_of_searched(run),
            "None of the " + report::grouped(1234) + " images in this catalogue");
}

TEST(RunSummary, UnexpectedTypesAreLeftOut) {
  const report::RunSummary run = report::summarise_run(
      R"({"catalogue":7,"model":[],"options":{"match":{"min_score":"x"}},"command":[1],"build":{}})");
  EXPECT_TRUE(run.facts.empty());
  EXPECT_FALSE(run.min_score);
  EXPECT_EQ(report::threshold_text(run), "");
}

TEST(RunSummary, LongInputListsAreShownInPart) {
  RunFacts facts;
  facts.inputs.resize(1000, {"a.jpg", {}});
  const Json shown = Json::parse(report::pretty_manifest(run_manifest_json(facts)));
  EXPECT_EQ(shown["inputs"].size(), 201u);
}

}  // namespace
}  // namespace pressmark
