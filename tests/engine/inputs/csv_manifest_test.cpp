// SPDX-License-Identifier: Apache-2.0
//
// The CSV format: separators, quotes, lines, columns. Rules for values: manifest_rows_test.cpp.
#include <string>

#include "tests/engine/inputs/manifest_fixture.hpp"

namespace pressmark::inputs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CsvManifest : public ManifestTest {
 protected:
  CsvManifest() : ManifestTest("list.csv") {}
};

TEST_F(CsvManifest, ReadsEveryColumn) {
  const PhotoList list = read(
      "file,seizure,package,kind,place,date,agency,scale_mm_per_px,roi,mark,note\n"
      "a.jpg,S1,P1,toolmark,Graz,2024-02-29,BKA,0.05,1 2 30 40, M7 ,left press\n");
  ASSERT_THAT(list.issues, IsEmpty());
  ASSERT_EQ(list.photos.size(), 1u);
  const PhotoInput& photo = list.photos[0];
  EXPECT_EQ(photo.file.string(), at("a.jpg"));
  EXPECT_EQ(photo.source, line(2));
  EXPECT_EQ(photo.facts.seizure, "S1");
  EXPECT_EQ(photo.facts.package, "P1");
  EXPECT_EQ(photo.facts.kind, ImageKind::kToolmark);
  EXPECT_EQ(photo.facts.scale_mm_per_px, 0.05);
  EXPECT_EQ(photo.facts.region, (RegionOfInterest{1, 2, 30, 40}));
  EXPECT_EQ(photo.facts.metadata_json, R"({"mark":"M7","note":"left press"})");
  EXPECT_EQ(photo.mark, "M7");
  ASSERT_EQ(list.seizures.size(), 1u);
  EXPECT_EQ(list.seizures[0].name, "S1");
  EXPECT_EQ(list.seizures[0].place, "Graz");
  EXPECT_EQ(list.seizures[0].date, "2024-02-29");
  EXPECT_EQ(list.seizures[0].agency, "BKA");
}

TEST_F(CsvManifest, NeedsOnlyFileAndTakesEmptyCellsAsNotStated) {
  const PhotoList list = read("file,seizure,kind,roi,mark,note\na.jpg,,,,,\n");
  ASSERT_EQ(list.photos.size(), 1u);
  EXPECT_EQ(list.photos[0].mark, "");
  const ImageFacts& facts = list.photos[0].facts;
  EXPECT_EQ(facts.seizure, "");
  EXPECT_EQ(facts.kind, ImageKind::kLogo);
  EXPECT_FALSE(facts.region);
  EXPECT_FALSE(facts.scale_mm_per_px);
  EXPECT_EQ(facts.metadata_json, "{}");
  EXPECT_THAT(list.seizures, IsEmpty());
}

TEST_F(CsvManifest, KeepsRowOrderAndRepeatedFiles) {
  EXPECT_THAT(names(read("file\nz.jpg\na.jpg\nz.jpg\n")), ElementsAre("z.jpg", "a.jpg", "z.jpg"));
}

TEST_F(CsvManifest, ReadsSemicolonsAndTabsWhereTheHeaderHasNoComma) {
  const PhotoList semicolons = read("file;seizure;note\na,b.jpg;S1;x\n");
  EXPECT_THAT(names(semicolons), ElementsAre("a,b.jpg"));
  EXPECT_EQ(semicolons.photos[0].facts.seizure, "S1");

  const PhotoList tabs = read("file\tseizure\tnote\na;b.jpg\t\tx\n\"c\td.jpg\"\tS2\t\n");
  EXPECT_THAT(tabs.issues, IsEmpty());
  EXPECT_THAT(names(tabs), ElementsAre("a;b.jpg", "c\td.jpg"));
  EXPECT_EQ(tabs.photos[0].facts.metadata_json, R"({"note":"x"})");

  EXPECT_THAT(names(read("file,a;b\n1.jpg,x\n")), ElementsAre("1.jpg"));
  EXPECT_THAT(names(read("file;\"a, b\"\n1.jpg;x\n")), ElementsAre("1.jpg"));
}

TEST_F(CsvManifest, TrimsHeaderNamesAndFoldsTheCaseOfKnownOnes) {
  const PhotoList list = read(" FILE , Seizure ,\" Note \",note\na.jpg,S1,x,y\n");
  ASSERT_EQ(list.photos.size(), 1u);
  EXPECT_EQ(list.photos[0].facts.seizure, "S1");
  EXPECT_EQ(list.photos[0].facts.metadata_json, R"({"Note":"x","note":"y"})");
}

TEST_F(CsvManifest, AcceptsAByteOrderMarkAndEveryLineEnd) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const PhotoList list = read(
        "\xEF\xBB\xBF"
        "file,kind" +
        end + "a.jpg,logo" + end + end + "b.jpg,bad" + end);
    EXPECT_THAT(names(list), ElementsAre("a.jpg"));
    EXPECT_THAT(list.issues, ElementsAre(row_issue(4, "kind")));
  }
}

TEST_F(CsvManifest, NeedsNoNewlineAtTheEnd) {
  EXPECT_THAT(names(read("file,note\na.jpg,x")), ElementsAre("a.jpg"));
  EXPECT_THAT(names(read("file,note\na.jpg,")), ElementsAre("a.jpg"));
  EXPECT_THAT(names(read("file,note\na.jpg,\"x\"")), ElementsAre("a.jpg"));
}

TEST_F(CsvManifest, ReadsQuotedSeparatorsQuotesAndNewlines) {
  const PhotoList list = read("file,note\n\"a,\"\"1\"\".jpg\",\"two\nlines\"\n\" b.jpg\",\n");
  ASSERT_THAT(list.issues, IsEmpty());
  EXPECT_THAT(names(list), ElementsAre("a,\"1\".jpg", " b.jpg"));
  EXPECT_EQ(list.photos[0].facts.metadata_json, R"({"note":"two\nlines"})");
}

TEST_F(CsvManifest, NumbersRowsByTheLineAtWhichTheyBegin) {
  const PhotoList list = read(
      "file,note\n"
      "\n"
      "a.jpg,\"1\n\n2\r\n3\"\n"  // lines 3 to 6
      "b.jpg\n"                  // 7
      "\n"
      "c.jpg,x\n");  // 9
  ASSERT_EQ(list.photos.size(), 2u);
  EXPECT_EQ(list.photos[0].source, line(3));
  EXPECT_EQ(list.photos[1].source, line(9));
  EXPECT_THAT(list.issues, ElementsAre(row_issue(7, "1 fields, but the header has 2")));
}

TEST_F(CsvManifest, NumbersRowsAfterAHeaderOfSeveralLines) {
  const PhotoList list = read("file,\"long\nname\"\na.jpg,x\n");
  ASSERT_EQ(list.photos.size(), 1u);
  EXPECT_EQ(list.photos[0].source, line(3));
  EXPECT_EQ(list.photos[0].facts.metadata_json, R"({"long\nname":"x"})");
}

TEST_F(CsvManifest, ReportsTooFewAndTooManyFields) {
  const PhotoList list = read("file,seizure,note\na.jpg,S1\nb.jpg,S1,x,y\nc.jpg,S1,x\n");
  EXPECT_THAT(names(list), ElementsAre("c.jpg"));
  EXPECT_THAT(list.issues, ElementsAre(row_issue(2, "2 fields, but the header has 3"),
                                       row_issue(3, "4 fields, but the header has 3")));
}

TEST_F(CsvManifest, PassesOverRowsOfEmptyCells) {
  const PhotoList list = read("file,seizure\n,\na.jpg,\n,,,\n");
  EXPECT_THAT(names(list), ElementsAre("a.jpg"));
  EXPECT_THAT(list.issues, IsEmpty());
}

TEST_F(CsvManifest, ToleratesUnnamedColumnsWhileTheyAreEmpty) {
  const PhotoList list = read("file,,\na.jpg,,\nb.jpg,,x\n");
  EXPECT_THAT(names(list), ElementsAre("a.jpg"));
  EXPECT_THAT(list.issues, ElementsAre(row_issue(3, "column 3 has no name, but holds 'x'")));
}

TEST_F(CsvManifest, IsUnusableWithoutAFileColumn) {
  expect_unusable(read("path;seizure\na.jpg;S1\n"), ErrorCode::kInvalidArgument,
                  "no column 'file'; columns found: 'path', 'seizure'");
}

TEST_F(CsvManifest, IsUnusableWithEqualColumnNames) {
  expect_unusable(read("file,note,note\na.jpg,x,y\n"), ErrorCode::kInvalidArgument,
                  "columns 2 and 3 are both named 'note'");
  expect_unusable(read("file,File \na.jpg,b.jpg\n"), ErrorCode::kInvalidArgument,
                  "columns 1 and 2 are both named 'file'");
}

TEST_F(CsvManifest, IsUnusableWithABrokenHeader) {
  expect_unusable(read("file,no\"te\na.jpg,x\n"), ErrorCode::kInvalidArgument,
                  "header: stray quote");
  expect_unusable(read("file,\"note\na.jpg,x\n"), ErrorCode::kInvalidArgument,
                  "header: a quote is not closed");
  expect_unusable(read("file,caf\xE9\na.jpg,x\n"), ErrorCode::kInvalidArgument,
                  "header: not UTF-8: line 1, byte 9");
}

TEST_F(CsvManifest, IsUnusableWithoutRows) {
  expect_unusable(read(""), ErrorCode::kInvalidArgument, "empty file");
  expect_unusable(read("\xEF\xBB\xBF"), ErrorCode::kInvalidArgument, "empty file");
  expect_unusable(read("\n\n"), ErrorCode::kInvalidArgument, "empty file");
  expect_unusable(read("file,note\n"), ErrorCode::kInvalidArgument, "no rows");
}

TEST_F(CsvManifest, ReportsAStrayQuoteAndGoesOn) {
  const PhotoList list = read("file,note\na.jpg,6\" ruler\nb.jpg,\"x\"y\nc.jpg,x\n");
  EXPECT_THAT(names(list), ElementsAre("c.jpg"));
  EXPECT_THAT(list.issues,
              ElementsAre(row_issue(2, "stray quote in line 2"), row_issue(3, "stray quote")));
}

TEST_F(CsvManifest, NamesTheLinesThatAnOpenQuoteSwallows) {
  const PhotoList list = read("file,note\na.jpg,\"x\nb.jpg,y\nc.jpg,\"z\"\nd.jpg,x\n");
  EXPECT_THAT(names(list), ElementsAre("d.jpg"));
  EXPECT_THAT(list.issues, ElementsAre(row_issue(2, "stray quote in line 4")));
  EXPECT_THAT(list.issues[0].reason, HasSubstr("lines 2 to 4 are not read"));

  const PhotoList open = read("file,note\na.jpg,x\nb.jpg,\"y\nc.jpg,z\n");
  EXPECT_THAT(names(open), ElementsAre("a.jpg"));
  EXPECT_THAT(open.issues,
              ElementsAre(row_issue(3, "a quote is not closed; lines 3 to 4 are not read")));
}

TEST_F(CsvManifest, ReportsRowsThatAreNotUtf8) {
  const PhotoList list = read(
      "file,note\n"
      "caf\xE9.jpg,x\n"
      "b.jpg,\"1\n2\xED\xA0\x80\n\xC0\xAF\"\n"
      "c.jpg,\xC3\xA4\n");
  EXPECT_THAT(names(list), ElementsAre("c.jpg"));
  EXPECT_THAT(list.issues, ElementsAre(row_issue(2, "not UTF-8: line 2, byte 4"),
                                       row_issue(3, "not UTF-8: line 4, byte 2")));
}

TEST_F(CsvManifest, ReportsARowThatIsTooLongAndGoesOn) {
  const std::string big(3u << 20, 'x');
  const PhotoList list = read("file,note\na.jpg," + big + "\nb.jpg,y\n");
  EXPECT_THAT(names(list), ElementsAre("b.jpg"));
  EXPECT_THAT(list.issues, ElementsAre(row_issue(2, "row longer than 1 MiB")));
}

TEST_F(CsvManifest, StopsAQuotedFieldThatNeverEnds) {
  std::string content = "file,note\na.jpg,\"open\n";
  for (int i = 0; i < 300'000; ++i) content += "b.jpg,x\n";
  const PhotoList list = read(content);
  ASSERT_EQ(list.issues.size(), 1u);
  EXPECT_THAT(list.issues, ElementsAre(row_issue(2, "is a quote not closed?; lines 2 to ")));
  EXPECT_GT(list.photos.size(), 150'000u) << "reading resumes once the row is given up";
}

TEST_F(CsvManifest, ReadsALineOfExactlyTheBlockSize) {
  for (const std::size_t size : {65'535u, 65'536u, 65'537u}) {
    const std::string head = "file,note\r\n";
    std::string row = "a.jpg,";
    row += std::string(size - head.size() - row.size(), 'x');
    const PhotoList list = read(head + row + "\r\nb.jpg,y\r\nc.jpg,bad,y\r\n");
    EXPECT_THAT(names(list), ElementsAre("a.jpg", "b.jpg"));
    EXPECT_THAT(list.issues, ElementsAre(row_issue(4, "3 fields")));
  }
}

}  // namespace
}  // namespace pressmark::inputs
