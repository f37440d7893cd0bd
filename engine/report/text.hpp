// SPDX-License-Identifier: Apache-2.0
//
// Text for people: names of unknown encoding made safe to show, numbers and sizes formatted.
// Templates escape by themselves; markup() is for what is written without one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pressmark::report {

// Replaces what is not UTF-8 by U+FFFD, one for each maximal invalid sequence.
std::string valid_utf8(std::string_view bytes);

// Valid UTF-8 in which every character can be seen: line ends and other control characters, and
// those that reorder or hide text (bidirectional controls, zero width), are spelled out as
// <U+202E>. A file name can then not pass for another one.
std::string displayable(std::string_view bytes);

// displayable(), escaped for the text and the attributes of HTML and XML.
std::string markup(std::string_view bytes);

std::string base64(std::span<const std::uint8_t> bytes);

std::string grouped(std::int64_t value);    // 1234567 -> "1 234 567", narrow no-break spaces
std::string byte_size(std::int64_t bytes);  // 4213456 -> "4.2 MB (4 213 456 bytes)"
std::string percent(double share);          // .345 -> "34.5 %"

}  // namespace pressmark::report
