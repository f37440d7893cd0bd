// SPDX-License-Identifier: Apache-2.0
#include "bench/plot/plot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pressmark::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Plot, PlacesPointsOnWholeDecadesAndFromZeroToOne) {
  const std::string svg = to_svg({"Set", "ms", "mAP", {{"low", 1, 0}, {"high", 100, 1, true}}});
  EXPECT_THAT(svg, HasSubstr("<circle cx=\"64.0\" cy=\"340.0\" r=\"5\" fill=\"#2563eb\"/>"));
  EXPECT_THAT(svg, HasSubstr("<circle cx=\"616.0\" cy=\"44.0\" r=\"6\" fill=\"#c2410c\"/>"));
  EXPECT_THAT(svg, HasSubstr("text-anchor=\"middle\">10</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">1000</text>")));
}

TEST(Plot, EscapesWhatIsMarkup) {
  const std::string svg = to_svg({"a<b & c", "x", "y", {}});
  EXPECT_THAT(svg, HasSubstr("<title>a&lt;b &amp; c</title>"));
  EXPECT_THAT(svg, Not(HasSubstr("a<b")));
}

TEST(Plot, MovesALabelThatWouldCoverAPointOrAnotherLabel) {
  // The second point stands where the label of the first would.
  const std::string svg = to_svg({"", "x", "y", {{"first", 3, 0.5}, {"second", 3.4, 0.5}}});
  EXPECT_THAT(svg, HasSubstr("text-anchor=\"end\">first"));
  EXPECT_THAT(svg, HasSubstr("text-anchor=\"start\">second"));
  const std::string pair = to_svg({"", "x", "y", {{"upper", 1, 0.5}, {"lower", 1, 0.5}}});
  EXPECT_THAT(pair, HasSubstr("y=\"196.0\" text-anchor=\"start\">upper"));
  EXPECT_THAT(pair, HasSubstr("y=\"210.0\" text-anchor=\"start\">lower"));
}

TEST(Plot, DrawsLinesOverWholeDecadesOfBothAxes) {
  Plot plot{"Growth", "rows", "us", {}};
  plot.lines = {{"batches", {{"", 1000, 20}, {"", 10'000, 200}}}, {"single", {{"", 1000, 2000}}}};
  plot.has_log_y = true;
  const std::string svg = to_svg(plot);
  // 10 to 10 000 from below to above: 20 lies .301 of a third up.
  EXPECT_THAT(svg,
              HasSubstr("<path d=\"M64.0 310.3L616.0 211.6\" fill=\"none\" stroke=\"#c2410c\""));
  EXPECT_THAT(svg, HasSubstr("<circle cx=\"64.0\" cy=\"113.0\" r=\"5\" fill=\"#2563eb\"/>"));
  EXPECT_THAT(svg, HasSubstr("text-anchor=\"end\" fill=\"#c2410c\">batches"));
  EXPECT_THAT(svg, HasSubstr("text-anchor=\"end\">10000</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">0.2</text>")));
}

TEST(Plot, OfNothingIsAnEmptyFrame) {
  EXPECT_THAT(to_svg({"", "x", "y", {}}), Not(HasSubstr("<circle")));
}

}  // namespace
}  // namespace pressmark::bench
