// SPDX-License-Identifier: Apache-2.0
#include "hit_table.hpp"

#include <fmt/format.h>

#include <string>

#include "image_selection.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

std::string_view short_text(MouldVerdict verdict) {
  return verdict == MouldVerdict::kCannotTell ? "?" : to_string(verdict);
}

}  // namespace

void print_hits(const QueryResult& result) {
  if (!result.ok) return;
  if (result.hits.empty()) {
    print_line(fmt::format("{}  {}", styled(Style::kBold, display(result.file)),
                           styled(Style::kYellow, "no match")));
    return;
  }
  print_line(styled(Style::kBold, display(result.file)));
  print_line(styled(
      Style::kDim,
      "  rank    score  inliers  cells  area   scale  rotation  transform   mould      image"));
  int rank = 0;
  for (const Hit& hit : result.hits) {
    const Verification& v = hit.verification;
    print_line(
        fmt::format("  {:>4}  {:>7.1f}  {:>7}  {:>5}  {:>3.0f} %  {:>5.2f}  {:>6.1f} °  {:<10}  "
                    "{:<9}  {} {}{}{}",
                    ++rank, v.score, v.inlier_count, v.dense.agreeing_cells, 100 * v.area_hit,
                    v.transform.scale, v.transform.rotation_deg, to_string(v.transform.kind),
                    short_text(v.mould.verdict), hit.image.id, display(hit.image.file),
                    describe_origin(hit.image.facts),
                    hit.verdict ? fmt::format("  [{}]", to_string(*hit.verdict)) : std::string()));
  }
}

void print_hits(const MarkResult& result) {
  const std::string title =
      styled(Style::kBold,
             fmt::format("mark {}: {} photo{} together", display(std::string_view(result.mark)),
                         result.photos.size(), result.photos.size() == 1 ? "" : "s"));
  if (result.hits.empty()) {
    print_line(fmt::format("{}  {}", title, styled(Style::kYellow, "no match")));
    return;
  }
  print_line(title);
  print_line(styled(Style::kDim, "  rank    score  hit by  image"));
  int rank = 0;
  for (const MarkHit& hit : result.hits) {
    print_line(fmt::format("  {:>4}  {:>7.1f}  {:>6}  {} {}{}", ++rank, hit.score, hit.photos,
                           hit.image.id, display(hit.image.file),
                           describe_origin(hit.image.facts)));
  }
}

}  // namespace pressmark::cli
