// SPDX-License-Identifier: Apache-2.0
#include "engine/index/centroids.hpp"

#include <faiss/Clustering.h>
#include <faiss/Index.h>
#include <omp.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <memory>

#include "engine/index/best_rows.hpp"
#include "engine/index/ivf_blocks.hpp"
#include "engine/index/ivf_lists.hpp"
#include "engine/index/tile_scan.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kRowsPerTask = 256;

// The nearest centroid so far of one row. Centroids come in ascending order, so that of equally
// near ones the first stays.
struct Nearest {
  float threshold() const { return score; }

  float score = std::numeric_limits<float>::lowest();
  std::uint32_t centroid = 0;
};

void assign_some(const CodeBlocks& blocks, std::size_t centroids, std::span<const float> rows,
                 std::size_t dimension, std::span<std::uint32_t> nearest) {
  std::vector<Int8Query> queries;
  queries.reserve(nearest.size());
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    queries.emplace_back(rows.subspan(i * dimension, dimension));
  }
  const std::size_t block_bytes = kRowsPerBlock * 4 * queries.front().groups();
  std::vector<QueryGroup> groups;
  for (std::size_t i = 0; i < queries.size(); i += QueryGroup::kMost) {
    groups.emplace_back(std::span<const Int8Query>(queries).subspan(
        i, std::min(QueryGroup::kMost, queries.size() - i)));
  }
  std::vector<Nearest> best(nearest.size());
  GroupHits hits;
  // Few blocks at first, since all of their centroids are nearer than none.
  std::size_t some = 0;
  for (std::size_t block = 0; block < blocks.blocks; block += some) {
    some = std::clamp<std::size_t>(block, 2, kBlocksAtOnce);
    const CodeBlocks part = part_of(blocks, block, block_bytes, some);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const std::span<Nearest> of_group =
          std::span(best).subspan(g * QueryGroup::kMost, groups[g].size());
      hits.scan(groups[g], part, [&](std::size_t q) -> const Nearest& { return of_group[q]; });
      for (std::size_t q = 0; q < of_group.size(); ++q) {
        for (const ScanHit& hit : hits.of(q)) {
          const std::size_t centroid = block * kRowsPerBlock + hit.position;
          if (hit.score <= of_group[q].score || centroid >= centroids) continue;
          of_group[q] = {hit.score, static_cast<std::uint32_t>(centroid)};
        }
      }
    }
  }
  std::transform(best.begin(), best.end(), nearest.begin(),
                 [](const Nearest& of_row) { return of_row.centroid; });
}

// What FAISS's k-means assigns rows with.
class Assigner final : public faiss::Index {
 public:
  explicit Assigner(std::size_t dimension)
      : faiss::Index(static_cast<idx_t>(dimension), faiss::METRIC_INNER_PRODUCT) {}

  void reset() override {
    codes_.reset();
    ntotal = 0;
  }
  void add(idx_t n, const float* centroids) override {
    centroids_.assign(centroids, centroids + static_cast<std::size_t>(n * d));
    codes_ = std::make_unique<CentroidCodes>(centroids_, static_cast<std::size_t>(d));
    ntotal = n;
  }
  // k is 1. What is optimised is judged by FAISS from the distances.
  void search(idx_t n, const float* rows, idx_t k, float* distances, idx_t* labels,
              const faiss::SearchParameters* = nullptr) const override {
    assert(k == 1);
    static_cast<void>(k);
    const auto count = static_cast<std::size_t>(n), dimension = static_cast<std::size_t>(d);
    std::vector<std::uint32_t> nearest(count);
    assign_rows(codes_->blocks(), codes_->count(), {rows, count * dimension}, dimension, nearest);
    std::copy(nearest.begin(), nearest.end(), labels);
    std::fill(distances, distances + n, 0.0f);
  }

 private:
  std::vector<float> centroids_;
  std::unique_ptr<CentroidCodes> codes_;
};

}  // namespace

CodeBlocks coarse_blocks(const IvfListsView& lists) {
  return {lists.coarse_codes.data(), lists.coarse_scales.data(),
          lists.coarse_scales.size() / kRowsPerBlock};
}

void store_code(std::span<const std::int8_t> code, std::size_t lane, std::uint8_t* block) {
  for (std::size_t d = 0; d < code.size(); ++d) {
    block[d / 4 * 4 * kRowsPerBlock + 4 * lane + d % 4] =
        static_cast<std::uint8_t>(code[d] + kZeroCode);
  }
}

CentroidCodes::CentroidCodes(std::span<const float> centroids, std::size_t dimension)
    : count_(centroids.size() / dimension) {
  const std::size_t blocks = (count_ + kRowsPerBlock - 1) / kRowsPerBlock;
  std::vector<std::int8_t> code(code_size(dimension));
  const std::size_t block_bytes = kRowsPerBlock * code.size();
  codes_.resize(blocks * block_bytes, kZeroCode);
  scales_.resize(blocks * kRowsPerBlock, 0.0f);
  for (std::size_t i = 0; i < count_; ++i) {
    scales_[i] = encode_int8(centroids.subspan(i * dimension, dimension), code);
    store_code(code, i % kRowsPerBlock, &codes_[i / kRowsPerBlock * block_bytes]);
  }
}

CodeBlocks CentroidCodes::blocks() const {
  return {codes_.data(), scales_.data(), scales_.size() / kRowsPerBlock};
}

std::vector<NearRow> nearest_centroids(const CodeBlocks& blocks, std::size_t centroids,
                                       const Int8Query& query, std::size_t count) {
  const std::size_t block_bytes = kRowsPerBlock * 4 * query.groups();
  BestRows best(count);
  std::array<ScanHit, kBlocksAtOnce * kRowsPerBlock> hits;
  for (std::size_t block = 0; block < blocks.blocks; block += kBlocksAtOnce) {
    const std::size_t found =
        scan(part_of(blocks, block, block_bytes), query, best.threshold(), hits.data());
    for (const ScanHit& hit : std::span(hits).first(found)) {
      const std::size_t centroid = block * kRowsPerBlock + hit.position;
      if (centroid < centroids) best.push(static_cast<std::uint32_t>(centroid), hit.score);
    }
  }
  return best.take_sorted();
}

void assign_rows(const CodeBlocks& blocks, std::size_t centroids, std::span<const float> rows,
                 std::size_t dimension, std::span<std::uint32_t> nearest) {
  assert(rows.size() == nearest.size() * dimension);
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, (nearest.size() + kRowsPerTask - 1) / kRowsPerTask),
      [&](const tbb::blocked_range<std::size_t>& tasks) {
        for (std::size_t task = tasks.begin(); task < tasks.end(); ++task) {
          const std::size_t first = task * kRowsPerTask;
          const std::size_t count = std::min(kRowsPerTask, nearest.size() - first);
          assign_some(blocks, centroids, rows.subspan(first * dimension, count * dimension),
                      dimension, nearest.subspan(first, count));
        }
      });
}

std::vector<float> train_centroids(std::span<const float> rows, std::size_t dimension,
                                   std::size_t k, std::uint64_t seed, int iterations) {
  assert(rows.size() >= k * dimension);
  omp_set_num_threads(1);  // OpenMP's per-thread setting; the rows are spread by assign_rows()
  faiss::ClusteringParameters parameters;
  parameters.niter = iterations;
  parameters.spherical = true;
  parameters.seed = static_cast<int>(seed & 0x7fffffff);
  parameters.min_points_per_centroid = 1;
  parameters.max_points_per_centroid = std::numeric_limits<int>::max() / static_cast<int>(k);
  faiss::Clustering clustering(static_cast<int>(dimension), static_cast<int>(k), parameters);
  Assigner assigner(dimension);
  clustering.train(static_cast<std::int64_t>(rows.size() / dimension), rows.data(), assigner);
  return clustering.centroids;
}

}  // namespace pressmark::index
