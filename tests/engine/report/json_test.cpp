// SPDX-License-Identifier: Apache-2.0
#include "pressmark/json.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>

namespace pressmark {
namespace {

using Json = nlohmann::ordered_json;
using Names = std::vector<std::string>;

// The first column of the first table below the heading "## kind" of docs/json.md, and of the
// table after "`name`:" or "`name`:" with text, for nested objects.
std::map<std::string, Names> documented_fields() {
  std::map<std::string, Names> fields;
  std::ifstream in(PRESSMARK_JSON_DOC);
  EXPECT_TRUE(in) << PRESSMARK_JSON_DOC;
  std::string line, table;
  while (std::getline(in, line)) {
    const bool heading = line.starts_with("## "), nested = line.starts_with("`");
    if (heading) table = line.substr(3);
    if (nested) table = line.substr(1, line.find('`', 1) - 1);
    if (line.starts_with("| `")) fields[table].push_back(line.substr(3, line.find('`', 3) - 3));
  }
  return fields;
}

Names names_of(const Json& object) {
  Names names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

// Parses a record, which must stand on one line and have the documented fields in their order.
Json record(const std::string& text) {
  EXPECT_EQ(text.find('\n'), std::string::npos);
  Json object = Json::parse(text);
  const std::string type = object.at("type");
  Names expected = documented_fields()[type];
  if (type == "query" && !object.contains("hits")) expected.pop_back();
  EXPECT_EQ(names_of(object), expected) << type;
  return object;
}

QueryResult sample_result() {
  QueryResult result;
  result.file = "q.jpg";
  result.ok = true;
  result.info.sha256.bytes[0] = 0xAB;
  result.info.file_bytes = 1234;
  result.info.format = "jpeg";
  result.info.width_px = 800;
  result.info.height_px = 600;
  result.width_px = 512;
  result.height_px = 384;
  result.candidates = 5;
  Hit hit;
  hit.image.id = 3;
  hit.image.file = "/c/h.png";
  hit.image.facts.seizure = "S1";
  hit.image.facts.region = RegionOfInterest{1, 2, 30, 40};
  hit.image.facts.metadata_json = R"({"b":1,"a":{"deep":true}})";
  hit.verification.score = 12.25;
  hit.verification.evidence = -1.5;
  hit.verification.log_false_alarms = 7.5;
  hit.verification.raw = {12, 3, false};
  hit.verification.relit = {20, 11, true};
  hit.verification.channel = Channel::kRelit;
  hit.verification.dense = {0.5f, 7.25f, 1, {{1, 2, 3, 4, 5, 0.75f, true}}};
  hit.verification.registered = true;
  hit.verification.inlier_count = 1;
  hit.expected_false_hits = 0.125;
  hit.verification.transform.hit_from_query = {1, 2, 3, 4, 5, 6, 7, 8, 1};
  hit.verification.inliers = {{.1f, 12.3f, 4, 5}};
  hit.verification.mould.verdict = MouldVerdict::kDifferent;
  hit.verification.mould.doubt = MouldDoubt::kNone;
  hit.verification.mould.evidence = -2 * std::numbers::ln10;
  hit.verification.mould.raw = {8, 1, 20, 17};
  hit.verification.mould.relit = {9, 2, 21, 18};
  hit.verification.mould.detail_strength = 0.5;
  hit.verification.mould.detail_patches = 44;
  hit.verification.mould.light_gap_deg = 30;
  result.hits = {hit, hit};
  return result;
}

TEST(Json, QueryHasItsHitsNested) {
  const Json query = record(to_json(sample_result()));
  EXPECT_EQ(query["status"], "hit");
  EXPECT_TRUE(query["code"].is_null());
  EXPECT_EQ(query["sha256"].get<std::string>().substr(0, 4), "ab00");
  EXPECT_EQ(query["hit_count"], 2);
  ASSERT_EQ(query["hits"].size(), 2u);
  EXPECT_EQ(query["hits"][1]["rank"], 2);
}

TEST(Json, LinesAreTheQueryAndThenItsHits) {
  const QueryResult result = sample_result();
  const std::vector<std::string> lines = to_json_lines(result);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(record(lines[0])["type"], "query");
  const Json hit = record(lines[1]);
  EXPECT_EQ(hit["type"], "hit");
  EXPECT_EQ(hit["query_file"], "q.jpg");
  EXPECT_EQ(hit["query_sha256"], result.info.sha256.hex());
  EXPECT_EQ(names_of(hit["image"]), documented_fields()["image"]);
  EXPECT_EQ(names_of(hit["transform"]), documented_fields()["transform"]);
  EXPECT_EQ(hit["transform"]["hit_from_query"], Json::parse("[1,2,3,4,5,6,7,8,1]"));
  EXPECT_EQ(names_of(hit["dense"]), documented_fields()["dense"]);
  EXPECT_EQ(hit["dense"], Json::parse(R"({"score":0.5,"normalised":7.25,"agreeing_cells":1,
                                         "cells":[[1,2,3,4,5,0.75,true]]})"));
  EXPECT_EQ(hit["expected_false_hits"], 0.125);
  EXPECT_EQ(hit["evidence"], -1.5);
  EXPECT_EQ(hit["log_false_alarms"], 7.5);
  for (const char* channel : {"raw", "relit"}) {
    EXPECT_EQ(names_of(hit[channel]), documented_fields()["raw"]);
  }
  EXPECT_EQ(hit["raw"], Json::parse(R"({"tentative":12,"agreeing":3,"contrast":"same"})"));
  EXPECT_EQ(hit["relit"], Json::parse(R"({"tentative":20,"agreeing":11,"contrast":"inverted"})"));
  EXPECT_EQ(hit["channel"], "relit");
  const Json& mould = hit["mould"];
  EXPECT_EQ(names_of(mould), documented_fields()["mould"]);
  EXPECT_EQ(mould["verdict"], "different");
  EXPECT_TRUE(mould["doubt"].is_null());
  EXPECT_EQ(mould["log10_likelihood_ratio"], -2.0);
  for (const char* details : {"raw_details", "relit_details"}) {
    EXPECT_EQ(names_of(mould[details]), documented_fields()["raw_details"]);
  }
  EXPECT_EQ(mould["raw_details"]["coarse_shared"], 17);
  EXPECT_EQ(mould["relit_details"]["fine"], 9);
  EXPECT_EQ(mould["detail_strength"], 0.5);
  EXPECT_EQ(mould["detail_patches"], 44);
  EXPECT_EQ(mould["light_gap_deg"], 30.0);
  EXPECT_EQ(hit, Json::parse(to_json(result))["hits"][0]);
}

MarkResult sample_mark() {
  MarkResult result{"M1", {"a.jpg", "b.jpg"}, {}};
  MarkHit hit;
  hit.image = sample_result().hits[0].image;
  hit.score = 4.5;
  hit.expected_false_hits = 0.25;
  hit.best_photo = 1;
  hit.photos = 2;
  result.hits.push_back(hit);
  return result;
}

TEST(Json, AMarkNamesItsPhotosAndWhichOfThemAgreesBest) {
  const Json mark = record(to_json(sample_mark()));
  EXPECT_EQ(mark["status"], "hit");
  EXPECT_EQ(mark["mark"], "M1");
  EXPECT_EQ(mark["photos"], (Json{"a.jpg", "b.jpg"}));
  const Json& hit = mark["hits"].at(0);
  EXPECT_EQ(names_of(hit), documented_fields()["hits"]);
  EXPECT_EQ(hit["rank"], 1);
  EXPECT_EQ(hit["image"]["id"], 3);
  EXPECT_EQ(hit["score"], 4.5);
  EXPECT_EQ(hit["expected_false_hits"], 0.25);
  EXPECT_EQ(hit["best_photo"], "b.jpg");
  EXPECT_EQ(hit["photos"], 2);
  MarkResult none = sample_mark();
  none.hits.clear();
  EXPECT_EQ(record(to_json(none))["status"], "no_match");
  none.photos.clear();
  EXPECT_EQ(record(to_json(none))["status"], "unusable");
}

TEST(Json, AMouldThatCannotBeToldSaysWhy) {
  Verification verification;
  Json mould = record(to_json(verification))["mould"];
  EXPECT_EQ(mould["verdict"], "cannot_tell");
  EXPECT_EQ(mould["doubt"], "not_verified");
  EXPECT_EQ(mould["log10_likelihood_ratio"], 0.0);
  EXPECT_TRUE(mould["light_gap_deg"].is_null());
  verification.mould.doubt = MouldDoubt::kNotTaught;
  mould = record(to_json(verification))["mould"];
  EXPECT_EQ(mould["doubt"], "not_taught");
  EXPECT_TRUE(mould["log10_likelihood_ratio"].is_null());
}

TEST(Json, RealsAreShortAndReadBackEqual) {
  const std::string text = to_json_lines(sample_result())[1];
  EXPECT_NE(text.find("\"inliers\":[[0.1,12.3,4.0,5.0]]"), std::string::npos) << text;
  const Json hit = Json::parse(text);
  EXPECT_EQ(hit["inliers"][0][1].get<float>(), 12.3f);
}

TEST(Json, EvaluationHasTheDocumentedFieldsAtEveryLevel) {
  EvaluationResult result;
  result.images.resize(2);
  result.channels = {"local_raw"};
  QuestionFigures question;
  question.name = "same_mould";
  question.verdicts_mates = {3, 2, 1};
  question.channels.resize(1);
  question.channels[0].name = "local_raw";
  question.worst_mates.resize(1);
  question.best_non_mates.resize(1);
  result.questions = {question};
  result.light_gaps = {{0, 30, 0, {}, {std::nullopt}}};
  const Json object = record(to_json(result));
  auto documented = documented_fields();
  const Json& asked = object["questions"]["same_mould"];
  EXPECT_EQ(names_of(asked), documented["questions"]);
  EXPECT_EQ(names_of(asked["channels"]["local_raw"]), documented["channels"]);
  EXPECT_EQ(asked["mould_verdicts"]["mates"].dump(), R"({"same":3,"different":2,"cannot_tell":1})");
  EXPECT_EQ(asked["mould_verdicts"]["non_mates"]["same"], 0);
  EXPECT_EQ(names_of(asked["worst_mates"][0]), documented["worst_mates"]);
  EXPECT_EQ(names_of(asked["best_non_mates"][0]), documented["worst_mates"]);
  EXPECT_EQ(names_of(object["light_gaps"][0]), documented["light_gaps"]);
}

TEST(Json, NoMatchAndFailureAreToldApart) {
  QueryResult result = sample_result();
  result.hits.clear();
  EXPECT_EQ(record(to_json(result))["status"], "no_match");
  QueryResult failed;
  failed.file = "broken.jpg";
  failed.code = ErrorCode::kCorruptData;
  failed.reason = "ends early";
  const Json query = record(to_json_lines(failed)[0]);
  EXPECT_EQ(query["status"], "failed");
  EXPECT_EQ(query["code"], "corrupt_data");
  EXPECT_EQ(query["reason"], "ends early");
  EXPECT_TRUE(query["sha256"].is_null());
  EXPECT_TRUE(query["width_px"].is_null());
}

TEST(Json, AQueryThatTheQualityGateRefusedIsUnusable) {
  QueryResult result = sample_result();
  EXPECT_TRUE(record(to_json(result))["quality"].is_null());
  result.quality = "too dark: 99 % of it is black";
  EXPECT_EQ(record(to_json(result))["status"], "hit");  // compared, because the gate was off
  result.hits.clear();
  result.candidates = 0;
  const Json query = record(to_json_lines(result)[0]);
  EXPECT_EQ(query["status"], "unusable");
  EXPECT_EQ(query["quality"], result.quality);
  EXPECT_TRUE(query["code"].is_null());
}

TEST(Json, AddReportsStateTheirStatus) {
  AddReport photo;
  photo.file = "a.jpg";
  photo.reason = "unknown seizure";
  photo.code = ErrorCode::kNotFound;
  Json object = record(to_json(photo));
  EXPECT_EQ(object["status"], "failed");
  EXPECT_EQ(object["code"], "not_found");
  EXPECT_TRUE(object["id"].is_null());
  photo.status = AddStatus::kDuplicate;
  photo.id = 4;
  object = record(to_json(photo));
  EXPECT_EQ(object["status"], "duplicate");
  EXPECT_TRUE(object["code"].is_null());
  EXPECT_EQ(object["id"], 4);
  EXPECT_TRUE(object["quality"].is_null());
  photo.status = AddStatus::kAdded;
  photo.quality = "too blurred";
  object = record(to_json(photo));
  EXPECT_EQ(object["status"], "added");
  EXPECT_EQ(object["quality"], "too blurred");
}

TEST(Json, ImagesCarryTheirFacts) {
  const Json image = record(to_json(sample_result().hits[0].image));
  EXPECT_EQ(image["seizure"], "S1");
  EXPECT_TRUE(image["package"].is_null());
  EXPECT_EQ(image["region"], Json::parse("[1,2,30,40]"));
  EXPECT_EQ(image["metadata"].dump(), R"({"b":1,"a":{"deep":true}})");
}

TEST(Json, MetadataThatIsNoUsableObjectStaysText) {
  CatalogueImage image;
  image.facts.metadata_json = "not json";
  EXPECT_EQ(record(to_json(image))["metadata"], "not json");
  image.facts.metadata_json = "[1]";
  EXPECT_EQ(record(to_json(image))["metadata"], "[1]");
  image.facts.metadata_json =
      "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(record(to_json(image))["metadata"], image.facts.metadata_json);
}

TEST(Json, OtherRecordsHaveTheDocumentedFields) {
  SeizureInfo seizure;
  seizure.seizure.name = "S1";
  seizure.images = 2;
  EXPECT_EQ(record(to_json(seizure))["images"], 2);
  EXPECT_EQ(record(to_json(CatalogueInfo{}))["describe"]["long_side_px"], 512);
  EXPECT_EQ(record(to_json(CatalogueInfo{}))["index_problems"], Json::array());
  EXPECT_EQ(record(to_json(AuditReport{}))["recall"], 1);
  EXPECT_EQ(record(to_json(InputIssue{"m.csv:1", ErrorCode::kIo, "why"}))["code"], "io");
  EXPECT_TRUE(record(to_json(Verification{}))["transform"].is_null());
  Decision decision;
  decision.verdict = Verdict::kRejected;
  EXPECT_EQ(record(to_json(decision))["verdict"], "rejected");
}

TEST(Json, DriftIsStatedWhereThereAreLists) {
  CatalogueInfo info;
  EXPECT_TRUE(record(to_json(info))["drift"].is_null());
  info.drift = {0.5, 0.75, 1.5, true};
  const Json drift = record(to_json(info))["drift"];
  EXPECT_EQ(names_of(drift), documented_fields()["drift"]);
  EXPECT_EQ(drift.dump(), R"({"trained_error":0.5,"error":0.75,"growth":1.5,"due":true})");
}

TEST(Json, AnAuditStatesWhatTheFastSearchMisses) {
  AuditReport report;
  report.candidates = {false, 4, {{10, 0.75, 0.25, 1, 0.5}}, 8, 7, 0.5, 2};
  const Json candidates = record(to_json(report))["candidates"];
  EXPECT_EQ(names_of(candidates), documented_fields()["candidates"]);
  EXPECT_EQ(candidates["same_search"], false);
  EXPECT_EQ(candidates["queries"], 4);
  EXPECT_EQ(candidates["links"], 8);
  EXPECT_EQ(candidates["links_found"], 7);
  EXPECT_EQ(candidates["fast_seconds"], 0.5);
  EXPECT_EQ(candidates["thorough_seconds"], 2);
  ASSERT_EQ(candidates["first"].size(), 1u);
  EXPECT_EQ(names_of(candidates["first"][0]), documented_fields()["first"]);
  EXPECT_EQ(candidates["first"][0].dump(),
            R"({"k":10,"recall":0.75,"recall_low":0.25,"recall_high":1.0,"worst_query":0.5})");
}

TEST(Json, AHitStatesWhatAnExaminerDecided) {
  QueryResult result = sample_result();
  EXPECT_TRUE(record(to_json_lines(result).at(1))["decision"].is_null());
  result.hits[0].verdict = Verdict::kConfirmed;
  EXPECT_EQ(record(to_json_lines(result).at(1))["decision"], "confirmed");
}

TEST(Json, NamesThatAreNotUtf8AreReplacedAndLineEndsEscaped) {
  QueryResult result = sample_result();
  result.file = "a\xFF\nb.jpg";
  EXPECT_EQ(record(to_json(result))["file"], "a\uFFFD\nb.jpg");
}

}  // namespace
}  // namespace pressmark
