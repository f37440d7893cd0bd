// SPDX-License-Identifier: Apache-2.0
//
// Runs that are stopped, damaged, moved, repeated, or whose catalogue changes meanwhile.
#include <fmt/format.h>

#include <functional>
#include <memory>

#include "tests/engine/seizure/run_fixture.hpp"

namespace pressmark {
namespace {

using test::Files;
using test::SeizureRunTest;
using testing::HasSubstr;
using testing::Not;

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

}  // namespace
}  // namespace pressmark
