// SPDX-License-Identifier: Apache-2.0
//
// The ways by which the engine finds candidates, each as a full ranking of the gallery.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "engine/index/global_index.hpp"
#include "pressmark/types.hpp"

namespace pressmark::evaluation {

class CandidatePaths {
 public:
  // `gallery` is only read here. `global_size` is the model's.
  CandidatePaths(std::span<const Description> gallery, int global_size);

  static std::span<const std::string_view> names();

  // For each path all gallery images but `self`, best first. The last path is what the engine
  // goes by. Safe to call from many threads.
  std::vector<std::vector<std::size_t>> rank(const Description& query, std::size_t self) const;

 private:
  index::GlobalIndex global_;
};

}  // namespace pressmark::evaluation
