// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "tests/engine/seizure/run_fixture.hpp"

namespace pressmark {
namespace {

using seizure::Json;
using test::Files;
using test::SeizureRunTest;
using testing::HasSubstr;
using testing::Not;

TEST_F(SeizureRunTest, FindsTheMarksAndWhatTheyAreLinkedTo) {
  const std::filesystem::path place = run_place("a");
  begin(place);
  const SeizureSummary summary = go_on(place);
  EXPECT_FALSE(summary.interrupted);
  EXPECT_EQ(summary.inputs, 10);
  EXPECT_EQ(summary.photos, 6);
  EXPECT_EQ(summary.duplicates, 1);
  EXPECT_EQ(summary.failed, 3);
  EXPECT_EQ(summary.unusable, 1);
  EXPECT_EQ(summary.marks, 3);
  EXPECT_EQ(summary.linked_marks, 2);
  EXPECT_EQ(summary.linked_seizures, 1);
  EXPECT_FALSE(summary.catalogue_changed);

  const Files files = results(place);
  const std::string& marks = files.at("marks.csv");
  EXPECT_THAT(marks, HasSubstr("M001,2,"));
  EXPECT_THAT(marks, HasSubstr("2020-1"));
  const std::string& photos = files.at("photos.csv");
  EXPECT_THAT(photos, HasSubstr("bad.jpg,failed,unsupported,not an image"));
  EXPECT_THAT(photos, HasSubstr("gone.png,failed,not_found,"));
  EXPECT_THAT(photos, HasSubstr("copy.png,duplicate,"));
  EXPECT_THAT(photos, HasSubstr("tiny.png,unusable,"));
  EXPECT_THAT(photos, HasSubstr("/facts.csv:7,failed,invalid_argument,kind is not known"));

  int outside = 0, within = 0;
  for (const Json& link : lines_of(files.at("links.jsonl"))) {
    if (link.at("type") == "catalogue_link") {
      ++outside;
      EXPECT_TRUE(link.at("holds").get<bool>());
      const auto& image = link.at("image");
      EXPECT_TRUE(image.at("id") == 2 || image.at("id") == 4);
      const auto mates = link.at("mark_photos").get<double>();
      EXPECT_DOUBLE_EQ(link.at("score").get<double>(),
                       link.at("photos").at(0).at("score").get<double>() - std::log10(mates));
      EXPECT_DOUBLE_EQ(link.at("expected_false_hits").get<double>(),
                       4 * std::pow(10.0, -link.at("score").get<double>()));
      EXPECT_EQ(link.at("seizure").at("place"), "Hamburg");
    } else {
      ++within;
      EXPECT_EQ(link.at("marks").at(0), link.at("marks").at(1));
    }
  }
  EXPECT_EQ(outside, 2);
  EXPECT_EQ(within, 2);
  EXPECT_THAT(files.at("graph.graphml"), HasSubstr("<data key=\"kind\">seizure</data>"));
  EXPECT_THAT(files.at("map.geojson"), HasSubstr("53.5"));
  const Json manifest = Json::parse(files.at("manifest.json"));
  EXPECT_EQ(manifest.at("inputs").size(), 9u);
  EXPECT_EQ(manifest.at("catalogue").at("images"), 4);
  EXPECT_EQ(manifest.at("counts").at("marks"), 3);
  const std::string& index = files.at("report/index.html");
  EXPECT_THAT(index, HasSubstr("marks/M003.html"));
  EXPECT_THAT(index, HasSubstr("tiny.png"));
  EXPECT_THAT(index, Not(HasSubstr("http://")));
  const std::string& page = files.at("report/marks/M001.html");
  EXPECT_THAT(page, HasSubstr("class=\"overlay\""));
  EXPECT_THAT(page, testing::ContainsRegex("Query: input [12](, package A)?, /"));
  EXPECT_THAT(page,
              testing::ContainsRegex("Two photos</span> <bdi>input ([12]) beside input [12]"));
  std::size_t nothing_known = 0;
  for (const auto& [name, bytes] : files) {
    nothing_known += bytes.find("<strong>Nothing known.</strong>") != bytes.npos;
  }
  EXPECT_EQ(nothing_known, 1u);  // the page of the mark that is not catalogued
}

TEST_F(SeizureRunTest, DecisionsOfExaminersAreHeeded) {
  const std::filesystem::path place = run_place("a");
  begin(place);
  go_on(place);
  std::vector<Json> links = lines_of(results(place).at("links.jsonl"));
  const auto hash = [](const Json& value) {
    return Sha256::from_hex(value.get<std::string>()).value();
  };
  {
    Catalogue catalogue = Catalogue::open(this->place(), Catalogue::Access::kWrite);
    for (const Json& link : links) {
      if (link.at("type") == "catalogue_link" && link.at("image").at("id") == 4) {
        catalogue.add_decision({hash(link.at("photos").at(0).at("sha256")),
                                hash(link.at("image").at("sha256")), Verdict::kRejected, "no",
                                "K. Examiner"});
      } else if (link.at("type") == "within_link") {
        catalogue.add_decision({hash(link.at("first").at("sha256")),
                                hash(link.at("second").at("sha256")), Verdict::kRejected, "no",
                                "K. Examiner"});
      }
    }
  }
  const SeizureSummary summary = go_on(place);
  EXPECT_EQ(summary.marks, 5);         // both pairs fell apart
  EXPECT_EQ(summary.linked_marks, 2);  // the two photos of scene 1
  int rejected = 0;
  for (const Json& link : lines_of(results(place).at("links.jsonl"))) {
    rejected += link.at("decision") == "rejected";
    EXPECT_EQ(link.at("decision") == "rejected", !link.at("holds").get<bool>());
  }
  EXPECT_EQ(rejected, 3);
}

TEST_F(SeizureRunTest, MarksOfTheManifestHoldPhotosTogether) {
  PhotoList list;
  list.photos = {write_view(1), write_view(20)};
  for (PhotoInput& photo : list.photos) photo.mark = "eagle";
  const std::filesystem::path place = run_place("a");
  begin_seizure(place, this->place(), list, {}, {});
  EXPECT_EQ(go_on(place).marks, 1);
  EXPECT_THAT(results(place).at("marks.csv"), HasSubstr("eagle"));
}

TEST_F(SeizureRunTest, APhotoThatIsCataloguedAlreadyIsNoLinkToItself) {
  PhotoList list;
  list.photos = {write_scene(2)};
  const std::filesystem::path place = run_place("a");
  begin_seizure(place, this->place(), list, {}, {});
  const SeizureSummary summary = go_on(place);
  EXPECT_EQ(summary.linked_marks, 0);
  EXPECT_THAT(results(place).at("photos.csv"), HasSubstr(",M001,,3\r\n"));
}

TEST_F(SeizureRunTest, NoPhotosAtAllIsAnAnswerToo) {
  const std::filesystem::path place = run_place("a");
  begin_seizure(place, this->place(), {}, {}, {});
  const SeizureSummary summary = go_on(place);
  EXPECT_EQ(summary.inputs, 0);
  EXPECT_EQ(summary.marks, 0);
  EXPECT_THAT(results(place).at("report/index.html"), HasSubstr("No photo could be compared"));
}

TEST_F(SeizureRunTest, AFilterChoosesAmongCataloguedImagesAlone) {
  const std::filesystem::path place = run_place("a");
  SeizureOptions options;
  options.match.filter.where("package=P1");  // image 2, of scene 1
  begin_seizure(place, this->place(), photos(), {"own", "Kiel", "2024-01-02", ""}, options);
  const SeizureSummary summary = go_on(place);
  EXPECT_EQ(summary.marks, 3);
  EXPECT_EQ(summary.linked_marks, 1);
  const Files files = results(place);
  int outside = 0, within = 0;
  for (const Json& link : lines_of(files.at("links.jsonl"))) {
    if (link.at("type") != "catalogue_link") {
      ++within;
      continue;
    }
    ++outside;
    EXPECT_EQ(link.at("image").at("id"), 2);
    EXPECT_DOUBLE_EQ(link.at("expected_false_hits").get<double>(),
                     std::pow(10.0, -link.at("score").get<double>()));
  }
  EXPECT_EQ(outside, 1);
  EXPECT_EQ(within, 2);
  const Json manifest = Json::parse(files.at("manifest.json"));
  EXPECT_EQ(manifest.at("catalogue").at("images"), 4);
  EXPECT_EQ(manifest.at("catalogue").at("searched"), 1);
  EXPECT_EQ(manifest.at("options").at("match").at("where"), Json::array({"package=P1"}));
  EXPECT_THAT(files.at("report/index.html"), HasSubstr("package=P1"));
  EXPECT_THAT(files.at("report/marks/M003.html"),
              HasSubstr("None of the 1 images of the catalogue that fulfil the conditions"));
  EXPECT_TRUE(replay_seizure(place, run_place("b"), {}).different.empty());

  // The same number of images, and yet others.
  {
    Catalogue catalogue = Catalogue::open(this->place(), Catalogue::Access::kWrite);
    FactsUpdate update;
    update.package = "P2";
    const std::vector<ImageId> two{2}, three{3};
    catalogue.update(two, update);
    update.package = "P1";
    catalogue.update(three, update);
  }
  EXPECT_EQ(error_of([&] { go_on(place); }), ErrorCode::kInvalidArgument);
}

TEST_F(SeizureRunTest, OptionsAreChecked) {
  SeizureOptions options;
  options.false_links = 0;
  EXPECT_EQ(error_of([&] { options.validate(); }), ErrorCode::kInvalidArgument);
  options = {};
  options.linked_share = 1.5;
  EXPECT_EQ(error_of([&] { options.validate(); }), ErrorCode::kInvalidArgument);
  options = {};
  options.match.filter.conditions.resize(1);
  options.match.filter.conditions[0] = {FilterField::kId, FilterOperator::kEqual, "one", {}};
  EXPECT_EQ(error_of([&] { options.validate(); }), ErrorCode::kInvalidArgument);
  options = {};
  options.match.max_hits = 0;
  EXPECT_EQ(error_of([&] { begin_seizure(run_place("a"), place(), {}, {}, options); }),
            ErrorCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(run_place("a")));
}

}  // namespace
}  // namespace pressmark
