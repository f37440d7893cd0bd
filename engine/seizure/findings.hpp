// SPDX-License-Identifier: Apache-2.0
//
// What a run found: the marks of the seizure and what they are linked to, made from the journals.
// Holds numbers and scores, some hundred bytes a photo; texts are read again where they are
// written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/seizure/answers.hpp"
#include "engine/seizure/plan.hpp"
#include "pressmark/catalogue.hpp"
#include "pressmark/types.hpp"

namespace pressmark::seizure {

// A photo that is compared.
struct MarkedPhoto {
  ImageId id = 0;          // in the working catalogue
  std::int64_t input = 0;  // its line of the list of inputs
  Sha256 sha256;
  std::int32_t package = -1;  // index in Findings::packages; -1: none is stated
  std::int32_t mark = -1;     // index in Findings::marks
  ImageId catalogued = 0;     // the same file in the catalogue, which is no link; 0: not there
};

// Verdicts about the mould among verified pairs.
struct MouldCounts {
  int same = 0, different = 0, cannot_tell = 0;
  void add(MouldVerdict verdict) {
    ++(verdict == MouldVerdict::kSame        ? same
       : verdict == MouldVerdict::kDifferent ? different
                                             : cannot_tell);
  }
};

// A link between two photos of the seizure; a < b are indexes in Findings::photos.
struct WithinLink {
  std::uint32_t a = 0, b = 0;
  PairFigures best;          // of both directions, the one that scores higher
  bool is_from_a = true;     // that one's query
  bool is_rejected = false;  // by an examiner: takes no part
  bool is_confirmed = false;
};

// One photo of a mark that hits a catalogued image.
struct PhotoHit {
  std::uint32_t photo = 0;
  PairFigures figures;
  bool is_rejected = false, is_confirmed = false;
};

// A mark beside a catalogued image.
struct OutsideLink {
  ImageId image = 0;
  double score = 0;  // of all photos of the mark together (MarkHit::score)
  double expected_false_hits = 0;
  bool holds = false;  // the score reaches the threshold of a hit
  MouldCounts mould;
  std::vector<PhotoHit> hits;  // by score; rejected ones last, at least one
  bool is_confirmed() const;   // one of the hits is
  bool is_rejected() const { return hits.front().is_rejected; }  // all of them are
};

struct Mark {
  int number = 0;                     // from 1
  std::vector<std::uint32_t> photos;  // indexes in Findings::photos, ascending
  int packages = 0;                   // different ones that are stated
  int unpacked = 0;                   // photos that state none: each may be a package of its own
  int carriers() const { return packages + unpacked; }
  std::int64_t links = 0;                // among its photos
  MouldCounts mould;                     // of these
  std::optional<std::uint32_t> weakest;  // index in Findings::within
  std::vector<std::string> names;        // that the manifest gives its photos, sorted
  std::vector<OutsideLink> outside;      // those that hold first, by score, then image id
  bool is_linked() const { return !outside.empty() && outside.front().holds; }
};

struct Findings {
  std::vector<MarkedPhoto> photos;  // ids ascend
  std::vector<std::string> packages;
  std::vector<WithinLink> within;  // by (a, b); all links, also between photos of different marks
  std::vector<Mark> marks;         // most carriers first, then most photos, then the first photo
  double sure_score = 0;           // see grouping.hpp
  std::int64_t inputs = 0, duplicates = 0, failed = 0, unusable = 0;
  std::int64_t decisions = 0;  // verdicts of examiners that concern links of this run
};

Findings find_marks(const std::filesystem::path& directory, const Plan& plan,
                    const Catalogue& catalogue);

// "M001"
std::string mark_name(int number);
std::string mark_name(const Mark& mark);

}  // namespace pressmark::seizure
