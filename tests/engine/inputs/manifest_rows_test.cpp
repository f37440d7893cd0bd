// SPDX-License-Identifier: Apache-2.0
//
// What holds for manifests of both formats: values, seizures, and files that are no manifest.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/engine/inputs/manifest_fixture.hpp"

namespace pressmark::inputs {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ManifestRowsTest : public ManifestTest {
 protected:
  ManifestRowsTest() : ManifestTest("list.csv") {}
};

TEST_F(ManifestRowsTest, ResolvesFileNamesAgainstTheManifestsFolder) {
  const fs::path manifest =
      folder_.write("lists/list.csv", "file\nsub/a.jpg\n../b.jpg\n/abs/c.jpg\n~d.jpg\n");
  const PhotoList list = read_manifest(manifest);
  ASSERT_EQ(list.photos.size(), 4u);
  EXPECT_EQ(list.photos[0].file.string(), at("lists/sub/a.jpg"));
  EXPECT_EQ(list.photos[1].file.string(), at("lists/../b.jpg"));
  EXPECT_EQ(list.photos[2].file.string(), "/abs/c.jpg");
  EXPECT_EQ(list.photos[3].file.string(), at("lists/~d.jpg"));
}

TEST_F(ManifestRowsTest, ReportsBadValuesWithFieldAndValue) {
  const PhotoList list = read(
      "file,seizure,package,kind,date,scale_mm_per_px,roi\n"
      "a,S,,mould,,,\n"
      "a,S,,,2024-02-30,,\n"
      "a,S,,,,-0.1,\n"
      "a,S,,,,\"0,05\",\n"
      "a,S,,,,,1 2 3\n"
      "a,,P,,,,\n"
      "a,,,,2024,,\n"
      ",S,,,,,\n"
      "good,S,P,logo,2024,1,0 0 1 1\n");
  EXPECT_THAT(names(list), ElementsAre("good"));
  EXPECT_THAT(
      list.issues,
      ElementsAre(row_issue(2, "kind is not logo, toolmark, wrapping or overview: 'mould'"),
                  row_issue(3, "date is not a date YYYY, YYYY-MM or YYYY-MM-DD: '2024-02-30'"),
                  row_issue(4, "scale_mm_per_px is not a number above 0: '-0.1'"),
                  row_issue(5, "scale_mm_per_px is not a number above 0: '0,05'"),
                  row_issue(6, "roi is not four whole numbers"),
                  row_issue(7, "package without seizure: 'P'"),
                  row_issue(8, "date without seizure: '2024'"),
                  row_issue(9, "file is not stated")));
  EXPECT_THAT(list.issues[4].reason, HasSubstr("'1 2 3'"));
}

TEST_F(ManifestRowsTest, ReportsPlaceAndAgencyWithoutSeizure) {
  const PhotoList list = read("file,place,agency\na,Graz,\nb,,BKA\n");
  EXPECT_THAT(list.issues, ElementsAre(row_issue(2, "place without seizure: 'Graz'"),
                                       row_issue(3, "agency without seizure: 'BKA'")));
}

TEST_F(ManifestRowsTest, IgnoresBlanksAroundValuesAndTheCaseOfKinds) {
  const PhotoList list = read("file,seizure,kind\na,\" S1 \",Overview\n");
  ASSERT_EQ(list.photos.size(), 1u);
  EXPECT_EQ(list.photos[0].facts.seizure, "S1");
  EXPECT_EQ(list.photos[0].facts.kind, ImageKind::kOverview);
}

TEST_F(ManifestRowsTest, RefusesFileNamesWithAZeroByte) {
  const PhotoList list = read(std::string("file\na\0b.jpg\n", 13));
  EXPECT_THAT(list.issues, ElementsAre(row_issue(2, R"(zero byte: 'a\x00b.jpg')")));
}

TEST_F(ManifestRowsTest, DeclaresNoSeizureForRowsThatOnlyNameOne) {
  const PhotoList list = read("file,seizure,place\na,S1,\nb,S2,Graz\n");
  EXPECT_EQ(list.photos.size(), 2u);
  ASSERT_EQ(list.seizures.size(), 1u);
  EXPECT_EQ(list.seizures[0].name, "S2");
}

TEST_F(ManifestRowsTest, MergesWhatRowsStateAboutASeizure) {
  const PhotoList list = read(
      "file,seizure,place,date,agency\n"
      "a,S2,Graz,,\n"
      "b,S1,Wien,,\n"
      "c,S2,,2024-05,\n"
      "d,S2,Graz,2024-05,BKA\n");
  EXPECT_THAT(list.issues, IsEmpty());
  ASSERT_EQ(list.seizures.size(), 2u);
  EXPECT_EQ(list.seizures[0].name, "S2");
  EXPECT_EQ(list.seizures[0].place, "Graz");
  EXPECT_EQ(list.seizures[0].date, "2024-05");
  EXPECT_EQ(list.seizures[0].agency, "BKA");
  EXPECT_EQ(list.seizures[1].name, "S1");
}

TEST_F(ManifestRowsTest, DropsARowThatContradictsAnEarlierOne) {
  const PhotoList list = read(
      "file,seizure,place,date,agency\n"
      "a,S1,Graz,,\n"
      "b,S1,,2024,\n"
      "c,S1,Wien,,BKA\n"
      "d,S1,Graz,2023,\n");
  EXPECT_THAT(names(list), ElementsAre("a", "b"));
  EXPECT_THAT(
      list.issues,
      ElementsAre(
          row_issue(4, "place 'Wien' contradicts 'Graz', stated for seizure 'S1' in line 2"),
          row_issue(5, "date '2023' contradicts '2024', stated for seizure 'S1' in line 3")));
  ASSERT_EQ(list.seizures.size(), 1u);
  EXPECT_EQ(list.seizures[0].agency, "") << "a dropped row declares nothing";
}

TEST_F(ManifestRowsTest, DeclaresNothingFromAnUnusableRow) {
  const PhotoList list = read("file,seizure,place,kind\na,S1,Graz,bad\nb,S1,Wien,\n");
  EXPECT_THAT(names(list), ElementsAre("b"));
  ASSERT_EQ(list.seizures.size(), 1u);
  EXPECT_EQ(list.seizures[0].place, "Wien");
}

TEST_F(ManifestRowsTest, GivesOneIssuePerRowOnOneLine) {
  const PhotoList list = read("file,package,kind\na,P,\"x\ny\"\n");
  ASSERT_EQ(list.issues.size(), 1u);
  EXPECT_THAT(list.issues[0].reason, HasSubstr(R"('x\x0ay')"));
}

TEST_F(ManifestRowsTest, IsUnusableInUtf16) {
  for (const std::string& content :
       {std::string("\xFF\xFE"
                    "f\0i\0",
                    6),
        std::string("\xFE\xFF\0f\0i", 6), std::string("f\0i\0", 4), std::string("\0f\0i", 4)}) {
    expect_unusable(read(content), ErrorCode::kUnsupported, "UTF-16; save it as UTF-8");
  }
}

TEST_F(ManifestRowsTest, IsUnusableWhereThereIsNoSuchFile) {
  expect_unusable(read_manifest(manifest_), ErrorCode::kNotFound, "no such file");
}

TEST_F(ManifestRowsTest, IsUnusableWhereItIsNoRegularFile) {
  fs::create_directory(manifest_);
  expect_unusable(read_manifest(manifest_), ErrorCode::kInvalidArgument, "not a regular file");
  fs::remove(manifest_);
  ASSERT_EQ(::mkfifo(manifest_.c_str(), 0600), 0);
  expect_unusable(read_manifest(manifest_), ErrorCode::kInvalidArgument, "not a regular file");
}

TEST_F(ManifestRowsTest, IsUnusableAboveOneGibibyte) {
  folder_.write("list.csv", "file\na\n");
  fs::resize_file(manifest_, (std::uintmax_t{1} << 30) + 1);  // sparse
  expect_unusable(read_manifest(manifest_), ErrorCode::kUnsupported, "larger than 1 GiB");
}

TEST_F(ManifestRowsTest, IsUnusableWhereItMayNotBeRead) {
  folder_.write("list.csv", "file\na\n");
  fs::permissions(manifest_, fs::perms::none);
  const WithoutRoot unprivileged;
  if (!WithoutRoot::is_unprivileged()) GTEST_SKIP() << "root cannot be put down here";
  expect_unusable(read_manifest(manifest_), ErrorCode::kIo, "Permission denied");
}

TEST_F(ManifestRowsTest, IsUnusableUnderAnotherName) {
  manifest_ = folder_.write("list.xlsx", "file\na\n");
  expect_unusable(read_manifest(manifest_), ErrorCode::kUnsupported, ".csv or .jsonl");
  EXPECT_EQ(read_manifest(folder_.write("LIST.CSV", "file\na\n")).photos.size(), 1u);
}

}  // namespace
}  // namespace pressmark::inputs
