// SPDX-License-Identifier: Apache-2.0
//
// Dense code of a photo: its field of doubled gradient angles on a grid, compared without
// keypoints. Contrast inversion is invisible to it. All functions are deterministic and work on the
// calling thread alone.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

// d = mean over the cell and over gradients at sigma 1.5 and 3 px of w g^2 / |g|^2, g complex,
// w = |g|^2 / (|g|^2 + b(angle)), where b is the photo's mean energy of gradients in that
// direction, so that the light's azimuth favours none. Its mean and its part below a Gaussian of 6
// cells are removed, and it fades out towards the frame's border (Gaussian of .35 sides). masked:
// of the image's size or empty. Images below 3 px: all zero.
void dense_code(const GreyImage& image, const GreyImage& masked, DenseCode& code);

// Spectra of a query in all rotations and scales, 0.9 MB. A thread that searches keeps 1.1 MB.
class DenseQuery final : public DenseSearch {
 public:
  explicit DenseQuery(const DenseCode& code);
  ~DenseQuery() override;

  void search(std::span<const DenseCode> candidates, std::span<DenseMatch> matches) const override;

 private:
  struct Bank;
  std::unique_ptr<Bank> bank_;
};

// Spectra of the cohort's codes, 9 KB each.
class CohortSpectra final : public DenseCohort {
 public:
  explicit CohortSpectra(std::span<const DenseCode> cohort);
  ~CohortSpectra() override;

  CohortStatistics statistics(const DenseCode& code) const override;

 private:
  struct Members;
  std::unique_ptr<const Members> members_;
};

// Affine ascent from match.position at full resolution. The score is the correlation over the cells
// of the candidate that the query covers; each field counts with half its energy at least, so that
// a small overlap cannot score high. The result's score may be below match.score, which is of
// another resolution.
DenseMatch refine_match(const DenseCode& query, const DenseCode& candidate,
                        const DenseMatch& match);

// Congruent cells (after Song, NIST 2013): 6 x 6 squares, those without content or outside the
// candidate left out. A cell agrees if its score is at least .5 and its shift within one grid cell
// of the median shift.
std::vector<DenseCell> congruent_cells(const DenseCode& query, const DenseCode& candidate,
                                       const DenseMatch& match);

}  // namespace pressmark::kernels::cpu
