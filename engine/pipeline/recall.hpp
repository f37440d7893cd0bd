// SPDX-License-Identifier: Apache-2.0
//
// How much of a reference answer another answer holds, over many queries.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "pressmark/catalogue.hpp"

namespace pressmark::pipeline {

// Share of `expected` that is in `found`, in any order; 1 where nothing is expected.
double share_found(std::span<const ImageId> expected, std::span<const ImageId> found);

// Wilson's 95 % interval (JASA 1927) of a mean of `count` shares, each of which counts as one
// observation: they vary less than observations of yes and no, so that it is rather too wide.
// count > 0.
std::pair<double, double> wilson_interval(double share, std::int64_t count);

// Joins what queries say of the candidates of two searches.
class CandidateTally {
 public:
  // As many images as a query has candidates in match(), and may have links to.
  static constexpr std::size_t kCompared = SearchOptions{}.candidates;

  // `images`: of the catalogue. Figures for as many first candidates as are fewer.
  explicit CandidateTally(std::int64_t images);

  // The most candidates that add() looks at.
  int deepest() const { return figures_.empty() ? 0 : figures_.back().k; }

  void add(std::span<const ImageId> thorough, std::span<const ImageId> fast);

  // Of one query the images among the first kCompared of either search, by id.
  static std::vector<ImageId> to_verify(std::span<const ImageId> thorough,
                                        std::span<const ImageId> fast);
  // Those of them that were verified, by id.
  void add_links(std::span<const ImageId> verified, std::span<const ImageId> fast);

  // Without queries all recalls are 1.
  CandidateAudit result() const;

 private:
  std::vector<CandidateShare> figures_;  // recall: the sum so far
  std::int64_t queries_ = 0, links_ = 0, links_found_ = 0;
};

}  // namespace pressmark::pipeline
