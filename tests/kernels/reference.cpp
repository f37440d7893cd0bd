// SPDX-License-Identifier: Apache-2.0
#include "reference.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace pressmark::kernels::reference {
namespace {

void normalise(std::span<double> vector) {
  double squared = 0;
  for (double value : vector) squared += value * value;
  if (squared <= 0) return;
  for (double& value : vector) value /= std::sqrt(squared);
}

// projection * (vector - mean), of unit length.
std::vector<double> project(std::span<const double> vector, std::span<const float> mean,
                            std::span<const float> projection) {
  std::vector<double> result(projection.size() / mean.size(), 0.0);
  for (std::size_t row = 0; row < result.size(); ++row) {
    for (std::size_t d = 0; d < mean.size(); ++d) {
      result[row] += double{projection[row * mean.size() + d]} * (vector[d] - double{mean[d]});
    }
  }
  normalise(result);
  return result;
}

// Of two codes; the elements from even_size on count as `odd_sign` times themselves.
struct Similarity {
  int even_size, odd_sign;

  int operator()(const CodesView& a, std::size_t i, const CodesView& b, std::size_t j) const {
    int sum = 0;
    for (int d = 0; d < kLocalCodeSize; ++d) {
      const int product = a.codes[i * kLocalCodeSize + static_cast<std::size_t>(d)] *
                          b.codes[j * kLocalCodeSize + static_cast<std::size_t>(d)];
      sum += d < even_size ? product : odd_sign * product;
    }
    return sum;
  }

  // Of unit-length codes.
  double squared_distance(const CodesView& a, std::size_t i, const CodesView& b,
                          std::size_t j) const {
    return std::max(0.0, 2.0 - 2.0 * (*this)(a, i, b, j) / (127.0 * 127.0));
  }

  // Of the first among equals.
  std::size_t nearest(const CodesView& from, std::size_t i, const CodesView& to) const {
    std::size_t best = 0;
    for (std::size_t j = 1; j < to.keypoints.size(); ++j) {
      if ((*this)(from, i, to, j) > (*this)(from, i, to, best)) best = j;
    }
    return best;
  }
};

std::vector<CodeMatch> match_under(const Similarity& similarity, const CodesView& query,
                                   const CodesView& candidate, float ratio) {
  std::vector<CodeMatch> matches;
  if (candidate.keypoints.empty()) return matches;
  for (std::size_t q = 0; q < query.keypoints.size(); ++q) {
    const std::size_t best = similarity.nearest(query, q, candidate);
    if (similarity.nearest(candidate, best, query) != q) continue;
    const double squared = similarity.squared_distance(query, q, candidate, best);
    bool beaten = false;
    for (std::size_t c = 0; c < candidate.keypoints.size(); ++c) {
      const double dx = candidate.keypoints[c].x_px - candidate.keypoints[best].x_px;
      const double dy = candidate.keypoints[c].y_px - candidate.keypoints[best].y_px;
      if (dx * dx + dy * dy <= 10.0 * 10.0) continue;
      const double allowed = double{ratio} * double{ratio};
      beaten = beaten || squared > allowed * similarity.squared_distance(query, q, candidate, c);
    }
    if (beaten) continue;
    matches.push_back(
        {static_cast<int>(q), static_cast<int>(best), static_cast<float>(std::sqrt(squared))});
  }
  return matches;
}

}  // namespace

std::vector<double> block_means(const GreyImage& image, int factor) {
  std::vector<double> means;
  for (int y = 0; y < image.height; y += factor) {
    for (int x = 0; x < image.width; x += factor) {
      double sum = 0;
      for (int v = y; v < y + factor; ++v) {
        for (int u = x; u < x + factor; ++u) {
          sum += image.pixels[static_cast<std::size_t>(v * image.width + u)];
        }
      }
      means.push_back(sum / (factor * factor));
    }
  }
  return means;
}

std::vector<double> embed(const std::vector<float>& descriptors, const Whitening& whitening) {
  std::vector<double> codes;
  for (std::size_t i = 0; i < descriptors.size(); i += kDescriptorSize) {
    const std::vector<double> descriptor(&descriptors[i], &descriptors[i] + kDescriptorSize);
    for (double value : project(descriptor, whitening.mean, whitening.projection)) {
      codes.push_back(127 * value);
    }
  }
  return codes;
}

std::vector<double> aggregate(const std::vector<std::int8_t>& codes,
                              const Aggregation& aggregation) {
  const auto words = static_cast<std::size_t>(aggregation.words);
  std::vector<double> vlad(words * kLocalCodeSize, 0.0);
  for (std::size_t i = 0; i < codes.size(); i += kLocalCodeSize) {
    std::size_t word = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t w = 0; w < words; ++w) {
      double squared = 0;
      for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
        const double difference =
            codes[i + d] / 127.0 - double{aggregation.centroids[w * kLocalCodeSize + d]};
        squared += difference * difference;
      }
      if (squared < least) {
        least = squared;
        word = w;
      }
    }
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      vlad[word * kLocalCodeSize + d] +=
          codes[i + d] / 127.0 - double{aggregation.centroids[word * kLocalCodeSize + d]};
    }
  }
  for (std::size_t w = 0; w < words; ++w) {
    normalise(std::span(vlad).subspan(w * kLocalCodeSize, kLocalCodeSize));
  }
  normalise(vlad);
  if (aggregation.projection.empty()) return vlad;
  if (codes.empty()) {
    return std::vector<double>(static_cast<std::size_t>(aggregation.global_size), 0.0);
  }
  return project(vlad, aggregation.mean, aggregation.projection);
}

SignedMatches match(const CodesView& query, const CodesView& candidate, int even_size,
                    float ratio) {
  return {match_under({even_size, 1}, query, candidate, ratio),
          match_under({even_size, -1}, query, candidate, ratio)};
}

}  // namespace pressmark::kernels::reference
