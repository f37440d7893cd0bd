// SPDX-License-Identifier: Apache-2.0
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexRefine.h>
#include <faiss/index_factory.h>
#include <omp.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "peers.hpp"

namespace pressmark::bench {
namespace {

constexpr std::array<std::size_t, 8> kProbes = {4, 8, 16, 32, 64, 128, 256, 512};
constexpr std::array<float, 3> kFactors = {4, 10, 30};  // rows that are ranked anew for one

std::shared_ptr<faiss::Index> built(std::span<const float> vectors, std::size_t dimension,
                                    const std::string& kind) {
  std::shared_ptr<faiss::Index> index(
      faiss::index_factory(static_cast<int>(dimension), kind.c_str(), faiss::METRIC_INNER_PRODUCT));
  const auto rows = static_cast<std::int64_t>(vectors.size() / dimension);
  index->train(std::min<std::int64_t>(rows, 100'000), vectors.data());
  index->add(rows, vectors.data());
  return index;
}

std::vector<std::int64_t> searched(const faiss::Index& index, std::span<const float> query,
                                   std::size_t count) {
  std::vector<float> similarities(count);
  std::vector<std::int64_t> labels(count);
  index.search(1, query.data(), static_cast<std::int64_t>(count), similarities.data(),
               labels.data());
  return labels;
}

}  // namespace

std::vector<std::vector<std::int64_t>> exact_neighbours(std::span<const float> vectors,
                                                        std::span<const float> queries,
                                                        std::size_t dimension, std::size_t count) {
  constexpr std::size_t kRowsAtOnce = 100'000;
  const std::size_t rows = vectors.size() / dimension, total = queries.size() / dimension;
  std::vector<std::vector<std::pair<float, std::int64_t>>> best(total);
  for (std::size_t first = 0; first < rows; first += kRowsAtOnce) {
    const std::size_t some = std::min(kRowsAtOnce, rows - first);
    const std::size_t found = std::min(count, some);
    faiss::IndexFlatIP flat(static_cast<int>(dimension));
    flat.add(static_cast<std::int64_t>(some), vectors.data() + first * dimension);
    std::vector<float> similarities(total * found);
    std::vector<std::int64_t> labels(total * found);
    flat.search(static_cast<std::int64_t>(total), queries.data(), static_cast<std::int64_t>(found),
                similarities.data(), labels.data());
    for (std::size_t q = 0; q < total; ++q) {
      for (std::size_t i = q * found; i < (q + 1) * found; ++i) {
        best[q].emplace_back(-similarities[i], labels[i] + static_cast<std::int64_t>(first));
      }
      std::sort(best[q].begin(), best[q].end());
      best[q].resize(std::min(best[q].size(), count));
    }
  }
  std::vector<std::vector<std::int64_t>> answers(total);
  for (std::size_t q = 0; q < total; ++q) {
    for (const auto& [similarity, row] : best[q]) answers[q].push_back(row);
  }
  return answers;
}

Peer faiss_pq_fast_scan(std::span<const float> vectors, std::size_t dimension, std::size_t lists) {
  const std::string kind = fmt::format("IVF{},PQ{}x4fs,RFlat", lists, dimension / 2);
  const auto index = built(vectors, dimension, kind);
  auto& refine = dynamic_cast<faiss::IndexRefine&>(*index);
  return {"FAISS " + kind, kProbes.size() * kFactors.size(),
          [index, &refine](std::size_t effort) {
            // All factors of a number of probes before the next number.
            const std::size_t probes = kProbes[effort / kFactors.size()];
            refine.k_factor = kFactors[effort % kFactors.size()];
            dynamic_cast<faiss::IndexIVF&>(*refine.base_index).nprobe = probes;
            return fmt::format("nprobe {}, k_factor {}", probes, refine.k_factor);
          },
          [index](std::span<const float> query, std::size_t count) {
            omp_set_num_threads(1);
            return searched(*index, query, count);
          }};
}

Peer faiss_ivf_flat(std::span<const float> vectors, std::size_t dimension, std::size_t lists) {
  const std::string kind = fmt::format("IVF{},Flat", lists);
  const auto index = built(vectors, dimension, kind);
  return {"FAISS " + kind, kProbes.size(),
          [index](std::size_t effort) {
            dynamic_cast<faiss::IndexIVF&>(*index).nprobe = kProbes[effort];
            return fmt::format("nprobe {}", kProbes[effort]);
          },
          [index](std::span<const float> query, std::size_t count) {
            omp_set_num_threads(1);
            return searched(*index, query, count);
          }};
}

}  // namespace pressmark::bench
