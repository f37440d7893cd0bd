// SPDX-License-Identifier: Apache-2.0
#include <cassert>
#include <cmath>
#include <limits>

#include "kernels/cpu/stages.hpp"

namespace pressmark::kernels::cpu {
namespace {

void normalise(std::span<float> vector) {
  float squared = 0;
  for (float value : vector) squared += value * value;
  if (squared <= 0) return;
  const float scale = 1.0f / std::sqrt(squared);
  for (float& value : vector) value *= scale;
}

// Index of the centroid with the smallest squared distance; ties: lowest.
int nearest_word(const float* code, const Aggregation& aggregation) {
  int best = 0;
  float best_distance = std::numeric_limits<float>::infinity();
  for (int word = 0; word < aggregation.words; ++word) {
    const float* centroid = &aggregation.centroids[static_cast<std::size_t>(word) * kLocalCodeSize];
    float distance = 0;
    for (int d = 0; d < kLocalCodeSize; ++d) {
      const float difference = code[d] - centroid[d];
      distance += difference * difference;
    }
    if (distance < best_distance) {
      best_distance = distance;
      best = word;
    }
  }
  return best;
}

}  // namespace

// VLAD with intra-normalisation: Jegou et al., CVPR 2010; Arandjelovic and Zisserman, CVPR 2013.
void aggregate(const std::vector<std::int8_t>& codes, const Aggregation& aggregation,
               std::vector<float>& output) {
  assert(codes.size() % kLocalCodeSize == 0);
  const std::size_t vlad_size = static_cast<std::size_t>(aggregation.words) * kLocalCodeSize;
  const bool project = !aggregation.projection.empty();
  std::vector<float> vlad(vlad_size, 0.0f);
  float code[kLocalCodeSize];
  for (std::size_t i = 0; i < codes.size(); i += kLocalCodeSize) {
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      code[d] = static_cast<float>(codes[i + d]) * (1.0f / 127.0f);
    }
    const auto word = static_cast<std::size_t>(nearest_word(code, aggregation));
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      vlad[word * kLocalCodeSize + d] += code[d] - aggregation.centroids[word * kLocalCodeSize + d];
    }
  }
  for (std::size_t w = 0; w < static_cast<std::size_t>(aggregation.words); ++w) {
    normalise(std::span(vlad).subspan(w * kLocalCodeSize, kLocalCodeSize));
  }
  normalise(vlad);
  if (!project) {
    output = std::move(vlad);
    return;
  }
  output.assign(static_cast<std::size_t>(aggregation.global_size), 0.0f);
  if (codes.empty()) return;
  for (std::size_t d = 0; d < vlad_size; ++d) vlad[d] -= aggregation.mean[d];
  for (std::size_t o = 0; o < output.size(); ++o) {
    const float* row = &aggregation.projection[o * vlad_size];
    // Eight partial sums: an order that vector units can follow, fixed for every machine.
    float partial[8] = {};
    for (std::size_t d = 0; d < vlad_size; d += 8) {
      for (std::size_t lane = 0; lane < 8; ++lane) partial[lane] += row[d + lane] * vlad[d + lane];
    }
    output[o] = ((partial[0] + partial[4]) + (partial[1] + partial[5])) +
                ((partial[2] + partial[6]) + (partial[3] + partial[7]));
  }
  normalise(output);
}

}  // namespace pressmark::kernels::cpu
