// SPDX-License-Identifier: Apache-2.0
#include "engine/train/vocabulary.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "engine/index/kmeans.hpp"

namespace pressmark::train {
namespace {

// More codes make k-means slower and its words hardly better; fewer leave words of one code each.
constexpr std::size_t kMostCodesPerWord = 32, kLeastCodesPerWord = 16;
constexpr int kIterations = 10;

}  // namespace

std::vector<std::int8_t> learn_vocabulary(std::span<const LocalCodes* const> photos, int even_size,
                                          int most_words, std::uint64_t seed) {
  std::size_t total = 0;
  for (const LocalCodes* photo : photos) total += photo->indexed_count();
  if (total == 0) return std::vector<std::int8_t>(kLocalCodeSize);  // one word for all
  const std::size_t words =
      std::clamp<std::size_t>(total / kLeastCodesPerWord, 1, static_cast<std::size_t>(most_words));
  const std::size_t wanted = std::min(total, words * kMostCodesPerWord);
  std::vector<float> vectors;
  vectors.reserve(wanted * kLocalCodeSize);
  std::size_t seen = 0;
  for (std::size_t p = 0; p < photos.size(); ++p) {
    const bool inverted = p % 2 == 1;
    for (std::size_t i = 0; i < photos[p]->indexed_count(); ++i, ++seen) {
      // Evenly over all codes.
      if (seen * wanted / total == (seen + 1) * wanted / total) continue;
      const std::int8_t* code = &photos[p]->codes[i * kLocalCodeSize];
      for (int d = 0; d < kLocalCodeSize; ++d) {
        const float sign = inverted && d >= even_size ? -1.0f : 1.0f;
        vectors.push_back(sign * static_cast<float>(code[d]) / 127.0f);
      }
    }
  }
  const std::vector<float> centroids =
      index::kmeans(vectors, kLocalCodeSize, static_cast<int>(words), seed, kIterations);
  std::vector<std::int8_t> vocabulary(centroids.size());
  std::transform(centroids.begin(), centroids.end(), vocabulary.begin(), [](float value) {
    return static_cast<std::int8_t>(std::clamp(std::nearbyint(127.0f * value), -127.0f, 127.0f));
  });
  return vocabulary;
}

}  // namespace pressmark::train
