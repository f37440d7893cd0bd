// SPDX-License-Identifier: Apache-2.0
#include "engine/store/validate.hpp"

#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

TEST(IsText, AcceptsOnlyUtf8WithoutNul) {
  EXPECT_TRUE(is_text(""));
  EXPECT_TRUE(is_text("Hafen Köln, 鹿特丹, \xf0\x9f\xa7\xb1\n"));
  EXPECT_FALSE(is_text(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_text("\xff"));
  EXPECT_FALSE(is_text("\xc3"));
  EXPECT_FALSE(is_text("\xc0\xaf"));
  EXPECT_FALSE(is_text("\xe0\x80\xaf"));
  EXPECT_FALSE(is_text("\xed\xa0\x80"));
  EXPECT_FALSE(is_text("\xf4\x90\x80\x80"));
  EXPECT_FALSE(is_text("K\xf6ln"));
}

TEST(MergedFact, FillsAndRefinesAndNamesContradictions) {
  EXPECT_EQ(merged_fact("s", "place", "", "Porto"), "Porto");
  EXPECT_EQ(merged_fact("s", "place", "Porto", ""), "Porto");
  EXPECT_EQ(merged_fact("s", "place", "Porto", "Porto"), "Porto");
  EXPECT_EQ(merged_fact("s", "date", "2024", "2024-05"), "2024-05");
  EXPECT_EQ(merged_fact("s", "date", "2024-05-01", "2024-05"), "2024-05-01");
  std::string message;
  EXPECT_EQ(error_of([] { merged_fact("s", "place", "Port", "Porto"); }, &message),
            ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, testing::AllOf(testing::HasSubstr("'Port'"), testing::HasSubstr("'Porto'"),
                                      testing::HasSubstr("place")));
  EXPECT_EQ(error_of([] { merged_fact("s", "date", "2024-05", "2024-06"); }),
            ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace pressmark::store
