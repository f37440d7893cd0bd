// SPDX-License-Identifier: Apache-2.0
//
// Dense code of a photo, raw or relit: its field of doubled gradient angles on a grid, compared
// without keypoints. Contrast inversion is invisible to it. All functions are deterministic and
// work on the calling thread alone.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

// Cells per side of the square frame, whose side is the long side of the photo and whose centre is
// the photo's centre.
inline constexpr int kDenseSide = 64;

// Real parts, then imaginary parts, row by row; the largest part of a code that is not all zero is
// +-127.
struct DenseCode {
  std::array<std::int8_t, 2 * kDenseSide * kDenseSide> values{};
  bool operator==(const DenseCode&) const = default;
};

// A position of the query on the candidate: x of the query is at A x + shift of the candidate, both
// in sides of the frame from its centre (y down).
struct DensePosition {
  std::array<double, 4> linear{1, 0, 0, 1};  // A, row by row
  double shift_x = 0, shift_y = 0;
};

// score: correlation of the two fields in this position, [-1, 1]; 0 where one holds nothing.
struct DenseMatch {
  float score = 0;
  DensePosition position;
};

// d = mean over the cell and over gradients at sigma 1.5 and 3 px of w g^2 / |g|^2, g complex,
// w = |g|^2 / (|g|^2 + b(angle)), where b is the photo's mean energy of gradients in that
// direction, so that the light's azimuth favours none. Its mean and its part below a Gaussian of 6
// cells are removed, and it fades out towards the frame's border (Gaussian of .35 sides). masked:
// of the image's size or empty. Images below 3 px: all zero.
void dense_code(const GreyImage& image, const GreyImage& masked, DenseCode& code);

// Spectra of a query in all rotations and scales, about 3 MB.
class DenseQuery {
 public:
  explicit DenseQuery(const DenseCode& code);
  ~DenseQuery();
  DenseQuery(DenseQuery&&) noexcept;
  DenseQuery& operator=(DenseQuery&&) noexcept;

  // The best similarity of each candidate, at half resolution: all shifts up to half a side, 32
  // rotations, scales 2^(i / 4) from 1/2 to 2. May be called from several threads.
  void search(std::span<const DenseCode> candidates, std::span<DenseMatch> matches) const;

 private:
  struct Bank;
  std::unique_ptr<const Bank> bank_;
};

// Mean and standard deviation of a photo's scores against a cohort of others.
struct CohortStatistics {
  float mean = 0, deviation = 1;
};

// Of DenseQuery::search. An empty cohort: {0, 1}.
CohortStatistics cohort_statistics(const DenseQuery& query, std::span<const DenseCode> cohort);

// Symmetric normalisation (S-norm; Kenny, Odyssey 2010): mean of the two z-scores.
float normalised_score(float score, const CohortStatistics& query,
                       const CohortStatistics& candidate);

// Affine ascent from match.position at full resolution. The score is the correlation over the cells
// of the candidate that the query covers; each field counts with half its energy at least, so that
// a small overlap cannot score high. The result's score may be below match.score, which is of
// another resolution.
DenseMatch refine_match(const DenseCode& query, const DenseCode& candidate,
                        const DenseMatch& match);

// A square of the query's frame (sides of the frame from its upper left corner) that was moved by
// itself: shift_x, shift_y (sides, in the candidate) beyond match.position gave the correlation
// `score`.
struct DenseCell {
  float x = 0, y = 0, side = 0, shift_x = 0, shift_y = 0, score = 0;
  bool agrees = false;
};

// Congruent cells (after Song, NIST 2013): 6 x 6 squares, those without content or outside the
// candidate left out. A cell agrees if its score is at least .5 and its shift within one grid cell
// of the median shift.
std::vector<DenseCell> congruent_cells(const DenseCode& query, const DenseCode& candidate,
                                       const DenseMatch& match);

}  // namespace pressmark::kernels::cpu
