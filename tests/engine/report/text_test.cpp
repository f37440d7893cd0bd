// SPDX-License-Identifier: Apache-2.0
#include "engine/report/text.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pressmark::report {
namespace {

TEST(Text, ValidUtf8StaysAsItIs) {
  const std::string text = "Stra\u00DFe \u6D77 \U0001F9F1 \n";
  EXPECT_EQ(valid_utf8(text), text);
}

TEST(Text, EachMaximalInvalidSequenceBecomesOneReplacement) {
  EXPECT_EQ(valid_utf8("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(valid_utf8("\xC0\xAF"), "\uFFFD\uFFFD");                      // overlong
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");            // surrogate
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // above U+10FFFF
  EXPECT_EQ(valid_utf8("\xE6\xB5"), "\uFFFD");                            // truncated
  EXPECT_EQ(valid_utf8("\xE6\xB5x"), "\uFFFDx");
}

TEST(Text, UnseenCharactersAreSpelledOut) {
  EXPECT_EQ(displayable("a\nb\tc"), "a<U+000A>b<U+0009>c");
  EXPECT_EQ(displayable("photo\u202Egpj.exe"), "photo<U+202E>gpj.exe");
  EXPECT_EQ(displayable("a\u200Bb"), "a<U+200B>b");
  EXPECT_EQ(displayable(std::string_view("\0", 1)), "<U+0000>");
  EXPECT_EQ(displayable("\xFF"), "\uFFFD");
}

TEST(Text, Base64OfTheStandardsExamples) {
  const auto encode = [](std::string_view text) {
    return base64(std::vector<std::uint8_t>(text.begin(), text.end()));
  };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encode("\xFB\xFF\xBF"), "+/+/");
}

TEST(Text, NumbersForPeople) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(-1234567), "-1\u202F234\u202F567");
  EXPECT_EQ(byte_size(999), "999 bytes");
  EXPECT_EQ(byte_size(4'213'456), "4.2 MB (4\u202F213\u202F456 bytes)");
  EXPECT_EQ(byte_size(999'999), "1.0 MB (999\u202F999 bytes)");
  EXPECT_EQ(percent(.345), "34.5 %");
}

}  // namespace
}  // namespace pressmark::report
