// SPDX-License-Identifier: Apache-2.0
//
// The JSONL format: lines, types, keys. Rules for values: manifest_rows_test.cpp.
#include <string>

#include "tests/engine/inputs/manifest_fixture.hpp"

namespace pressmark::inputs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class JsonlManifest : public ManifestTest {
 protected:
  JsonlManifest() : ManifestTest("list.jsonl") {}
};

TEST_F(JsonlManifest, ReadsEveryKey) {
  const PhotoList list =
      read(R"({"file":"a.jpg","seizure":"S1","package":"P1","kind":"wrapping","place":"Graz",)"
           R"("date":"2024-02","agency":"BKA","scale_mm_per_px":0.05,"roi":[1,2,30,40]})"
           "\n");
  ASSERT_THAT(list.issues, IsEmpty());
  ASSERT_EQ(list.photos.size(), 1u);
  const PhotoInput& photo = list.photos[0];
  EXPECT_EQ(photo.file.string(), at("a.jpg"));
  EXPECT_EQ(photo.source, line(1));
  EXPECT_EQ(photo.facts.seizure, "S1");
  EXPECT_EQ(photo.facts.package, "P1");
  EXPECT_EQ(photo.facts.kind, ImageKind::kWrapping);
  EXPECT_EQ(photo.facts.scale_mm_per_px, 0.05);
  EXPECT_EQ(photo.facts.region, (RegionOfInterest{1, 2, 30, 40}));
  EXPECT_EQ(photo.facts.metadata_json, "{}");
  ASSERT_EQ(list.seizures.size(), 1u);
  EXPECT_EQ(list.seizures[0].date, "2024-02");
}

TEST_F(JsonlManifest, KeepsTypesOfMetadataAndSortsKeys) {
  const PhotoList list = read(
      R"({"z":1,"file":"a.jpg","b":true,"a":[1,"x",{"y":2.5}],"text":"\u00e4","none":null,"e":""})");
  ASSERT_EQ(list.photos.size(), 1u);
  EXPECT_EQ(list.photos[0].facts.metadata_json,
            "{\"a\":[1,\"x\",{\"y\":2.5}],\"b\":true,\"e\":\"\",\"text\":\"\xC3\xA4\",\"z\":1}");
}

TEST_F(JsonlManifest, TakesNullAndEmptyTextAsNotStated) {
  const PhotoList list =
      read(R"({"file":"a.jpg","seizure":null,"package":"","kind":null,"date":"","roi":null,)"
           R"("scale_mm_per_px":null})");
  ASSERT_THAT(list.issues, IsEmpty());
  ASSERT_EQ(list.photos.size(), 1u);
  EXPECT_EQ(list.photos[0].facts.package, "");
  EXPECT_FALSE(list.photos[0].facts.region);
}

TEST_F(JsonlManifest, AcceptsTheRegionAsTextToo) {
  const PhotoList list = read(R"({"file":"a.jpg","roi":"1, 2, 3, 4"})");
  ASSERT_EQ(list.photos.size(), 1u);
  EXPECT_EQ(list.photos[0].facts.region, (RegionOfInterest{1, 2, 3, 4}));
}

TEST_F(JsonlManifest, NumbersPhysicalLinesAndPassesOverBlankOnes) {
  const PhotoList list = read("\xEF\xBB\xBF\n{\"file\":\"a.jpg\"}\r\n\r\n  \n{\"file\":\"b.jpg\"}");
  ASSERT_THAT(list.issues, IsEmpty());
  ASSERT_EQ(list.photos.size(), 2u);
  EXPECT_EQ(list.photos[0].source, line(2));
  EXPECT_EQ(list.photos[1].source, line(5));
}

TEST_F(JsonlManifest, ReportsWhatIsNoObject) {
  const PhotoList list = read(
      "{\"file\":\n"
      "[1]\n"
      "\"a.jpg\"\n"
      "{\"file\":\"a.jpg\"} x\n"
      "{\"file\":\"\\ud800\"}\n"
      "{\"file\":\"a.jpg\",\"n\":1e999}\n"
      "{\"file\":\"b.jpg\"}\n");
  EXPECT_THAT(names(list), ElementsAre("b.jpg"));
  EXPECT_THAT(list.issues,
              ElementsAre(row_issue(1, "not valid JSON at byte"),
                          row_issue(2, "not a JSON object but array"),
                          row_issue(3, "not a JSON object but string"),
                          row_issue(4, "not valid JSON at byte 18"), row_issue(5, "not valid JSON"),
                          row_issue(6, "a number is out of range")));
}

TEST_F(JsonlManifest, ReportsWrongTypes) {
  const PhotoList list = read(
      "{\"file\":7}\n"
      "{\"file\":\"a\",\"seizure\":17}\n"
      "{\"file\":\"a\",\"seizure\":\"S\",\"date\":2024}\n"
      "{\"file\":\"a\",\"scale_mm_per_px\":true}\n"
      "{\"file\":\"a\",\"scale_mm_per_px\":0}\n"
      "{\"file\":\"a\",\"roi\":[1,2,3]}\n"
      "{\"file\":\"a\",\"roi\":[1,2,3,4.0]}\n"
      "{\"file\":\"a\",\"roi\":[1,2,3,\"4\"]}\n"
      "{\"file\":\"a\",\"roi\":[1,2,3,18446744073709551615]}\n"
      "{\"file\":\"a\",\"roi\":{}}\n"
      "{}\n");
  EXPECT_THAT(names(list), IsEmpty());
  EXPECT_THAT(
      list.issues,
      ElementsAre(row_issue(1, "file must be text, not '7'"),
                  row_issue(2, "seizure must be text, not '17'"), row_issue(3, "date must be text"),
                  row_issue(4, "scale_mm_per_px is not a number above 0: 'true'"),
                  row_issue(5, "scale_mm_per_px"), row_issue(6, "roi is not four whole numbers"),
                  row_issue(7, "roi"), row_issue(8, "roi"), row_issue(9, "roi"),
                  row_issue(10, "roi"), row_issue(11, "file is not stated")));
}

TEST_F(JsonlManifest, ReportsKeysThatAppearTwice) {
  const PhotoList list = read(
      "{\"file\":\"a\",\"note\":1,\"note\":2}\n"
      "{\"file\":\"a\",\"File\":\"b\"}\n"
      "{\"file\":\"a\",\"x\":{\"note\":1},\"y\":{\"note\":1}}\n");
  EXPECT_THAT(names(list), ElementsAre("a"));
  EXPECT_THAT(list.issues, ElementsAre(row_issue(1, "key 'note' appears twice"),
                                       row_issue(2, "key 'file' appears twice")));
}

TEST_F(JsonlManifest, ReportsLinesThatAreNotUtf8) {
  const PhotoList list = read("{\"file\":\"caf\xE9\"}\n{\"file\":\"b\"}\n");
  EXPECT_THAT(names(list), ElementsAre("b"));
  EXPECT_THAT(list.issues, ElementsAre(row_issue(1, "not UTF-8: line 1, byte 13")));
}

TEST_F(JsonlManifest, RefusesDeepNestingAndLongLines) {
  const std::size_t depth = 200'000;
  const PhotoList list =
      read("{\"file\":\"a\",\"x\":" + std::string(depth, '[') + std::string(depth, ']') + "}\n" +
           "{\"file\":\"b\",\"x\":\"" + std::string(1u << 20, 'x') + "\"}\n{\"file\":\"c\"}\n");
  EXPECT_THAT(names(list), ElementsAre("c"));
  EXPECT_THAT(list.issues, ElementsAre(row_issue(1, "more than 32 levels of nesting"),
                                       row_issue(2, "line longer than 1 MiB")));
}

TEST_F(JsonlManifest, IsUnusableWithoutRows) {
  expect_unusable(read(""), ErrorCode::kInvalidArgument, "no rows");
  expect_unusable(read("\n"), ErrorCode::kInvalidArgument, "no rows");
}

}  // namespace
}  // namespace pressmark::inputs
