// SPDX-License-Identifier: Apache-2.0
//
// Accuracy and cost of methods over the same photos and pairs. Methods take turns at each photo and
// at each query, so that whatever disturbs the machine disturbs all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/compare/method.hpp"
#include "engine/image/image.hpp"

namespace pressmark::compare {

// What docs/evaluation.md defines, for the question "same identity"; empty where there are no mates
// or no others.
struct Accuracy {
  std::optional<double> mean_average_precision, recall_at_1, auc, tpr_at_fpr_001;  // at .1 %
};

// Means, CPU time of the process.
struct Cost {
  double describe_ms = 0;  // a decoded photo
  double prepare_ms = 0;   // a query, once for all its comparisons
  double compare_us = 0;   // a pair
  double bytes = 0;        // an image
  // A photo described and compared with so many others.
  double query_ms(int candidates) const {
    return describe_ms + prepare_ms + candidates * compare_us / 1e3;
  }
};

struct Figures {
  std::string name, title;
  Accuracy accuracy;
  Cost cost;
};

// Scores of all pairs of `photos` images, one of each two.
class PairScores {
 public:
  explicit PairScores(std::size_t photos) : photos_(photos), scores_(photos * photos) {}
  std::size_t photos() const { return photos_; }
  void set(std::size_t a, std::size_t b, float score) {
    scores_[a * photos_ + b] = scores_[b * photos_ + a] = score;
  }
  float at(std::size_t a, std::size_t b) const { return scores_[a * photos_ + b]; }

 private:
  std::size_t photos_;
  std::vector<float> scores_;
};

// Each photo asked about that has a mate and a non-mate, each time beside all others. `identities`:
// of each photo; equal ones are mates.
Accuracy accuracy_of(const PairScores& scores, std::span<const std::string> identities);

struct Progress {
  std::size_t done = 0, total = 0;  // photos, then pairs
};

// Calls photo(i) for each of `identities`, in order. A pair is compared once, the first as the
// query, and counts both ways.
std::vector<Figures> measure(const Methods& methods, std::span<const std::string> identities,
                             const std::function<image::Photo(std::size_t)>& photo,
                             const std::function<void(const Progress&)>& on_progress);

}  // namespace pressmark::compare
