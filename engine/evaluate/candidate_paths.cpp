// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/candidate_paths.hpp"

#include <array>

#include "engine/index/unite_candidates.hpp"
#include "engine/model/model_data.hpp"

namespace pressmark::evaluation {
namespace {

index::LocalIndex make_local_index(const kernels::Backend& backend, const models::ModelData& data) {
  return {backend,
          {{{data.raw.words(), data.raw.even_size}, {data.relit.words(), data.relit.even_size}}}};
}

}  // namespace

CandidatePaths::CandidatePaths(std::span<const Description> gallery, const Model& model)
    : backend_(kernels::make_cpu_backend()),
      model_(model),
      global_(model.global_size()),
      local_(make_local_index(*backend_, model_.data())) {
  for (std::size_t i = 0; i < gallery.size(); ++i) {
    const auto id = static_cast<ImageId>(i);
    global_.add({&id, 1}, gallery[i].global);
    local_.add(id, gallery[i]);
  }
}

std::span<const std::string_view> CandidatePaths::names() {
  static constexpr std::array<std::string_view, 3> kNames{"global", "local_votes", "union"};
  return kNames;
}

std::vector<std::vector<std::size_t>> CandidatePaths::rank(const Description& query,
                                                           std::size_t self) const {
  const auto size = static_cast<std::size_t>(global_.size());
  std::vector<ImageId> by_votes, by_global;
  for (const index::VotedImage& image : local_.search(query, static_cast<int>(size))) {
    by_votes.push_back(image.id);
  }
  for (const index::Neighbour& neighbour : global_.search(query.global, static_cast<int>(size))) {
    by_global.push_back(neighbour.id);
  }
  // The query itself would take the place of a candidate in one of the rankings that are united.
  std::erase(by_votes, static_cast<ImageId>(self));
  std::erase(by_global, static_cast<ImageId>(self));
  const auto complete = [&](const std::vector<ImageId>& ranking) {
    std::vector<std::size_t> images(ranking.begin(), ranking.end());
    std::vector<char> is_listed(size, 0);
    is_listed[self] = 1;
    for (const std::size_t image : images) is_listed[image] = 1;
    // An index may leave out what it cannot place.
    for (std::size_t image = 0; image < size; ++image) {
      if (is_listed[image] == 0) images.push_back(image);
    }
    return images;
  };
  return {complete(by_global), complete(by_votes),
          complete(index::unite_candidates(by_votes, by_global, size))};
}

}  // namespace pressmark::evaluation
