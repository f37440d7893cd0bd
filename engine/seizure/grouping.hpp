// SPDX-License-Identifier: Apache-2.0
//
// From verified links between photos to marks: groups of photos that show the same mark. Pure: no
// files, no catalogue.
//
// A link by chance is rare, but a seizure has many pairs, and taking every link at its word would
// chain unrelated marks together. So links are weighed:
// - one is *firm* if its score alone makes a false link among all pairs of the seizure improbable
//   (sure_score), or if a third photo is linked with both of its ends;
// - starting from single photos, the two groups with the highest mean score over all pairs between
//   them that were compared (a pair without link counts 0) become one, if a firm link or two links
//   join them, and at least `linked_share` of the compared pairs between them are linked.
// What an examiner stated goes before: photos that belong together are joined first, groups with a
// rejected pair between them never.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pressmark::seizure {

using PhotoIndex = std::uint32_t;

// Two photos that were compared; a < b, each pair at most once.
struct ComparedPair {
  PhotoIndex a = 0, b = 0;
  double score = 0;  // the higher of both directions; 0: compared and not linked
};

struct PhotoPair {
  PhotoIndex a = 0, b = 0;
};

struct GroupingRule {
  double sure_score = 0;
  double linked_share = 0.25;
};

// The score at which so many false links are to be expected among all pairs of so many photos, at
// least `min_score`.
double sure_score(std::int64_t photos, double false_links, double min_score);

struct PhotoGroup {
  std::vector<PhotoIndex> photos;  // ascending
  // The lowest-scored link that is needed to hold the group together when the strongest are taken
  // first (the lightest of a maximum spanning tree); nothing for a single photo, or where only
  // statements hold it.
  std::optional<ComparedPair> weakest;
};

// Every photo is in one group; groups by their first photo. The result depends on the set of
// arguments alone, not on their order.
std::vector<PhotoGroup> group_photos(PhotoIndex photos, std::span<const ComparedPair> pairs,
                                     std::span<const PhotoPair> together,
                                     std::span<const PhotoPair> apart, const GroupingRule& rule);

}  // namespace pressmark::seizure
