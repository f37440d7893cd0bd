// SPDX-License-Identifier: Apache-2.0
//
// Catalogues that are compacted, exchanged, damaged and repaired still answer queries.
#include "pressmark/maintenance.hpp"

#include <fstream>

#include "pipeline_fixture.hpp"

namespace pressmark {
namespace {

using testing::ElementsAre;
namespace fs = std::filesystem;

class MaintenanceTest : public test::PipelineTest {
 protected:
  std::vector<CatalogueProblem> problems() const {
    std::vector<CatalogueProblem> found;
    const CheckReport report = check_catalogue(
        place(), {}, [&](const CatalogueProblem& problem) { found.push_back(problem); });
    EXPECT_EQ(report.problems, static_cast<std::int64_t>(found.size()));
    return found;
  }

  static void flip(const fs::path& file, std::int64_t from_end) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(-from_end, std::ios::end);
    const char byte = static_cast<char>(stream.get());
    stream.seekp(-from_end, std::ios::end);
    stream.put(static_cast<char>(byte ^ 1));
    ASSERT_TRUE(stream.flush().good());
  }

  static AddOptions in_segments_of(int images) {
    AddOptions options;
    options.images_per_segment = images;
    return options;
  }

  fs::path segment(int number) const {
    return place() / "segments" / ("0000000" + std::to_string(number) + ".pmseg");
  }
};

TEST_F(MaintenanceTest, QueriesAnswerTheSameAfterCompacting) {
  Catalogue catalogue = create();
  add(catalogue, write_scenes(4), in_segments_of(2));
  catalogue.remove(std::vector<ImageId>{1, 4});
  const auto before = match(catalogue, {write_view(1), write_view(0)});
  // Its snapshot is older than what compact() does.
  const Catalogue reader = Catalogue::open(place(), Catalogue::Access::kRead);
  EXPECT_EQ(hit_ids(match(reader, {write_view(1)})[0]), (std::vector<ImageId>{2}));
  const CompactReport report = catalogue.compact({.removed_share = 0}, {});
  EXPECT_EQ(report.reclaimed, 2);
  EXPECT_EQ(report.remaining, 0);
  test::expect_equal(match(catalogue, {write_view(1), write_view(0)}), before);
  test::expect_equal(match(reader, {write_view(1)})[0], before[0]);
  EXPECT_TRUE(problems().empty());
}

TEST_F(MaintenanceTest, AReaderPassesOverWhatWasRemovedAndReclaimed) {
  Catalogue catalogue = create();
  add(catalogue, write_scenes(2), in_segments_of(1));
  const Catalogue reader = Catalogue::open(place(), Catalogue::Access::kRead);
  reader.info();  // takes the snapshot; which segments it keeps open is its own affair
  catalogue.remove(std::vector<ImageId>{1});
  catalogue.compact({.removed_share = 0}, {});
  EXPECT_THAT(hit_ids(match(reader, {write_view(0)})[0]), ElementsAre());
  EXPECT_THAT(hit_ids(match(reader, {write_view(1)})[0]), ElementsAre(2));
}

TEST_F(MaintenanceTest, AnImportedImageIsFoundLikeTheOriginal) {
  const fs::path laptop = directory_.path() / "laptop";
  {
    Catalogue field = Catalogue::create(laptop, test::test_model(), describe_);
    auto photos = write_scenes(2);
    photos[1].facts.seizure = "S";
    add(field, photos, {}, {}, {{"S", "Porto", "2024", ""}});
    EXPECT_EQ(error_of([&] { field.import(laptop, {}, {}); }), ErrorCode::kInvalidArgument);
  }
  Catalogue home = create();
  add(home, {write_scene(5)});
  EXPECT_EQ(home.import(laptop, {}, {}).added, 2);
  EXPECT_EQ(home.import(laptop, {}, {}).added, 0);
  const auto results = match(home, {write_view(1)});
  EXPECT_THAT(hit_ids(results[0]), ElementsAre(3));
  EXPECT_EQ(results[0].hits[0].image.facts.seizure, "S");

  const fs::path out = directory_.path() / "out";
  ImageFilter filter;
  filter.where("seizure=S");
  EXPECT_EQ(home.export_to(out, filter, {}).added, 1);
  const Catalogue exported = Catalogue::open(out, Catalogue::Access::kRead);
  EXPECT_THAT(hit_ids(match(exported, {write_view(1)})[0]), ElementsAre(1));
}

TEST_F(MaintenanceTest, RepairDropsWhatIsDamagedAndNothingElse) {
  {
    Catalogue catalogue = create();
    add(catalogue, write_scenes(4), in_segments_of(2));
  }
  flip(segment(1), 1);     // the second image
  fs::remove(segment(2));  // the third and the fourth
  std::ofstream(place() / "segments" / "00000009.pmseg") << "left by a crash";

  RepairReport report = repair_catalogue(place(), {}, {}, {});
  EXPECT_EQ(report.done.size(), 1u);
  EXPECT_TRUE(report.dropped.empty());
  EXPECT_EQ(report.remaining, 4);  // a segment and three images
  EXPECT_FALSE(fs::exists(place() / "segments" / "00000009.pmseg"));

  report = repair_catalogue(place(), {.drop_damaged = true}, {}, {});
  ASSERT_EQ(report.dropped.size(), 3u);
  EXPECT_EQ(report.dropped[0].id, 2);
  EXPECT_EQ(report.dropped[0].file.filename(), "scene1.png");
  EXPECT_EQ(report.remaining, 0);
  EXPECT_TRUE(problems().empty());

  Catalogue catalogue = Catalogue::open(place(), Catalogue::Access::kWrite);
  EXPECT_THAT(hit_ids(match(catalogue, {write_view(0)})[0]), ElementsAre(1));
  EXPECT_EQ(add(catalogue, {write_scene(1)})[0].status, AddStatus::kAdded);
  EXPECT_THAT(hit_ids(match(catalogue, {write_view(1)})[0]), ElementsAre(5));
}

TEST_F(MaintenanceTest, RepairOfASoundCatalogueChangesNothing) {
  {
    Catalogue catalogue = create();
    add(catalogue, write_scenes(2));
  }
  const auto written = fs::last_write_time(place() / "catalogue.sqlite");
  const RepairReport report = repair_catalogue(place(), {.drop_damaged = true}, {}, {});
  EXPECT_TRUE(report.done.empty());
  EXPECT_EQ(report.remaining, 0);
  EXPECT_EQ(fs::last_write_time(place() / "catalogue.sqlite"), written);
}

TEST_F(MaintenanceTest, ADatabaseThatCannotBeReadIsSaidToBeBeyondRepair) {
  {
    Catalogue catalogue = create();
    add(catalogue, write_scenes(1));
  }
  const auto size = static_cast<std::int64_t>(fs::file_size(place() / "catalogue.sqlite"));
  flip(place() / "catalogue.sqlite", size - 2000);  // page 1
  try {
    repair_catalogue(place(), {}, {}, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorruptData);
    EXPECT_NE(std::string(error.what()).find("restore the catalogue"), std::string::npos);
  }
}

TEST_F(MaintenanceTest, ADamagedModelIsFound) {
  create();
  flip(place() / "model" / "model.bin", 100);
  const auto found = problems();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, ProblemKind::kModel);
}

}  // namespace
}  // namespace pressmark
