// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "pressmark/evaluate.hpp"
#include "tests/support/temporary_directory.hpp"

namespace pressmark {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class TruthTest : public testing::Test {
 protected:
  TruthTest() {
    for (const char* name : {"a.jpg", "b.jpg", "c.jpg", "sub/d.jpg", "../outside.jpg"}) {
      write(name, "x");
    }
  }

  std::filesystem::path write(const std::string& name, std::string_view text) const {
    return folder_.write(set_ / name,
                         {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  std::vector<TruthRow> read(std::string_view csv) const {
    return read_truth(set_directory(), write("truth.csv", csv));
  }
  // The message behind the file's name.
  std::string problem(std::string_view csv, ErrorCode code = ErrorCode::kInvalidArgument) const {
    try {
      read(csv);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      const std::string file = (set_directory() / "truth.csv").string();
      const std::string message = error.what();
      EXPECT_EQ(message.substr(0, file.size()), file);
      return message.substr(file.size());
    }
    return "no error";
  }

  std::filesystem::path set_directory() const { return folder_.path() / set_; }

  const std::filesystem::path set_ = "set";
  test::TemporaryDirectory folder_;
};

TEST_F(TruthTest, ReadsAllColumnsAndIgnoresOthers) {
  const auto rows = read(
      "file,note,Identity,DESIGN,light_azimuth_deg,scale_mm_per_px\r\n"
      "./sub//d.jpg,\"x, y\", m1 ,star,-30.5,0.02\r\n"
      "a.jpg,,m1,star,,\r\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].file, "sub/d.jpg");
  EXPECT_EQ(rows[0].identity, "m1");
  EXPECT_EQ(rows[0].design, "star");
  EXPECT_EQ(rows[0].light_azimuth_deg, -30.5);
  EXPECT_EQ(rows[0].scale_mm_per_px, .02);
  EXPECT_EQ(rows[0].line, 2);
  EXPECT_FALSE(rows[1].light_azimuth_deg);
  EXPECT_FALSE(rows[1].scale_mm_per_px);
  EXPECT_EQ(rows[1].line, 3);
}

TEST_F(TruthTest, ReadsTheMapFromTheMark) {
  const auto rows = read(
      "file,identity,H11,h12,h13,h21,h22,h23,h31,h32,h33\n"
      "a.jpg,m,1,-2.5,3e2,4,5,6,0.001, 8 ,1\n"
      "b.jpg,m,,,,,,,,,\n");
  ASSERT_EQ(rows.size(), 2u);
  const std::array<double, 9> expected{1, -2.5, 300, 4, 5, 6, 0.001, 8, 1};
  EXPECT_EQ(rows[0].photo_from_mark, expected);
  EXPECT_FALSE(rows[1].photo_from_mark);
  EXPECT_FALSE(read("file,identity\na.jpg,m\nb.jpg,m\n")[0].photo_from_mark);
}

TEST_F(TruthTest, AMapThatIsNoneIsNamed) {
  const auto row = [&](const std::string& numbers) {
    return problem(
        "file,identity,h11,h12,h13,h21,h22,h23,h31,h32,h33\na.jpg,m,1,0,0,0,1,0,0,0,1\n"
        "b.jpg,m," +
        numbers + "\n");
  };
  const std::string incomplete =
      ":3: h11 to h33 must be all nine elements of a regular matrix, or empty";
  EXPECT_EQ(row("1,0,0,0,1,0,0,0,"), incomplete);
  EXPECT_EQ(row(",0,0,0,1,0,0,0,1"), incomplete);
  EXPECT_EQ(row("1,0,0,2,0,0,0,0,1"), incomplete);
  EXPECT_EQ(row("1,0,0,0,one,0,0,0,1"), ":3: h22 is not a number: 'one'");
  EXPECT_EQ(row("1,0,0,0,1,0,0,0,nan"), ":3: h33 is not a number: 'nan'");
  EXPECT_EQ(row("inf,0,0,0,1,0,0,0,1"), ":3: h11 is not a number: 'inf'");
  EXPECT_EQ(problem("file,identity,h11,h22\na.jpg,m,1,1\nb.jpg,m,,\n"),
            ":2: h11 to h33 must be all nine elements of a regular matrix, or empty");
}

TEST_F(TruthTest, ReadsSemicolonsAndAByteOrderMark) {
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "file;identity\na.jpg;m\nb.jpg;m\n")
                .size(),
            2u);
}

TEST_F(TruthTest, NamesTheLineOfARowThatCannotBeUsed) {
  const auto row = [&](const std::string& text) {
    return problem("file,identity,design,scale_mm_per_px,light_azimuth_deg\na.jpg,m,d,,\n" + text +
                   "\nb.jpg,m,d,,\n");
  };
  EXPECT_EQ(row(",m,d,,"), ":3: file is not stated");
  EXPECT_EQ(row("c.jpg,,d,,"), ":3: identity is not stated");
  EXPECT_EQ(row("c.jpg, ,d,,"), ":3: identity is not stated");
  EXPECT_EQ(row("./a.jpg,m,d,,"), ":3: file 'a.jpg' is in line 2 already");
  EXPECT_EQ(row("../outside.jpg,m,d,,"),
            ":3: file lies outside the directory of the set: '../outside.jpg'");
  EXPECT_EQ(row("sub/../../outside.jpg,m,d,,"),
            ":3: file lies outside the directory of the set: 'sub/../../outside.jpg'");
  EXPECT_EQ(row("/etc/passwd,m,d,,"),
            ":3: file must be relative to the directory of the set: '/etc/passwd'");
  EXPECT_EQ(row("sub,m,d,,").substr(0, 24), ":3: not a regular file: ");
  EXPECT_EQ(row("c.jpg,m,d,wide,"), ":3: scale_mm_per_px is not a number above 0: 'wide'");
  EXPECT_EQ(row("c.jpg,m,d,-1,"), ":3: scale_mm_per_px is not a number above 0: '-1'");
  EXPECT_EQ(row("c.jpg,m,d,,north"), ":3: light_azimuth_deg is not a number: 'north'");
  EXPECT_EQ(row("c.jpg,m,d,,nan"), ":3: light_azimuth_deg is not a number: 'nan'");
  EXPECT_EQ(row("c.jpg,m"), ":3: 2 fields, but the header has 5");
  EXPECT_EQ(row("c.jpg,m,e,,"), ":3: identity 'm' has design 'e', but 'd' in line 2");
  EXPECT_EQ(row("c.jpg,n,,,"), ":3: design is not stated, unlike in line 2");
}

TEST_F(TruthTest, NamesAMissingFile) {
  EXPECT_EQ(problem("file,identity\na.jpg,m\ngone.jpg,m\n", ErrorCode::kNotFound),
            ":3: no such file: 'gone.jpg'");
}

TEST_F(TruthTest, NamesAllLinesThatAreWrong) {
  EXPECT_EQ(problem("file,identity\na.jpg,\nb.jpg,m\nc.jpg,\n,m\n"),
            ":2: identity is not stated (also wrong: lines 4, 5)");
}

TEST_F(TruthTest, RefusesAFileThatIsNoTruth) {
  EXPECT_EQ(problem(""), ": empty file");
  EXPECT_EQ(problem("file,identity\n"), ": no rows");
  EXPECT_EQ(problem("file,mould\na.jpg,m\n"),
            ": no column 'identity'; columns found: 'file', 'mould'");
  EXPECT_EQ(problem("name,identity\na.jpg,m\n"),
            ": no column 'file'; columns found: 'name', 'identity'");
  EXPECT_EQ(problem("file,identity\na.jpg,m\nb.jpg,n\n"),
            ": no identity occurs twice: there is nothing that could be found");
  EXPECT_THAT(problem("file,identity\na.jpg,m\xFC\nb.jpg,m\xFC\n"), HasSubstr("not UTF-8"));
  EXPECT_THAT(problem(std::string_view("f\0i\0l\0e\0", 8), ErrorCode::kUnsupported),
              HasSubstr("UTF-16"));
  EXPECT_THAT(problem("file,identity\n\"a.jpg,m\n"), HasSubstr("quote"));
}

TEST_F(TruthTest, RefusesWhatIsNotThere) {
  const auto truth = write("truth.csv", "file,identity\na.jpg,m\nb.jpg,m\n");
  EXPECT_THROW(read_truth(set_directory() / "gone", truth), Error);
  EXPECT_THROW(read_truth(set_directory(), set_directory() / "gone.csv"), Error);
}

TEST_F(TruthTest, QueriesByDefaultAreImagesWithAMate) {
  const auto rows = read("file,identity\na.jpg,m\nb.jpg,n\nc.jpg,m\n");
  EXPECT_THAT(queries_with_mates(rows), ElementsAre(0, 2));
}

TEST_F(TruthTest, QueriesAreReadInTheOrderOfTheTruth) {
  const auto rows = read("file,identity\na.jpg,m\nb.jpg,n\nc.jpg,m\n");
  EXPECT_THAT(read_queries(write("q.csv", "file\n./c.jpg\na.jpg\n"), rows), ElementsAre(0, 2));
  const auto problem = [&](std::string_view csv) -> std::string {
    try {
      read_queries(write("q.csv", csv), rows);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(problem("file\na.jpg\nd.jpg\n"),
              EndsWith("q.csv:3: file 'd.jpg' is not in the truth file"));
  EXPECT_THAT(problem("file\na.jpg\na.jpg\n"),
              EndsWith("q.csv:3: file 'a.jpg' is in line 2 already"));
  EXPECT_THAT(problem("file\n"), EndsWith("q.csv: no rows"));
  EXPECT_THAT(problem("name\na.jpg\n"), HasSubstr("no column 'file'"));
}

}  // namespace
}  // namespace pressmark
