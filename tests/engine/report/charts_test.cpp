// SPDX-License-Identifier: Apache-2.0
#include "engine/report/charts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pressmark::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(LogChart, PlacesDecadesEvenlyAndOneAtTheTop) {
  LogChart chart;
  chart.low = .01;
  chart.high = 1;
  chart.series = {{{.01, 0}, {.1, .5}, {1, 1}}};
  // The frame is 422 wide and 246 high, with its corner at (46, 10).
  EXPECT_THAT(log_chart(chart), HasSubstr("points=\"46.0,256.0 257.0,133.0 468.0,10.0 \""));
}

TEST(LogChart, PullsWhatLiesBeyondToTheEdge) {
  LogChart chart;
  chart.mark = Point{0, 1};
  EXPECT_THAT(log_chart(chart), HasSubstr("cx=\"46.0\" cy=\"10.0\""));
  chart.mark.reset();
  EXPECT_THAT(log_chart(chart), Not(HasSubstr("circle")));
}

TEST(HistogramChart, DrawsMatesUpAndOthersDown) {
  ScoreHistogram histogram;
  histogram.edges = {0, 9, 99};  // of equal width on the page
  histogram.mates = {0, 3};
  histogram.non_mates = {4, 1};
  histogram.non_mates_not_compared = 5;
  const std::string svg = histogram_chart(histogram, "scores");
  // From the middle, 133, a full bar reaches 109; the square root of one in four is half of it.
  EXPECT_THAT(svg,
              HasSubstr("\"bar mates\" x=\"257.5\" y=\"24.0\" width=\"210.0\" height=\"109.0\""));
  EXPECT_THAT(svg,
              HasSubstr("\"bar others\" x=\"46.5\" y=\"133.0\" width=\"210.0\" height=\"109.0\""));
  EXPECT_THAT(svg,
              HasSubstr("\"bar others\" x=\"257.5\" y=\"133.0\" width=\"210.0\" height=\"54.5\""));
  EXPECT_THAT(svg, HasSubstr("mates: highest bar 100.0 %"));
  EXPECT_THAT(svg, HasSubstr("non-mates: highest bar 40.0 %, not compared 50.0 %"));
}

TEST(HistogramChart, SaysWhereNothingWasCompared) {
  EXPECT_THAT(histogram_chart({}, "scores"), HasSubstr("no pair was compared"));
}

}  // namespace
}  // namespace pressmark::report
