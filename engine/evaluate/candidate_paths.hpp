// SPDX-License-Identifier: Apache-2.0
//
// The ways by which the engine finds candidates, each as a full ranking of the gallery.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/index/global_index.hpp"
#include "engine/index/local_index.hpp"
#include "kernels/ops.hpp"
#include "pressmark/model.hpp"
#include "pressmark/types.hpp"

namespace pressmark::evaluation {

class CandidatePaths {
 public:
  // `gallery` is only read here, `model` made it.
  CandidatePaths(std::span<const Description> gallery, const Model& model);

  static std::span<const std::string_view> names();

  // For each path all gallery images but `self`, best first. The last path is what the engine
  // goes by. Safe to call from many threads.
  std::vector<std::vector<std::size_t>> rank(const Description& query, std::size_t self) const;

 private:
  std::unique_ptr<kernels::Backend> backend_;
  Model model_;
  index::GlobalIndex global_;
  index::LocalIndex local_;
};

}  // namespace pressmark::evaluation
