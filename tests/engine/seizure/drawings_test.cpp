// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/drawings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pressmark::seizure {
namespace {

using testing::HasSubstr;
using testing::Not;

LinkedSeizure linked(const std::string& name, const std::string& date) {
  LinkedSeizure other;
  other.facts = {name, "Hamburg", date, "Zoll"};
  other.marks = {{1, 6.5}};
  return other;
}

Findings one_linked_mark() {
  Findings findings;
  Mark& mark = findings.marks.emplace_back();
  mark.number = 1;
  mark.photos = {0, 1};
  mark.outside.emplace_back().holds = true;
  return findings;
}

TEST(DrawingsTest, DatesBecomeDays) {
  EXPECT_EQ(days_of("1970-01-02"), 1);
  EXPECT_EQ(days_of("1970-02"), 45);
  EXPECT_EQ(days_of("1970"), 182);
  EXPECT_FALSE(days_of(""));
  EXPECT_FALSE(days_of("1970-02-30"));
  EXPECT_FALSE(days_of("May 1970"));
}

TEST(DrawingsTest, NamesCannotBecomeMarkup) {
  const auto text = draw_links(one_linked_mark(), {linked("<script>alert(1)</script>", "2024")});
  EXPECT_THAT(text, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(text, Not(HasSubstr("<script>")));
  EXPECT_THAT(text, HasSubstr("marks/M001.html"));
}

TEST(DrawingsTest, NothingIsDrawnWithoutFacts) {
  EXPECT_EQ(draw_links({}, {}), "");
  EXPECT_EQ(draw_time_line({}, {linked("S", "")}), "");
  EXPECT_EQ(draw_map({}, {linked("S", "2024")}), "");
}

TEST(DrawingsTest, MapsAndTimeLinesShowWhatIsKnown) {
  LinkedSeizure other = linked("S-9", "2024-05");
  EXPECT_THAT(draw_time_line({"own", "", "2024-06-01", ""}, {other}),
              testing::AllOf(HasSubstr("S-9"), HasSubstr("class=\"own\""),
                             HasSubstr("viewBox=\"0 0 960 96\"")));  // of two rows
  other.position = {53.5, 10.0};
  // A single place, and one at the antipodes, stay finite.
  EXPECT_THAT(draw_map({}, {other}), testing::AllOf(HasSubstr("S-9"), Not(HasSubstr("nan"))));
  EXPECT_THAT(draw_map(std::pair(-53.5, -170.0), {other}), Not(HasSubstr("inf")));
}

TEST(DrawingsTest, PositionsComeFromMetadata) {
  EXPECT_EQ(position_of(R"({"latitude": 53.5, "longitude": "10.25"})"), std::pair(53.5, 10.25));
  EXPECT_EQ(position_of(R"({"lat": "-1", "lon": 2})"), std::pair(-1.0, 2.0));
  EXPECT_FALSE(position_of(R"({"latitude": 91, "longitude": 0})"));
  EXPECT_FALSE(position_of(R"({"latitude": "north", "longitude": 0})"));
  EXPECT_FALSE(position_of(R"({"latitude": 5})"));
  EXPECT_FALSE(position_of("no object"));
}

}  // namespace
}  // namespace pressmark::seizure
