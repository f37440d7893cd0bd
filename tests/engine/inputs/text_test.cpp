// SPDX-License-Identifier: Apache-2.0
#include "engine/inputs/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pressmark::inputs {
namespace {

// UTF-8 of a code point by definition, without regard to whether it is allowed.
std::string encoded(unsigned point) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80 | (point >> shift & 0x3F));
  };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xC0 | point >> 6), tail(0)};
  if (point < 0x10000) return {static_cast<char>(0xE0 | point >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | point >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8, AcceptsEveryScalarValueAndNoSurrogate) {
  for (unsigned point = 0; point < 0x120000; ++point) {
    const bool allowed = point < 0xD800 || (point > 0xDFFF && point < 0x110000);
    ASSERT_EQ(!first_invalid_utf8(encoded(point)), allowed) << std::hex << point;
  }
}

TEST(Utf8, RefusesOverlongForms) {
  for (const char* text : {"\xC0\x80", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF",
                           "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF"}) {
    EXPECT_EQ(first_invalid_utf8(text), 0u);
  }
}

TEST(Utf8, RefusesTruncatedSequencesAndStrayBytes) {
  for (const char* text : {"\x80", "\xBF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xF5\x80\x80\x80",
                           "\xFE", "\xFF", "\xC3(", "\xE2(\x82"}) {
    EXPECT_EQ(first_invalid_utf8(text), 0u);
  }
}

TEST(Utf8, NamesTheFirstByteOfTheBadSequence) {
  EXPECT_EQ(first_invalid_utf8("ab\xC3\xA4"
                               "c\xE2\x82"),
            5u);
  EXPECT_EQ(first_invalid_utf8(std::string_view("a\0b\xFF", 4)), 3u);
  EXPECT_FALSE(first_invalid_utf8(""));
}

TEST(InQuotes, EscapesControlsAndBadBytesAndKeepsTheRest) {
  EXPECT_EQ(in_quotes("K\xC3\xB6ln \xF0\x9F\x98\x80"), "'K\xC3\xB6ln \xF0\x9F\x98\x80'");
  EXPECT_EQ(in_quotes("a\tb\x7F\xC2\x9B\xFF"), R"('a\x09b\x7f\xc2\x9b\xff')");
}

TEST(InQuotes, CutsLongTextBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "\xE2\x82\xAC";
  const std::string shown = in_quotes(text);
  EXPECT_LT(shown.size(), 100u);
  EXPECT_FALSE(first_invalid_utf8(shown));
  EXPECT_EQ(shown.substr(shown.size() - 4), "...'");
}

TEST(Trimmed, RemovesBlanksAround) {
  EXPECT_EQ(trimmed(" \t a b\r\n"), "a b");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(AsciiLower, LeavesOtherBytes) {
  EXPECT_EQ(ascii_lower("AbZ@[\xC3\x84"), "abz@[\xC3\x84");
}

}  // namespace
}  // namespace pressmark::inputs
