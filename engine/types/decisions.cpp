// SPDX-License-Identifier: Apache-2.0
#include "pressmark/decisions.hpp"

#include <utility>

namespace pressmark {
namespace {

constexpr std::pair<Verdict, std::string_view> kVerdictNames[] = {
    {Verdict::kConfirmed, "confirmed"},
    {Verdict::kRejected, "rejected"},
    {Verdict::kNote, "note"},
};

}  // namespace

std::string_view to_string(Verdict verdict) {
  for (const auto& [value, name] : kVerdictNames) {
    if (value == verdict) return name;
  }
  return "unknown";
}

std::optional<Verdict> verdict_from_string(std::string_view text) {
  for (const auto& [value, name] : kVerdictNames) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace pressmark
