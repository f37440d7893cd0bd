// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/plan.hpp"

#include <gtest/gtest.h>

#include "engine/seizure/output.hpp"
#include "pressmark/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace pressmark::seizure {
namespace {

class PlanTest : public testing::Test {
 protected:
  static Plan plan() {
    Plan plan;
    plan.build = "pressmark 1";
    plan.command = {"pressmark", "seizure", "\xff"};
    plan.catalogue = "/cat";
    plan.state = {3, 2, 1, 2, "0123456789abcdef"};
    plan.model_id = "abc";
    plan.options.match.max_hits = 7;
    plan.options.match.verify.ratio = 0.9f;
    plan.options.match.quality_gate = false;
    plan.options.match.filter.where("place=Köln").where("metadata.size_mm > 20");
    plan.options.decode.max_pixels = 1000;
    plan.options.false_links = 0.5;
    plan.seizure = {"S", "Hamburg", "2024-05", "Zoll"};
    plan.declared = {{"T", "", "2020", ""}};
    plan.issues = {{"x\xff.csv:3", ErrorCode::kCorruptData, "bad"}};
    return plan;
  }

  static std::vector<PhotoInput> photos() {
    PhotoInput photo;
    photo.file = "/photos/\xff name.jpg";
    photo.facts.seizure = "S";
    photo.facts.package = "P";
    photo.facts.kind = ImageKind::kToolmark;
    photo.facts.scale_mm_per_px = 0.125;
    photo.facts.region = RegionOfInterest{1, 2, 3, 4};
    photo.facts.metadata_json = R"({"a":1})";
    photo.source = "m.csv:2";
    photo.mark = "M";
    return {photo, {"/photos/b.jpg", {}, {}}};
  }

  ErrorCode error() const {
    try {
      read_plan(place_);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInterrupted;
  }

  const test::TemporaryDirectory directory_;
  const std::filesystem::path place_ = directory_.path() / "run";
};

TEST_F(PlanTest, ComesBackAsItWasWritten) {
  write_plan(place_, plan(), photos());
  const Plan found = read_plan(place_), wanted = plan();
  EXPECT_EQ(found.build, wanted.build);
  EXPECT_EQ(found.command, wanted.command);
  EXPECT_EQ(found.catalogue, wanted.catalogue);
  EXPECT_EQ(found.state, wanted.state);
  EXPECT_EQ(found.options.match.max_hits, 7);
  EXPECT_EQ(found.options.match.verify.ratio, 0.9f);
  EXPECT_FALSE(found.options.match.quality_gate);
  EXPECT_EQ(found.options.match.filter, wanted.options.match.filter);
  EXPECT_EQ(found.options.decode.max_pixels, 1000);
  EXPECT_EQ(found.options.false_links, 0.5);
  EXPECT_EQ(found.seizure.date, "2024-05");
  EXPECT_EQ(found.declared.at(0).name, "T");
  EXPECT_EQ(found.issues.at(0).file, "x\xff.csv:3");
  EXPECT_EQ(found.issues.at(0).code, ErrorCode::kCorruptData);
  EXPECT_EQ(found.inputs, 2);
  InputReader reader(place_);
  const PhotoInput first = reader.next().value(), wanted_first = photos().front();
  EXPECT_EQ(first.file, wanted_first.file);
  EXPECT_EQ(first.facts.package, "P");
  EXPECT_EQ(first.facts.kind, ImageKind::kToolmark);
  EXPECT_EQ(first.facts.scale_mm_per_px, 0.125);
  EXPECT_EQ(first.facts.region, wanted_first.facts.region);
  EXPECT_EQ(first.facts.metadata_json, R"({"a":1})");
  EXPECT_EQ(first.source, "m.csv:2");
  EXPECT_EQ(first.mark, "M");
  EXPECT_EQ(reader.next()->file, "/photos/b.jpg");
  EXPECT_FALSE(reader.next());
}

TEST_F(PlanTest, ADirectoryWithoutPlanHoldsNoRun) {
  EXPECT_EQ(error(), ErrorCode::kNotFound);
}

TEST_F(PlanTest, DamageIsNoticed) {
  write_plan(place_, plan(), photos());
  const std::string text = read_file(place_ / kPlanName);
  write_file(place_ / kPlanName, text.substr(0, text.size() / 2));
  EXPECT_EQ(error(), ErrorCode::kCorruptData);
  write_file(place_ / kPlanName, "{}");
  EXPECT_EQ(error(), ErrorCode::kCorruptData);
  write_file(place_ / kPlanName, text);
  EXPECT_EQ(error(), ErrorCode::kInterrupted);  // sound again
  write_file(place_ / kInputsName, "");
  EXPECT_EQ(error(), ErrorCode::kCorruptData);
}

TEST_F(PlanTest, ANewerFormatIsRefused) {
  write_plan(place_, plan(), photos());
  std::string text = read_file(place_ / kPlanName);
  text.replace(text.find("\"format\": 2"), 11, "\"format\": 9");
  write_file(place_ / kPlanName, text);
  EXPECT_EQ(error(), ErrorCode::kUnsupported);
}

TEST_F(PlanTest, NothingIsWrittenIntoADirectoryThatIsNotEmpty) {
  std::filesystem::create_directories(place_);
  write_file(place_ / "other.txt", "mine");
  EXPECT_THROW(write_plan(place_, plan(), photos()), Error);
  EXPECT_FALSE(std::filesystem::exists(place_ / kInputsName));
  EXPECT_EQ(read_file(place_ / "other.txt"), "mine");
}

}  // namespace
}  // namespace pressmark::seizure
