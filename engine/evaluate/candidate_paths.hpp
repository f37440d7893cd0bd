// SPDX-License-Identifier: Apache-2.0
//
// The ways by which the engine finds candidates, each as a full ranking of the gallery.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "engine/candidates/candidate_finder.hpp"
#include "kernels/ops.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::evaluation {

class CandidatePaths {
 public:
  // `gallery` is only read here, `model` made it; the backend must outlive it.
  CandidatePaths(std::span<const Description> gallery, const models::ModelData& model,
                 const kernels::Backend& backend, const SearchOptions& options);

  static std::vector<std::string_view> names() {
    return {"global", "local_votes", "dense", "union"};
  }

  // For each path all gallery images but `self`, best first. The last path is what the engine
  // goes by. Safe to call from many threads.
  std::vector<std::vector<std::size_t>> rank(const Description& query, std::size_t self) const;

 private:
  const kernels::Backend& backend_;
  SearchOptions options_;
  std::size_t size_;
  candidates::CandidateFinder finder_;
};

}  // namespace pressmark::evaluation
