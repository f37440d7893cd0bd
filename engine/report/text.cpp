// SPDX-License-Identifier: Apache-2.0
#include "engine/report/text.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace pressmark::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct Decoded {
  char32_t code = 0;
  std::size_t length = 0;  // bytes consumed, >= 1
  bool valid = false;
};

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
}

// One code point by the table of well-formed sequences (Unicode 15, table 3-7): the range of the
// second byte excludes overlong forms, surrogates and values above U+10FFFF.
Decoded decode_at(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return {first, 1, true};
  std::size_t length = 0;
  unsigned char low = 0x80, high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return {0, 1, false};
  }
  if (at + 1 >= bytes.size() || byte(at + 1) < low || byte(at + 1) > high) return {0, 1, false};
  char32_t code = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i >= bytes.size() || !is_continuation(bytes[at + i])) return {0, i, false};
    code = code << 6 | (byte(at + i) & 0x3Fu);
  }
  return {code, length, true};
}

bool is_invisible(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x61C ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

template <typename Append>
std::string transcode(std::string_view bytes, const Append& append) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const Decoded decoded = decode_at(bytes, at);
    if (decoded.valid) {
      append(text, decoded.code, bytes.substr(at, decoded.length));
    } else {
      text += kReplacement;
    }
    at += decoded.length;
  }
  return text;
}

}  // namespace

std::string valid_utf8(std::string_view bytes) {
  return transcode(
      bytes, [](std::string& text, char32_t, std::string_view sequence) { text += sequence; });
}

std::string displayable(std::string_view bytes) {
  return transcode(bytes, [](std::string& text, char32_t code, std::string_view sequence) {
    if (is_invisible(code)) {
      text += fmt::format("<U+{:04X}>", static_cast<std::uint32_t>(code));
    } else {
      text += sequence;
    }
  });
}

std::string markup(std::string_view bytes) {
  std::string text;
  for (const char c : displayable(bytes)) {
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '"':
        text += "&quot;";
        break;
      default:
        text += c;
    }
  }
  return text;
}

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t present = bytes.size() - i;
    std::uint32_t group = std::uint32_t{bytes[i]} << 16;
    if (present > 1) group |= std::uint32_t{bytes[i + 1]} << 8;
    if (present > 2) group |= bytes[i + 2];
    text += kBase64Digits[group >> 18];
    text += kBase64Digits[group >> 12 & 63];
    text += present > 1 ? kBase64Digits[group >> 6 & 63] : '=';
    text += present > 2 ? kBase64Digits[group & 63] : '=';
  }
  return text;
}

std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, "\xE2\x80\xAF");  // U+202F
  }
  return digits;
}

std::string byte_size(std::int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes) / 1000;
  const char* unit = "kB";
  for (const char* larger : {"MB", "GB", "TB"}) {
    if (value < 999.95) break;
    value /= 1000;
    unit = larger;
  }
  return fmt::format("{:.1f} {} ({} bytes)", value, unit, grouped(bytes));
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

}  // namespace pressmark::report
