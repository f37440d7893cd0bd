// SPDX-License-Identifier: Apache-2.0
#include "pressmark/types.hpp"

#include <utility>

#include "pressmark/catalogue.hpp"

namespace pressmark {
namespace {

constexpr std::pair<ImageKind, std::string_view> kKindNames[] = {
    {ImageKind::kLogo, "logo"},
    {ImageKind::kToolmark, "toolmark"},
    {ImageKind::kWrapping, "wrapping"},
    {ImageKind::kOverview, "overview"},
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Sha256::hex() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<Sha256> Sha256::from_hex(std::string_view text) {
  Sha256 result;
  if (text.size() != 2 * result.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < result.bytes.size(); ++i) {
    const int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    result.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return result;
}

std::string_view to_string(Channel channel) {
  return channel == Channel::kRaw ? "raw" : "relit";
}

std::string_view to_string(ImageKind kind) {
  for (const auto& [value, name] : kKindNames) {
    if (value == kind) return name;
  }
  return "unknown";
}

std::optional<ImageKind> image_kind_from_string(std::string_view text) {
  for (const auto& [value, name] : kKindNames) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string_view to_string(TransformKind kind) {
  switch (kind) {
    case TransformKind::kSimilarity:
      return "similarity";
    case TransformKind::kAffine:
      return "affine";
    case TransformKind::kHomography:
      return "homography";
  }
  return "unknown";
}

std::string_view to_string(MouldVerdict verdict) {
  switch (verdict) {
    case MouldVerdict::kSame:
      return "same";
    case MouldVerdict::kDifferent:
      return "different";
    case MouldVerdict::kCannotTell:
      return "cannot_tell";
  }
  return "unknown";
}

std::string_view to_string(MouldDoubt doubt) {
  switch (doubt) {
    case MouldDoubt::kNone:
      return "none";
    case MouldDoubt::kNotTaught:
      return "not_taught";
    case MouldDoubt::kNotVerified:
      return "not_verified";
    case MouldDoubt::kSmallArea:
      return "small_area";
    case MouldDoubt::kFewDetails:
      return "few_details";
    case MouldDoubt::kUnsureLight:
      return "unsure_light";
    case MouldDoubt::kUndecided:
      return "undecided";
  }
  return "unknown";
}

std::string_view to_string(AddStatus status) {
  switch (status) {
    case AddStatus::kAdded:
      return "added";
    case AddStatus::kDuplicate:
      return "duplicate";
    case AddStatus::kFailed:
      return "failed";
  }
  return "unknown";
}

}  // namespace pressmark
