// SPDX-License-Identifier: Apache-2.0
#include "engine/index/kmeans.hpp"

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <omp.h>

#include <cassert>
#include <limits>

namespace pressmark::index {

std::vector<float> kmeans(std::span<const float> vectors, int dimension, int k, std::uint64_t seed,
                          int iterations) {
  const std::size_t rows = vectors.size() / static_cast<std::size_t>(dimension);
  assert(rows >= static_cast<std::size_t>(k));
  omp_set_num_threads(1);
  faiss::ClusteringParameters parameters;
  parameters.niter = iterations;
  parameters.seed = static_cast<int>(seed & 0x7fffffff);
  parameters.min_points_per_centroid = 1;
  parameters.max_points_per_centroid = std::numeric_limits<int>::max() / k;
  faiss::Clustering clustering(dimension, k, parameters);
  faiss::IndexFlatL2 assigner(dimension);
  clustering.train(static_cast<std::int64_t>(rows), vectors.data(), assigner);
  return clustering.centroids;
}

}  // namespace pressmark::index
