// SPDX-License-Identifier: Apache-2.0
//
// Options of every stage. Aggregates with usable defaults; each struct checks itself with
// validate(), which throws Error(kInvalidArgument) naming the field. Command line, C++ and later
// bindings share these structs, so a default exists once.
#pragma once

#include <cstdint>

#include "pressmark/export.hpp"
#include "pressmark/filter.hpp"

namespace pressmark {

// Reading a photo. Both limits are tested on the file's size and header, before its pixels are
// decoded or memory for them is allocated.
struct PRESSMARK_API DecodeOptions {
  std::int64_t max_file_bytes = std::int64_t{512} << 20;  // >= 1
  std::int64_t max_pixels = 200'000'000;                  // >= 1; 30 000 x 30 000 is refused
  void validate() const;
};

// Describing a photo. Fixed when a catalogue is created: queries use the catalogue's values.
struct PRESSMARK_API DescribeOptions {
  int long_side_px = 512;   // 64..1000; photos are reduced to this, never enlarged
  int max_keypoints = 512;  // 16..4096; strongest first; memory and match time grow with it
  void validate() const;
  bool operator==(const DescribeOptions&) const = default;
};

// Finding candidates: by votes of local codes, by global vector and by correlation of dense codes,
// in all positions in a catalogue that is small enough, else where votes propose.
struct PRESSMARK_API SearchOptions {
  static constexpr int kMostDenseImages = 10'000;
  int candidates = 100;  // 1..100000; each is verified, so time grows with it
  // 0..kMostDenseImages; largest catalogue correlated in all positions: 1.6 ms per image.
  int dense_images = 500;
  // In a larger catalogue only those images are looked at closely whose codes look alike at all:
  // all of them among some 30 000, an eighth among a million. On: all, in time that grows with the
  // catalogue (docs/decisions/0006-candidates-by-local-votes.md).
  bool is_thorough = false;
  void validate() const;
};

// Geometric verification of candidates.
struct PRESSMARK_API VerifyOptions {
  float ratio = 0.95f;        // (0, 1]; distance to best / distance to best elsewhere
  float threshold_px = 3.0f;  // (0, 50]; transfer error of an inlier, canonical pixels
  int min_inliers = 6;        // >= 4; distinct places
  int min_cells = 10;         // 1..36; congruent cells that do where there are fewer inliers
  double min_score = 3.5;     // >= 0; see Verification::score: one false hit in 3000 photos
  void validate() const;
};

struct PRESSMARK_API MatchOptions {
  SearchOptions search;
  VerifyOptions verify;
  // Keypoints per query, 16..4096. More than the catalogue's, because a query shows its
  // surroundings too; match time grows with it.
  int query_keypoints = 1024;
  // Photos with a quality_problem() are not compared: they would give false hits. Off: they are.
  bool quality_gate = true;
  // Hits that an examiner rejected stay away. On: they come with Hit::verdict.
  bool show_rejected = false;
  int max_hits = 10;  // 1..10000; best first
  // Only images that fulfil it are searched: candidates are the best of these, and expected false
  // hits count these alone.
  ImageFilter filter;
  void validate() const;
};

}  // namespace pressmark
