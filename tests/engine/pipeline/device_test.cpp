// SPDX-License-Identifier: Apache-2.0
//
// A device that fails while photos come in.
#include "kernels/backends.hpp"
#include "pipeline_fixture.hpp"
#include "tests/support/failing_backend.hpp"

namespace pressmark {
namespace {

class DeviceTest : public test::PipelineTest {
 protected:
  DeviceTest() { kernels::register_device(kDevice, &test::make_failing_backend); }
  ~DeviceTest() override { test::fail_backends_after(-1); }

  static constexpr const char* kDevice = "failing";
};

// Segments of one photo: reported as soon as described. Of three: some are described and wait.
TEST_F(DeviceTest, AFailureEndsAddingAndWhatWasReportedStays) {
  constexpr int kPhotos = 12, kWorking = 7;
  const std::vector<PhotoInput> photos = write_scenes(kPhotos);
  for (const int per_segment : {1, 3}) {
    for (const int threads : {1, 4}) {
      SCOPED_TRACE(std::to_string(per_segment) + " a segment, threads " + std::to_string(threads));
      const auto here =
          directory_.path() / (std::to_string(per_segment) + "-" + std::to_string(threads));
      Catalogue::create(here, test::test_model(), describe_);
      AddOptions options;
      options.images_per_segment = per_segment;
      RunControl control;
      control.threads = threads;
      std::vector<AddReport> reports;
      {
        test::fail_backends_after(kWorking);
        Catalogue catalogue = Catalogue::open(here, Catalogue::Access::kWrite, kDevice);
        EXPECT_EQ(catalogue.device(), kDevice);
        EXPECT_EQ(catalogue.info().images, 0);  // what match() answers from is made here
        try {
          catalogue.add(photos, {}, options, control,
                        [&](const AddReport& report) { reports.push_back(report); });
          ADD_FAILURE() << "no error";
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::kDevice);
          EXPECT_STREQ(error.what(), "the device has failed");
        }
        // In order, whole segments, none that failed.
        EXPECT_LE(reports.size(), static_cast<std::size_t>(kWorking));
        EXPECT_EQ(reports.size() % static_cast<std::size_t>(per_segment), 0u);
        EXPECT_TRUE(threads > 1 || !reports.empty());
        for (std::size_t i = 0; i < reports.size(); ++i) {
          EXPECT_EQ(reports[i].file, photos[i].file);
          EXPECT_EQ(reports[i].status, AddStatus::kAdded);
          // The same object knows them.
          EXPECT_FALSE(catalogue.description(reports[i].id).global.empty());
        }
      }
      Catalogue catalogue = Catalogue::open(here, Catalogue::Access::kWrite, "cpu");
      EXPECT_EQ(catalogue.info().images, static_cast<std::int64_t>(reports.size()));
      for (const AddReport& report : reports) {
        const auto image = catalogue.find(report.id);
        ASSERT_TRUE(image.has_value());
        EXPECT_EQ(image->file, report.file);
      }
      const AddSummary rest = catalogue.add(photos, {}, options, control, {});
      EXPECT_EQ(rest.duplicates, static_cast<std::int64_t>(reports.size()));
      EXPECT_EQ(rest.added, kPhotos - rest.duplicates);
      EXPECT_EQ(rest.failed, 0);
      EXPECT_EQ(catalogue.info().images, kPhotos);
      const auto results = match(catalogue, {write_view(0), write_view(kPhotos - 1)});
      for (const QueryResult& result : results) EXPECT_EQ(result.hits.size(), 1u);
    }
  }
}

TEST_F(DeviceTest, AFailureEndsMatching) {
  Catalogue::create(place(), test::test_model(), describe_);
  {
    Catalogue catalogue = Catalogue::open(place(), Catalogue::Access::kWrite);
    add(catalogue, write_scenes(3));
  }
  test::fail_backends_after(1);
  const Catalogue catalogue = Catalogue::open(place(), Catalogue::Access::kRead, kDevice);
  RunControl control;
  control.threads = 1;
  std::vector<QueryResult> results;
  EXPECT_EQ(error_of([&] {
              catalogue.match(std::vector{write_view(0), write_view(1)}, {}, {}, control,
                              [&](const QueryResult& result) { results.push_back(result); });
            }),
            ErrorCode::kDevice);
  EXPECT_LE(results.size(), 1u);
  for (const QueryResult& result : results) EXPECT_TRUE(result.ok);
}

}  // namespace
}  // namespace pressmark
