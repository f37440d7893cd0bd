// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "kernels/cpu/stages.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/aggregate.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// distances[w] = sum over d, in order, of (code[d] - columns[d * words + w])^2; words: a multiple
// of 8.
void squared_distances(const float* code, const float* columns, std::size_t words,
                       float* distances) {
  const hn::CappedTag<float, 8> tag;
  constexpr std::size_t kLanes = hn::MaxLanes(hn::CappedTag<float, 8>()), kVectors = 8 / kLanes;
  const auto add = [&](auto count, std::size_t w) HWY_ATTR {
    hn::Vec<decltype(tag)> sum[count.value];
    for (auto& part : sum) part = hn::Zero(tag);
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      for (std::size_t v = 0; v < count.value; ++v) {
        const auto difference =
            hn::Sub(hn::Set(tag, code[d]), hn::LoadU(tag, columns + d * words + w + v * kLanes));
        sum[v] = hn::Add(sum[v], hn::Mul(difference, difference));
      }
    }
    for (std::size_t v = 0; v < count.value; ++v) {
      hn::StoreU(sum[v], tag, distances + w + v * kLanes);
    }
  };
  std::size_t w = 0;
  for (; w + 32 <= words; w += 32) add(std::integral_constant<std::size_t, 4 * kVectors>(), w);
  for (; w < words; w += 8) add(std::integral_constant<std::size_t, kVectors>(), w);
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(squared_distances);

void normalise(std::span<float> vector) {
  float squared = 0;
  for (float value : vector) squared += value * value;
  if (squared <= 0) return;
  const float scale = 1.0f / std::sqrt(squared);
  for (float& value : vector) value *= scale;
}

// Centroids side by side, so that words are lanes: [d][word], filled up to a multiple of 8 words.
struct WordColumns {
  std::size_t words, padded;
  std::vector<float> values, distances;

  explicit WordColumns(const Aggregation& aggregation)
      : words(static_cast<std::size_t>(aggregation.words)),
        padded((words + 7) / 8 * 8),
        values(padded * kLocalCodeSize, 0.0f),
        distances(padded) {
    for (std::size_t w = 0; w < words; ++w) {
      for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
        values[d * padded + w] = aggregation.centroids[w * kLocalCodeSize + d];
      }
    }
  }

  // Index of the centroid with the smallest squared distance; ties: lowest.
  std::size_t nearest(const float* code) {
    HWY_DYNAMIC_DISPATCH(squared_distances)(code, values.data(), padded, distances.data());
    const auto end = distances.begin() + static_cast<std::ptrdiff_t>(words);
    return static_cast<std::size_t>(std::min_element(distances.begin(), end) - distances.begin());
  }
};

}  // namespace

// VLAD with intra-normalisation: Jegou et al., CVPR 2010; Arandjelovic and Zisserman, CVPR 2013.
void aggregate(const std::vector<std::int8_t>& codes, const Aggregation& aggregation,
               std::vector<float>& output) {
  assert(codes.size() % kLocalCodeSize == 0);
  const std::size_t vlad_size = static_cast<std::size_t>(aggregation.words) * kLocalCodeSize;
  const bool project = !aggregation.projection.empty();
  std::vector<float> vlad(vlad_size, 0.0f);
  WordColumns columns(aggregation);
  float code[kLocalCodeSize];
  for (std::size_t i = 0; i < codes.size(); i += kLocalCodeSize) {
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      code[d] = static_cast<float>(codes[i + d]) * (1.0f / 127.0f);
    }
    const std::size_t word = columns.nearest(code);
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
#endif  // HWY_ONCE
