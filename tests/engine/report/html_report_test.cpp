// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <malloc.h>

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "pressmark/error.hpp"
#include "pressmark/json.hpp"
#include "tests/engine/report/report_fixture.hpp"

namespace pressmark::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// The tags that are open at the end of `html`; a tag that closes another one than the innermost
// is reported as "wrong".
std::vector<std::string> unclosed_tags(const std::string& html) {
  const std::set<std::string> without_end = {"!doctype", "meta", "input", "br"};
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    if (html.compare(at, 4, "<!--") == 0) {
      at = html.find("-->", at);
      continue;
    }
    const bool closes = html[at + 1] == '/';
    const std::size_t first = at + (closes ? 2 : 1);
    std::string name = html.substr(first, html.find_first_of(" >/\n", first) - first);
    std::transform(name.begin(), name.end(), name.begin(), ::tolower);
    const std::size_t end = html.find('>', at);
    if (without_end.contains(name) || html[end - 1] == '/') continue;
    if (!closes) {
      open.push_back(name);
      if (name == "script" || name == "style") at = html.find("</" + name, at) - 1;
    } else if (!open.empty() && open.back() == name) {
      open.pop_back();
    } else {
      return {"wrong", name};
    }
  }
  return open;
}

ReportOptions options_with(const RunFacts& facts) {
  ReportOptions options;
  options.manifest_json = run_manifest_json(facts);
  return options;
}

class HtmlReportTest : public ReportTest {
 protected:
  std::string report_of(const std::vector<QueryResult>& results,
                        const ReportOptions& options = {}) const {
    HtmlReport report(target(), options);
    MatchSummary summary;
    for (const QueryResult& result : results) {
      report.add(result);
      ++summary.queries;
    }
    report.finish(summary);
    return content_of(target());
  }

  QueryResult found() {
    QueryResult result = query_for(write_photo("query.jpg", 200, 150, 10));
    result.hits = {hit_for(write_photo("hit.jpg", 120, 160, 90), 7)};
    return result;
  }
};

TEST_F(HtmlReportTest, IsOneWellFormedPageWithoutAnyAddressOutside) {
  const std::string html = report_of({found()});
  EXPECT_THAT(unclosed_tags(html), testing::IsEmpty());
  EXPECT_EQ(count_of(html, "http://") + count_of(html, "https://"), 0u);
  EXPECT_EQ(count_of(html, " src="), 0u);
  EXPECT_EQ(count_of(html, "<link"), 0u);
  EXPECT_EQ(count_of(html, "url("), 0u);
  EXPECT_EQ(count_of(html, "@import"), 0u);
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST_F(HtmlReportTest, ShowsFiguresOfAHit) {
  const std::string html = report_of({found()});
  EXPECT_THAT(html, HasSubstr("score 42.5"));
  EXPECT_THAT(html, HasSubstr("the relit photo"));
  EXPECT_THAT(html, HasSubstr("inverted"));
  EXPECT_THAT(html, HasSubstr("3 of 12 matches"));
  EXPECT_THAT(html, HasSubstr("11 of 20 matches"));
  EXPECT_THAT(html, HasSubstr("All 10 inliers are drawn."));
  EXPECT_THAT(html, HasSubstr("transform:matrix3d("));
  EXPECT_THAT(html, HasSubstr("1 of 2 cells agree."));
  EXPECT_EQ(test::count_of(html, "<polygon class=\"c a\""), 2u);  // in query and hit
  EXPECT_EQ(test::count_of(html, "<polygon class=\"c\""), 2u);
}

TEST_F(HtmlReportTest, AMarkOfSeveralPhotosHasASectionOfItsOwn) {
  MarkResult mark{"<M>", {"a.jpg", "b.jpg"}, {}};
  MarkHit hit;
  hit.image.id = 77;
  hit.score = 4.25;
  hit.expected_false_hits = 0.02;
  hit.best_photo = 1;
  hit.photos = 1;
  mark.hits.push_back(hit);
  const MarkResult none{"other", {"c.jpg"}, {}}, unusable{"bad", {}, {}};
  HtmlReport report(target(), {});
  for (const MarkResult& result : {mark, none, unusable}) report.add(result);
  report.finish({});
  const std::string html = content_of(target());
  EXPECT_EQ(unclosed_tags(html), std::vector<std::string>{});
  EXPECT_THAT(html, HasSubstr("<span class=\"ordinal\">Mark 1</span> <bdi>&lt;M&gt;</bdi>"));
  EXPECT_THAT(html, HasSubstr("<bdi>image 77</bdi></td><td class=\"number\">4.2</td>"
                              "<td class=\"number\">0.02</td><td>1 of 2 photos</td>"
                              "<td><bdi>b.jpg</bdi>"));
  EXPECT_THAT(html, HasSubstr("mark &lt;M&gt;, 2 photos"));
  EXPECT_THAT(html, HasSubstr("1 photo of this mark together reach no hit."));
  EXPECT_THAT(html, HasSubstr("None of the photos of this mark could be compared."));
}

TEST_F(HtmlReportTest, SaysOfEveryHitWhetherItsMouldIsTheSame) {
  QueryResult result = found();
  EXPECT_THAT(report_of({result}), HasSubstr("<strong>Same mould: cannot be told.</strong>"));
  MouldAnswer& mould = result.hits[0].verification.mould;
  mould.verdict = MouldVerdict::kSame;
  mould.doubt = MouldDoubt::kNone;
  mould.evidence = 4.6;
  mould.raw = {1200, 400, 30, 25};
  const std::string html = report_of({result});
  EXPECT_THAT(html, HasSubstr("<strong>Same mould: supported.</strong> The individual details "));
  EXPECT_THAT(html, HasSubstr("Fine details shared, raw</th><td>400 of 1"));
  mould.verdict = MouldVerdict::kDifferent;
  EXPECT_THAT(report_of({result}), HasSubstr("<strong>Same mould: not supported.</strong>"));
}

TEST_F(HtmlReportTest, EachPictureIsEmbeddedOnceHoweverOftenItIsShown) {
  QueryResult first = found();
  first.hits.push_back(first.hits[0]);
  QueryResult second = query_for(write_photo("other.jpg", 100, 100, 200));
  second.hits = first.hits;
  second.hits.push_back(hit_for(first.file, 9));  // the first query, catalogued
  const std::string html = report_of({first, second});
  EXPECT_EQ(count_of(html, "data:image/jpeg"), 3u);
  for (const auto& file : {first.file, second.file, first.hits[0].image.file}) {
    const std::string id = "p" + info_of(file).sha256.hex();
    EXPECT_EQ(count_of(html, "id=\"" + id + "\""), 1u);
    EXPECT_GE(count_of(html, "href=\"#" + id + "\""), 2u);
  }
}

TEST_F(HtmlReportTest, MissingOrChangedPictureLeavesANoteAndTheFigures) {
  QueryResult result = found();
  std::filesystem::remove(result.hits[0].image.file);
  std::string html = report_of({result});
  EXPECT_THAT(html, HasSubstr("Hit not shown.</strong> The file is no longer where it was."));
  EXPECT_THAT(html, HasSubstr("Overlay not shown."));
  EXPECT_THAT(html, HasSubstr("score 42.5"));
  EXPECT_EQ(count_of(html, "data:image/jpeg"), 1u);
  EXPECT_THAT(unclosed_tags(html), testing::IsEmpty());

  write_photo("hit.jpg", 120, 160, 91);
  html = report_of({result});
  EXPECT_THAT(html, HasSubstr("The file has changed"));
  EXPECT_EQ(count_of(html, "data:image/jpeg"), 1u);
}

TEST_F(HtmlReportTest, TransformThatCannotBeDrawnLeavesANote) {
  QueryResult result = found();
  result.hits[0].verification.transform.hit_from_query = {};
  EXPECT_THAT(report_of({result}), HasSubstr("The transform cannot be drawn."));
}

TEST_F(HtmlReportTest, NamesAndFactsFromOutsideAreEscaped) {
  const std::string hostile = "<script>alert(1)</script>\"'&\n\xFF.jpg";
  QueryResult result = found();
  const auto renamed = folder_ / "script>alert(1)\n\xFF.jpg";
  std::filesystem::rename(result.file, renamed);
  result.file = renamed;
  CatalogueImage& image = result.hits[0].image;
  image.facts.seizure = image.facts.package = image.added_at = hostile;
  image.facts.metadata_json =
      nlohmann::json{{"<i>key</i>", "<b>value</b>"}, {"{{title}}", "{{{style}}}"}}.dump();
  QueryResult failed;
  failed.file = hostile;
  failed.reason = hostile;
  ReportOptions options;
  options.title = "</title>" + hostile;
  options.manifest_json = nlohmann::json{{"build", "</script><!--<script>"}}.dump();
  const std::string html = report_of({result, failed}, options);
  EXPECT_EQ(count_of(html, "<script>"), 1u);  // our own
  EXPECT_EQ(count_of(html, "<script"), 2u);   // and the manifest
  EXPECT_EQ(count_of(html, "</script"), 2u);
  EXPECT_EQ(count_of(html, "</title>"), 1u);
  EXPECT_THAT(html, Not(HasSubstr("<b>value")));
  EXPECT_THAT(html, Not(HasSubstr("<i>key")));
  EXPECT_THAT(html, HasSubstr("{{{style}}}"));  // shown, not rendered
  EXPECT_THAT(html, HasSubstr("script&gt;alert(1)&lt;U+000A&gt;\uFFFD.jpg"));
  EXPECT_EQ(html.find('\xFF'), std::string::npos);
  EXPECT_THAT(unclosed_tags(html), testing::IsEmpty());
}

TEST_F(HtmlReportTest, NoMatchSaysWhatWasSearchedAndByWhichThreshold) {
  RunFacts facts;
  facts.catalogue = "cat";
  facts.catalogue_images = 31;
  facts.match = MatchOptions{};
  const std::string html =
      report_of({query_for(write_photo("a.jpg", 90, 60, 1))}, options_with(facts));
  EXPECT_THAT(
      html,
      HasSubstr("None of the 31 images in this catalogue reached the threshold of a "
                "hit (score 3.5 or more from at least 6 inliers or 10 cells). 3 candidates,"));
  EXPECT_THAT(html, HasSubstr("not proof that no related package exists"));
}

TEST_F(HtmlReportTest, APhotoThatTheQualityGateRefusedSaysWhy) {
  QueryResult result = query_for(write_photo("a.jpg", 90, 60, 1));
  result.quality = "too blurred: sharpness 0.050, 0.085 needed";
  result.candidates = 0;
  EXPECT_THAT(report_of({result}), HasSubstr("The photo was not compared: it is too blurred"));
  // Compared all the same, because the gate was off.
  result.candidates = 3;
  EXPECT_THAT(report_of({result}), Not(HasSubstr("was not compared")));
}

TEST_F(HtmlReportTest, FailedQueriesAndUnusableInputsStandWithTheirReason) {
  QueryResult failed;
  failed.file = "/photos/a.jpg";
  failed.code = ErrorCode::kCorruptData;
  failed.reason = "JPEG ends early";
  HtmlReport report(target(), {});
  report.add(failed);
  report.add(InputIssue{"manifest.csv:3", ErrorCode::kNotFound, "no such file"});
  report.finish({.queries = 1, .failed = 1, .interrupted = true});
  const std::string html = content_of(target());
  EXPECT_THAT(html, HasSubstr("JPEG ends early"));
  EXPECT_THAT(html, HasSubstr("corrupt_data"));
  EXPECT_THAT(html, HasSubstr("manifest.csv:3"));
  EXPECT_THAT(html, HasSubstr("<dt>Failed</dt><dd>2</dd>"));
  EXPECT_THAT(html, HasSubstr("The run was interrupted."));
}

TEST_F(HtmlReportTest, ManyInliersAreThinnedAndTheCaptionSaysSo) {
  QueryResult result = found();
  Verification& v = result.hits[0].verification;
  v.inliers.resize(500, Inlier{1, 2, 3, 4});
  v.inlier_count = 500;
  const std::string html = report_of({result});
  EXPECT_THAT(html, HasSubstr("200 of 500 inliers are drawn, thinned evenly"));
  EXPECT_EQ(count_of(html, "<path class=\"l\""), 200u);
}

TEST_F(HtmlReportTest, ManifestIsEmbeddedAsTheSameJson) {
  RunFacts facts;
  facts.command = {"pressmark", "match", "</script>", "<!--"};
  HtmlReport report(target(), {});
  report.finish({}, run_manifest_json(facts));
  const std::string html = content_of(target());
  const std::string start = "<script type=\"application/json\" id=\"run-manifest\">";
  const std::size_t first = html.find(start) + start.size();
  const std::string embedded = html.substr(first, html.find("</script>", first) - first);
  EXPECT_EQ(nlohmann::json::parse(embedded), nlohmann::json::parse(run_manifest_json(facts)));
  EXPECT_THAT(html, HasSubstr("&quot;command&quot;: ["));
}

TEST_F(HtmlReportTest, AppearsOnlyWhenFinishedAndLeavesNothingElse) {
  std::ofstream(target()) << "older";
  {
    HtmlReport report(target(), {});
    report.add(query_for(write_photo("a.jpg", 90, 60, 1)));
    EXPECT_EQ(content_of(target()), "older");
  }
  EXPECT_EQ(content_of(target()), "older");
  report_of({});
  EXPECT_THAT(content_of(target()), HasSubstr("This report lists no queries."));
  std::filesystem::remove(folder_ / "a.jpg");
  std::filesystem::remove(target());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(HtmlReportTest, MemoryDoesNotGrowWithTheNumberOfResults) {
  const QueryResult result = found();
  HtmlReport report(target(), {});
  const auto add = [&](int count) {
    for (int i = 0; i < count; ++i) report.add(result);
  };
  const auto allocated = [] {
    const auto usage = mallinfo2();
    return static_cast<std::ptrdiff_t>(usage.uordblks + usage.hblkhd);
  };
  add(20);
  const std::ptrdiff_t before = allocated();
  add(400);
  // The buffers of both spools may be filled differently; sanitizers report no figures.
  const std::ptrdiff_t growth = allocated() - before;
  EXPECT_LT(growth, 64 << 10);
  report.finish({.queries = 420, .with_hits = 420});
  EXPECT_EQ(count_of(content_of(target()), "<article class=\"match\""), 420u);
}

TEST_F(HtmlReportTest, WrongUseIsRefused) {
  const auto code_of = [](const auto& act) {
    try {
      act();
    } catch (const Error& error) {
      return to_string(error.code());
    }
    return std::string_view("none");
  };
  ReportOptions options;
  options.manifest_json = "[1]";
  EXPECT_EQ(code_of([&] { HtmlReport(target(), options); }), "invalid_argument");
  options.manifest_json = "{";
  EXPECT_EQ(code_of([&] { HtmlReport(target(), options); }), "invalid_argument");
  options = {};
  options.preview_long_side_px = 1;
  EXPECT_EQ(code_of([&] { HtmlReport(target(), options); }), "invalid_argument");
  EXPECT_EQ(code_of([&] { HtmlReport(folder_ / "absent" / "r.html", {}); }), "io");
  EXPECT_EQ(code_of([&] { HtmlReport(folder_, {}); }), "io");
  HtmlReport report(target(), {});
  report.finish({});
  EXPECT_EQ(code_of([&] { report.finish({}); }), "invalid_argument");
  EXPECT_EQ(code_of([&] { report.add(QueryResult{}); }), "invalid_argument");
}

}  // namespace
}  // namespace pressmark::test
