// SPDX-License-Identifier: Apache-2.0
#include "pipeline_fixture.hpp"

namespace pressmark {
namespace {

using testing::HasSubstr;
using AddTest = test::PipelineTest;

AddOptions segments_of(int images) {
  AddOptions options;
  options.images_per_segment = images;
  return options;
}

TEST_F(AddTest, StoresWhatTheEngineDescribes) {
  Catalogue catalogue = create();
  PhotoInput photo = write_scene(0);
  photo.facts.kind = ImageKind::kWrapping;
  photo.facts.scale_mm_per_px = 0.25;
  photo.facts.metadata_json = R"({"note":"left side"})";
  const auto reports = add(catalogue, {photo});
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].status, AddStatus::kAdded);
  EXPECT_EQ(reports[0].file, photo.file);
  const auto image = catalogue.find(reports[0].id);
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->file, photo.file);
  EXPECT_EQ(image->facts.kind, ImageKind::kWrapping);
  EXPECT_EQ(image->facts.scale_mm_per_px, 0.25);
  EXPECT_EQ(image->facts.metadata_json, photo.facts.metadata_json);
  EXPECT_EQ(image->keypoints, reports[0].keypoints);
  test::expect_equal(image->info, reports[0].info);
  const Engine engine(test::test_model(), describe_);
  EXPECT_EQ(catalogue.description(image->id), engine.describe_file(photo.file).description);
}

TEST_F(AddTest, DuplicatesAreToldWithinACallAndAcrossCalls) {
  for (int per_segment : {1, 256}) {
    const auto here = directory_.path() / std::to_string(per_segment);
    Catalogue catalogue = Catalogue::create(here, test::test_model(), describe_);
    const PhotoInput first = write_scene(0), copy = write("copy.png", test::scene(0));
    auto reports = add(catalogue, {first, copy, write_scene(1), first}, segments_of(per_segment));
    ASSERT_EQ(reports.size(), 4u);
    EXPECT_EQ(reports[0].status, AddStatus::kAdded);
    EXPECT_EQ(reports[2].status, AddStatus::kAdded);
    for (std::size_t i : {1u, 3u}) {
      EXPECT_EQ(reports[i].status, AddStatus::kDuplicate);
      EXPECT_EQ(reports[i].id, reports[0].id);
      EXPECT_EQ(reports[i].reason, "already in the catalogue as image 1");
    }
    AddSummary summary = catalogue.add(std::vector{copy}, {}, {}, {}, {});
    EXPECT_EQ(summary.duplicates, 1);
    EXPECT_EQ(summary.added, 0);
    EXPECT_EQ(catalogue.info().images, 2);
  }
}

TEST_F(AddTest, FailuresAreReportedInOrderAndTheRestIsAdded) {
  Catalogue catalogue = create();
  const PhotoInput missing{directory_.path() / "missing.jpg", {}, {}};
  const std::vector<PhotoInput> photos{write_bad("a.png"), write_scene(0), missing,
                                       write_bad("b.png"), write_scene(1)};
  const auto reports = add(catalogue, photos);
  ASSERT_EQ(reports.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(reports[i].file, photos[i].file) << i;
  EXPECT_EQ(reports[0].status, AddStatus::kFailed);
  EXPECT_EQ(reports[0].code, ErrorCode::kUnsupported);
  EXPECT_THAT(reports[0].reason, HasSubstr("not an image"));
  EXPECT_EQ(reports[0].id, 0);
  EXPECT_EQ(reports[1].status, AddStatus::kAdded);
  EXPECT_EQ(reports[2].code, ErrorCode::kNotFound);
  EXPECT_EQ(reports[3].status, AddStatus::kFailed);  // the bytes of a.png again
  EXPECT_EQ(reports[4].status, AddStatus::kAdded);
  EXPECT_LT(reports[1].id, reports[4].id);
}

TEST_F(AddTest, ReportsComeInInputOrderOnceTheirPhotoIsStored) {
  for (int per_segment : {1, 3, 256}) {
    const auto here = directory_.path() / std::to_string(per_segment);
    Catalogue catalogue = Catalogue::create(here, test::test_model(), describe_);
    auto photos = write_scenes(8);
    photos.insert(photos.begin() + 4, write_bad("bad.png"));
    std::size_t next = 0;
    std::int64_t done = 0;
    RunControl control;
    control.on_progress = [&](const Progress& progress) {
      EXPECT_EQ(progress.done, ++done);
      EXPECT_EQ(progress.total, 9);
    };
    const AddSummary summary =
        catalogue.add(photos, {}, segments_of(per_segment), control, [&](const AddReport& report) {
          ASSERT_LT(next, photos.size());
          EXPECT_EQ(report.file, photos[next++].file);
          if (report.status != AddStatus::kAdded) return;
          // Another reader sees it already.
          EXPECT_TRUE(Catalogue::open(here, Catalogue::Access::kRead).find(report.id).has_value());
        });
    EXPECT_EQ(next, photos.size());
    EXPECT_EQ(summary.added, 8);
    EXPECT_EQ(summary.failed, 1);
    EXPECT_FALSE(summary.interrupted);
  }
}

TEST_F(AddTest, AfterAStopWhatWasReportedStaysAndNothingElse) {
  Catalogue catalogue = create();
  const auto photos = write_scenes(12);
  std::stop_source source;
  RunControl control;
  control.threads = 1;
  control.stop = source.get_token();
  std::vector<ImageId> reported;
  const AddSummary summary =
      catalogue.add(photos, {}, segments_of(1), control, [&](const AddReport& report) {
        reported.push_back(report.id);
        if (reported.size() == 3) source.request_stop();
      });
  EXPECT_TRUE(summary.interrupted);
  EXPECT_GE(reported.size(), 3u);
  EXPECT_LT(reported.size(), 12u);
  EXPECT_EQ(summary.added, static_cast<std::int64_t>(reported.size()));
  const Catalogue reader = Catalogue::open(place(), Catalogue::Access::kRead);
  EXPECT_EQ(reader.info().images, summary.added);
  for (ImageId id : reported) EXPECT_TRUE(reader.find(id).has_value());
  // The run can be taken up again.
  const AddSummary rest = catalogue.add(photos, {}, {}, {}, {});
  EXPECT_EQ(rest.added + rest.duplicates, 12);
  EXPECT_EQ(rest.duplicates, summary.added);
}

TEST_F(AddTest, AStopBeforeTheFirstPhotoAddsNothing) {
  Catalogue catalogue = create();
  std::stop_source source;
  source.request_stop();
  RunControl control;
  control.stop = source.get_token();
  const AddSummary summary = catalogue.add(write_scenes(2), {}, {}, control, {});
  EXPECT_TRUE(summary.interrupted);
  EXPECT_EQ(summary.added, 0);
  EXPECT_EQ(catalogue.info().images, 0);
}

TEST_F(AddTest, NoPhotosAreNoError) {
  Catalogue catalogue = create();
  EXPECT_TRUE(add(catalogue, {}).empty());
}

TEST_F(AddTest, AReaderCannotAdd) {
  create();
  Catalogue reader = Catalogue::open(place(), Catalogue::Access::kRead);
  EXPECT_TRUE(error_of([&] { add(reader, {write_scene(0)}); }).has_value());
  EXPECT_EQ(reader.info().images, 0);
}

TEST_F(AddTest, OptionsAreChecked) {
  Catalogue catalogue = create();
  EXPECT_EQ(error_of([&] { add(catalogue, {}, segments_of(0)); }), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace pressmark
