// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/candidate_paths.hpp"

namespace pressmark::evaluation {

CandidatePaths::CandidatePaths(std::span<const Description> gallery, const models::ModelData& model,
                               const kernels::Backend& backend, const SearchOptions& options)
    : backend_(backend), options_(options), size_(gallery.size()), finder_(backend, model) {
  for (std::size_t i = 0; i < gallery.size(); ++i) {
    finder_.add(static_cast<ImageId>(i), gallery[i]);
  }
}

std::vector<std::vector<std::size_t>> CandidatePaths::rank(const Description& query,
                                                           std::size_t self) const {
  // Without `self`, which would take the place of a candidate in one of the rankings.
  const auto dense = backend_.prepare_search(query.dense);
  const candidates::CandidateFinder::Query asked{&query, dense.get(), static_cast<ImageId>(self)};
  const candidates::Rankings rankings =
      finder_.find({&asked, 1}, static_cast<int>(size_), options_).front();
  const auto complete = [&](const std::vector<ImageId>& ranking) {
    std::vector<std::size_t> images(ranking.begin(), ranking.end());
    std::vector<char> is_listed(size_, 0);
    is_listed[self] = 1;
    for (const std::size_t image : images) is_listed[image] = 1;
    // An index may leave out what it cannot place.
    for (std::size_t image = 0; image < size_; ++image) {
      if (is_listed[image] == 0) images.push_back(image);
    }
    return images;
  };
  return {complete(rankings.global), complete(rankings.votes), complete(rankings.dense),
          complete(rankings.united)};
}

}  // namespace pressmark::evaluation
