// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/candidate_paths.hpp"

#include <array>

namespace pressmark::evaluation {

CandidatePaths::CandidatePaths(std::span<const Description> gallery, int global_size)
    : global_(global_size) {
  for (std::size_t i = 0; i < gallery.size(); ++i) {
    const auto id = static_cast<ImageId>(i);
    global_.add({&id, 1}, gallery[i].global);
  }
}

std::span<const std::string_view> CandidatePaths::names() {
  static constexpr std::array<std::string_view, 1> kNames{"global"};
  return kNames;
}

std::vector<std::vector<std::size_t>> CandidatePaths::rank(const Description& query,
                                                           std::size_t self) const {
  const auto size = static_cast<std::size_t>(global_.size());
  std::vector<std::size_t> images;
  std::vector<char> is_listed(size, 0);
  const auto list = [&](std::size_t image) {
    if (image == self || is_listed[image] != 0) return;
    is_listed[image] = 1;
    images.push_back(image);
  };
  for (const index::Neighbour& neighbour : global_.search(query.global, static_cast<int>(size))) {
    list(static_cast<std::size_t>(neighbour.id));
  }
  // An index may leave out what it cannot place.
  for (std::size_t image = 0; image < size; ++image) list(image);
  return {std::move(images)};
}

}  // namespace pressmark::evaluation
