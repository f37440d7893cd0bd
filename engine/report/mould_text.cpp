// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <string>

#include "pressmark/report.hpp"

namespace pressmark {
namespace {

// Median of pairs of different moulds of one design (docs/decisions/0007-same-mould.md).
constexpr double kDetailOfDesignAlone = 0.18;

// Beyond it a likelihood ratio is the model's extrapolation: training saw some thousand pairs.
constexpr double kLargestLog10Ratio = 2;

std::string ratio_text(double evidence) {
  const double ratio = evidence / std::numbers::ln10;
  if (std::abs(ratio) < kLargestLog10Ratio + 0.05) return fmt::format("{:+.1f}", ratio);
  return fmt::format("beyond {:+.0f}, as far as training can tell",
                     std::copysign(kLargestLog10Ratio, ratio));
}

std::string_view reason_of(MouldDoubt doubt) {
  switch (doubt) {
    case MouldDoubt::kNotTaught:
      return "the model in use was not taught to tell moulds of one design apart";
    case MouldDoubt::kNotVerified:
      return "the two photos are not linked with enough certainty";
    case MouldDoubt::kSmallArea:
      return "what agrees covers too little of the photos";
    case MouldDoubt::kFewDetails:
      return "too little detail lies in what both photos show";
    case MouldDoubt::kUnsureLight:
      return "details differ, but it is not known that both photos were lit so as to show them";
    case MouldDoubt::kNone:
    case MouldDoubt::kUndecided:
      break;
  }
  return "the individual details speak clearly neither for one mould nor for two";
}

}  // namespace

std::string explain(const MouldAnswer& answer) {
  std::string text;
  const bool is_same = answer.verdict == MouldVerdict::kSame;
  if (answer.verdict == MouldVerdict::kCannotTell) {
    text = fmt::format(
        "Whether one physical mould made both marks, or two moulds of one design, cannot be told: "
        "{}.",
        reason_of(answer.doubt));
  } else {
    text = fmt::format(
        "The individual details support {} (log10 of the likelihood ratio {}). When the model "
        "was trained, {:.0f} in 100 pairs {} got this answer.",
        is_same ? "that one physical mould made both marks, over another mould of the same design"
                : "that another mould of the same design made the second mark, over one and the "
                  "same",
        ratio_text(answer.evidence), 100 * (is_same ? kMouldFalseSame : kMouldFalseDifferent),
        is_same ? "of different moulds" : "of one mould");
  }
  if (answer.detail_patches > 0) {
    text += fmt::format(
        " Laid over each other, the photos agree in their fine detail to {:.2f} (mean over {} "
        "patches; 1: everywhere; about {:.2f}: only along the lines of the design).",
        answer.detail_strength, answer.detail_patches, kDetailOfDesignAlone);
  }
  const int fine = answer.raw.fine + answer.relit.fine;
  const int coarse = answer.raw.coarse + answer.relit.coarse;
  if (fine + coarse > 0) {
    text += fmt::format(
        " Of {} fine details in what both photos show, {} are shared, of {} coarse ones, mostly of "
        "the design, {}.",
        fine, answer.raw.fine_shared + answer.relit.fine_shared, coarse,
        answer.raw.coarse_shared + answer.relit.coarse_shared);
    if (answer.light_gap_deg) {
      text += fmt::format(" The lights differ by about {:.0f} degrees.", *answer.light_gap_deg);
    }
  }
  return text;
}

}  // namespace pressmark
