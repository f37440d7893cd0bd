// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <memory>

#include "engine/seizure/answers.hpp"
#include "engine/seizure/output.hpp"
#include "engine/seizure/plan.hpp"
#include "engine/seizure/run_manifest.hpp"
#include "pressmark/seizure.hpp"
#include "tests/engine/pipeline/pipeline_fixture.hpp"

namespace pressmark {
namespace {

using seizure::Json;
using testing::HasSubstr;
using testing::Not;

using Files = std::map<std::string, std::string>;

class SeizureRunTest : public test::PipelineTest {
 protected:
  SeizureRunTest() {
    Catalogue catalogue = create();
    std::vector<PhotoInput> photos = write_scenes(4);
    for (PhotoInput& photo : photos) photo.facts.seizure = "2020-1";
    photos[1].facts.package = "P1";
    photos[1].facts.metadata_json = R"({"latitude": 53.5, "longitude": 10})";
    add(catalogue, photos, {}, {}, {{"2020-1", "Hamburg", "2020-05-01", "Zoll"}});
  }

  std::filesystem::path run_place(const std::string& name) const {
    return directory_.path() / ("run-" + name);
  }

  // Two photos of scene 1, which is catalogued; two of scene 20, which is not; one of scene 3 in
  // the package of a photo of scene 1; what cannot be used.
  PhotoList photos() const {
    PhotoList list;
    list.photos = {write_view(1),
                   write("again.png", test::scene(1)),
                   write_view(20),
                   write("twenty.png", test::scene(20)),
                   write_bad("bad.jpg"),
                   write_view(3),
                   write("copy.png", test::view_of_scene(20)),
                   write("tiny.png", test::test_picture(12, 9, 1)),
                   {directory_.path() / "gone.png", {}, {}}};
    // Not the same bytes as scene1.png, which is catalogued.
    test::Picture changed = test::scene(1);
    changed.pixels[0] ^= 1;
    list.photos[1] = write("again.png", changed);
    for (const std::size_t i : {0u, 5u}) {
      list.photos[i].facts.seizure = "own";
      list.photos[i].facts.package = "A";
    }
    list.issues = {{"facts.csv:7", ErrorCode::kInvalidArgument, "kind is not known"}};
    return list;
  }

  void begin(const std::filesystem::path& place) const {
    SeizureOptions options;
    begin_seizure(place, this->place(), photos(), {"own", "Kiel", "2024-01-02", ""}, options);
  }

  static SeizureSummary go_on(const std::filesystem::path& place, const RunControl& control = {}) {
    SeizureControl seizure;
    seizure.run = control;
    return continue_seizure(place, seizure);
  }

  static Files results(const std::filesystem::path& place) {
    Files files;
    for (const std::filesystem::path& file : seizure::result_files(place)) {
      files[file] = seizure::read_file(place / file);
    }
    files["manifest.json"] = seizure::read_file(place / "manifest.json");
    return files;
  }

  static void expect_same(const Files& a, const Files& b) {
    ASSERT_EQ(a.size(), b.size());
    for (const auto& [name, bytes] : a) {
      ASSERT_TRUE(b.contains(name)) << name;
      EXPECT_TRUE(b.at(name) == bytes) << name;
    }
  }

  static std::vector<Json> lines_of(const std::string& text) {
    std::vector<Json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
    return lines;
  }
};

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

TEST_F(SeizureRunTest, ResultsAreTheSameForAnyNumberOfThreads) {
  Files first;
  for (const int threads : {1, 3}) {
    const std::filesystem::path place = run_place(std::to_string(threads));
    begin(place);
    RunControl control;
    control.threads = threads;
    go_on(place, control);
    if (threads == 1) {
      first = results(place);
    } else {
      expect_same(first, results(place));
    }
  }
}

TEST_F(SeizureRunTest, ResultsAreTheSameAfterStopsAtEveryPoint) {
  const std::filesystem::path place = run_place("whole"), stopped = run_place("stopped");
  begin(place);
  go_on(place);
  begin(stopped);
  int stops = 0;
  for (int steps = 1;; ++steps) {
    std::stop_source source;
    RunControl control;
    control.threads = 1;
    control.stop = source.get_token();
    int left = steps;
    control.on_progress = [&](const Progress&) {
      if (--left == 0) source.request_stop();
    };
    const SeizureSummary summary = go_on(stopped, control);
    if (!summary.interrupted) break;
    EXPECT_FALSE(std::filesystem::exists(stopped / "manifest.json"));
    ++stops;
    ASSERT_LT(stops, 200);
  }
  EXPECT_GT(stops, 5);
  expect_same(results(place), results(stopped));
}

// What a kill leaves: any end of either journal missing, with the photos stored already.
TEST_F(SeizureRunTest, ResultsAreTheSameAfterLosingTheEndOfAJournal) {
  const std::filesystem::path place = run_place("a");
  begin(place);
  go_on(place);
  const Files expected = results(place);
  for (const char* name : {"intake.jsonl", "answers.jsonl"}) {
    const std::string whole = expected.at(name);
    for (const double share : {0.0, 0.6}) {
      seizure::write_file(
          place / name,
          whole.substr(0, static_cast<std::size_t>(share * static_cast<double>(whole.size()))));
      go_on(place);
      expect_same(expected, results(place));
    }
  }
  std::filesystem::remove_all(place / "report");
  std::filesystem::remove(place / "manifest.json");
  go_on(place);
  expect_same(expected, results(place));
}

TEST_F(SeizureRunTest, AReplayGivesTheSameBytesAndNoticesChanges) {
  const std::filesystem::path place = run_place("a");
  begin(place);
  EXPECT_EQ(error_of([&] { replay_seizure(place, run_place("early"), {}); }),
            ErrorCode::kInvalidArgument);
  go_on(place);
  const ReplayResult same = replay_seizure(place, run_place("b"), {});
  EXPECT_TRUE(same.different.empty()) << same.different.front();
  EXPECT_GT(same.files, 10);
  seizure::write_file(place / "marks.csv", "forged");
  std::filesystem::remove(place / "links.csv");
  const ReplayResult changed = replay_seizure(place, run_place("c"), {});
  EXPECT_EQ(changed.different, (std::vector<std::filesystem::path>{"links.csv", "marks.csv"}));
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

TEST_F(SeizureRunTest, AChangedCatalogueIsNoticed) {
  const std::filesystem::path place = run_place("a");
  begin(place);
  Catalogue catalogue = Catalogue::open(this->place(), Catalogue::Access::kWrite);
  bool is_added = false;
  SeizureControl control;
  control.on_step = [&](SeizureStep step) {
    if (step != SeizureStep::kReport || is_added) return;
    is_added = true;
    add(catalogue, {write_scene(30)});
  };
  // While the process runs it answers from its snapshot, and says so.
  EXPECT_TRUE(continue_seizure(place, control).catalogue_changed);
  EXPECT_THAT(results(place).at("manifest.json"), HasSubstr("\"changed_during_run\": true"));
  // A later process could not: it refuses.
  EXPECT_EQ(error_of([&] { go_on(place); }), ErrorCode::kInvalidArgument);
}

TEST_F(SeizureRunTest, AnotherBuildIsRefused) {
  const std::filesystem::path place = run_place("a");
  begin(place);
  std::string plan = seizure::read_file(place / "plan.json");
  plan.replace(plan.find("\"build\": \"pressmark"), 19, "\"build\": \"pressmarq");
  seizure::write_file(place / "plan.json", plan);
  EXPECT_EQ(error_of([&] { go_on(place); }), ErrorCode::kUnsupported);
}

TEST_F(SeizureRunTest, OneProcessAtATimeWorksOnARun) {
  const std::filesystem::path place = run_place("a");
  begin(place);
  go_on(place);
  const Catalogue other = Catalogue::open(place / "photos", Catalogue::Access::kWrite);
  EXPECT_EQ(error_of([&] { go_on(place); }), ErrorCode::kBusy);
}

// On one thread; acts once: when the step begins or, where `progress` is above 0, at the report
// after so many of its progress.
SeizureControl control_at(SeizureStep step, int progress, const std::function<void()>& act) {
  const auto left = std::make_shared<int>(-1);
  const auto count = [left, act] {
    if (*left >= 0 && (*left)-- == 0) act();
  };
  SeizureControl control;
  control.run.threads = 1;
  control.on_step = [=](SeizureStep now) {
    if (now != step) return;
    *left = progress;
    if (progress == 0) count();
  };
  control.run.on_progress = [count](const Progress&) { count(); };
  return control;
}

// Moved away at the beginning of each step, and while it is under way.
TEST_F(SeizureRunTest, ARunThatIsMovedAwayEndsWithAnErrorAndGoesOnOnceItIsBack) {
  const std::filesystem::path whole = run_place("whole"), away = run_place("away");
  begin(whole);
  go_on(whole);
  for (const SeizureStep step :
       {SeizureStep::kDescribe, SeizureStep::kCompare, SeizureStep::kReport}) {
    for (const int progress : {0, 2}) {
      SCOPED_TRACE(std::string(to_string(step)) + " " + std::to_string(progress));
      const std::filesystem::path place = run_place("moved");
      begin(place);
      const SeizureControl control =
          control_at(step, progress, [&] { std::filesystem::rename(place, away); });
      try {
        continue_seizure(place, control);
        ADD_FAILURE() << "no error";
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr(place.native()));
        EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
      }
      // Nothing is begun again at the old place.
      EXPECT_FALSE(std::filesystem::exists(place));
      ASSERT_TRUE(std::filesystem::exists(away));
      EXPECT_FALSE(std::filesystem::exists(away / "manifest.json"));
      std::filesystem::remove_all(place);
      std::filesystem::rename(away, place);
      EXPECT_FALSE(go_on(place).interrupted);
      expect_same(results(whole), results(place));
      std::filesystem::remove_all(place);
    }
  }
}

TEST_F(SeizureRunTest, ARunKeepsItsSnapshotOfACatalogueThatChanges) {
  for (const SeizureStep step : {SeizureStep::kDescribe, SeizureStep::kCompare}) {
    const std::string name(to_string(step));
    const std::filesystem::path whole = run_place("whole-" + name), place = run_place(name);
    begin(whole);
    go_on(whole);
    begin(place);
    SeizureControl control;
    control.on_step = [&](SeizureStep now) {
      if (now != step) return;
      Catalogue catalogue = Catalogue::open(this->place(), Catalogue::Access::kWrite);
      // Scene 20 is what the unlinked mark of the run shows.
      add(catalogue, {write_scene(step == SeizureStep::kDescribe ? 20 : 40)});
    };
    EXPECT_TRUE(continue_seizure(place, control).catalogue_changed);
    const Files expected = results(whole), found = results(place);
    for (const char* file : {"photos.csv", "marks.csv", "links.csv", "links.jsonl", "graph.graphml",
                             "map.geojson", "report/marks/M001.html"}) {
      EXPECT_TRUE(found.at(file) == expected.at(file)) << name << ": " << file;
    }
    EXPECT_THAT(found.at("report/index.html"),
                HasSubstr("The catalogue was changed while the run went on."));
  }
}

// By another process: before photos are compared, between two, and before results are written.
TEST_F(SeizureRunTest, ImagesThatAreRemovedMeanwhileAreNoLinksWhicheverStepIsUnderWay) {
  const PhotoList list = photos();
  std::string links;
  for (const auto& [step, progress] : {std::pair(SeizureStep::kCompare, 0),
                                       {SeizureStep::kCompare, 3},
                                       {SeizureStep::kReport, 0}}) {
    const std::string name = fmt::format("{}-{}", to_string(step), progress);
    SCOPED_TRACE(name);
    const std::filesystem::path known = directory_.path() / name, run = run_place(name);
    std::filesystem::copy(place(), known, std::filesystem::copy_options::recursive);
    begin_seizure(run, known, list, {"own", "Kiel", "2024-01-02", ""}, {});
    const SeizureControl control = control_at(step, progress, [&] {
      const ImageId scene_3 = 4;
      EXPECT_EQ(Catalogue::open(known, Catalogue::Access::kWrite).remove({&scene_3, 1}), 1);
    });
    const SeizureSummary summary = continue_seizure(run, control);
    EXPECT_FALSE(summary.interrupted);
    EXPECT_TRUE(summary.catalogue_changed);
    EXPECT_EQ(summary.marks, 3);
    EXPECT_EQ(summary.linked_marks, 1);
    const Files files = results(run);
    EXPECT_THAT(files.at("manifest.json"), HasSubstr("\"changed_during_run\": true"));
    if (links.empty()) links = files.at("links.jsonl");
    EXPECT_EQ(files.at("links.jsonl"), links);
  }
  EXPECT_THAT(links, HasSubstr("scene1.png"));
  EXPECT_THAT(links, Not(HasSubstr("scene3.png")));
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

TEST_F(SeizureRunTest, ARunWhoseDirectoryVanishesEndsWithAnError) {
  const std::filesystem::path place = run_place("a");
  begin(place);
  SeizureControl control;
  control.on_step = [&](SeizureStep step) {
    if (step == SeizureStep::kCompare) std::filesystem::remove_all(place);
  };
  EXPECT_TRUE(error_of([&] { continue_seizure(place, control); }).has_value());
  EXPECT_EQ(error_of([&] { go_on(place); }), ErrorCode::kNotFound);
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
