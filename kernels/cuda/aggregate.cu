// SPDX-License-Identifier: Apache-2.0
//
// 1. VLAD: v_w = sum over the codes c (unit length) whose nearest word is w of c - w; each v_w and
//    then all of v to unit length; global = P (v - mean) to unit length, or v without a projection.
// 2. Codes: sets one after the other, 64 bytes a code; words: W x 64 floats; P: G x 64 W floats,
//    row by row. Results: G or 64 W floats a set.
// 3. find_words: a thread owns a code, a block 128, and goes through all words, four at a time.
//    sum_residuals: a warp owns one word of one set, a lane two dimensions; codes are added in
//    their order. normalise_vectors: a block owns a vector, one thread its length. project_vectors:
//    a block owns 8 rows of P for 8 sets, a thread one of a row's eight partial sums.
// 4. 8 KiB (32 words), 18 KiB (lists of codes, vectors), 8 KiB, 16 KiB (512 elements of 8 vectors).
// 5. For n codes: find_words 192 n W operations of floats, bound by them; sum_residuals reads 64
//    bytes of a code and n / 8 of lists' entries a word: bound by the caches' latency;
//    normalise_vectors one addition after the other, 4 clocks each; project_vectors P once for 8
//    sets: bound by shared memory, for a single set by device memory.
// 6. Sums in the CPU's order, rounded as there: the CPU's bits.
// 7. Jegou et al., CVPR 2010; intra-normalisation: Arandjelovic and Zisserman, CVPR 2013.
#include "kernels/cuda/aggregate.hpp"

#include <cassert>
#include <limits>

#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kSize = kLocalCodeSize;
constexpr int kVectors = kSize / 16;  // int4 of a code

constexpr int kFindThreads = 128;
constexpr int kWordTile = 32;    // words in shared memory
constexpr int kWordsAtOnce = 4;  // independent sums hide an addition's latency
constexpr int kSumThreads = 256, kSumWarps = kSumThreads / 32;
constexpr int kListed = 1024;  // codes of which those of a word are listed at once
constexpr int kNormaliseThreads = 256;
constexpr int kNormaliseTile = 2048;
constexpr int kPartialSums = 8;  // of a product with a row of the projection, as on the CPU
constexpr int kProjectThreads = 64, kProjectRows = kProjectThreads / kPartialSums;
constexpr int kSetsAtOnce = 8;
constexpr int kProjectTile = 512;  // elements of a vector
static_assert(kProjectTile % kSize == 0 && kProjectTile % kPartialSums == 0);

__device__ float element(int four, int i) {
  const auto value = static_cast<std::int8_t>(static_cast<unsigned>(four) >> (8 * i));
  return static_cast<float>(value) * (1.0f / 127.0f);
}

struct WordTile {
  alignas(16) float words[kWordTile][kSize];
};

__global__ void __launch_bounds__(kFindThreads)
    find_words(const int4* d_codes, const CodeSet* d_sets, int sets, const float* d_centroids,
               int words, int* d_nearest) {
  auto& memory = shared_memory<WordTile>();
  const std::int64_t codes = d_sets[sets - 1].first + d_sets[sets - 1].count;
  const std::int64_t own = std::int64_t{blockIdx.x} * kFindThreads + threadIdx.x;
  float code[kSize];
#pragma unroll
  for (int v = 0; v < kVectors; ++v) {
    const int4 four = own < codes ? d_codes[own * kVectors + v] : make_int4(0, 0, 0, 0);
    const int parts[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
    for (int i = 0; i < 16; ++i) code[16 * v + i] = element(parts[i / 4], i % 4);
  }
  float least = 0;
  int nearest = -1;
  for (int first = 0; first < words; first += kWordTile) {
    const int count = std::min(words - first, int{kWordTile});
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < kWordTile * kSize; i += kFindThreads) {
      memory.words[i / kSize][i % kSize] =
          i < count * kSize ? d_centroids[std::int64_t{first} * kSize + i] : 0.0f;
    }
    __syncthreads();
    for (int w = 0; w < count; w += kWordsAtOnce) {
      float squared[kWordsAtOnce] = {};
#pragma unroll
      for (int d = 0; d < kSize; d += 4) {
#pragma unroll
        for (int i = 0; i < kWordsAtOnce; ++i) {
          const float4 word = *reinterpret_cast<const float4*>(&memory.words[w + i][d]);
          const float differences[4] = {code[d] - word.x, code[d + 1] - word.y,
                                        code[d + 2] - word.z, code[d + 3] - word.w};
#pragma unroll
          for (float difference : differences) squared[i] += difference * difference;
        }
      }
#pragma unroll
      for (int i = 0; i < kWordsAtOnce; ++i) {
        if (w + i < count && (nearest < 0 || squared[i] < least)) {
          least = squared[i];
          nearest = first + w + i;
        }
      }
    }
  }
  if (own < codes) d_nearest[own] = nearest;
}

struct ResidualMemory {
  std::uint16_t listed[kSumWarps][kListed];  // codes of the warp's word, ascending
  alignas(16) float vectors[kSumWarps][kSize];
};

// Sum of the squares, first to last; size: a multiple of 4.
__device__ float squared_length(const float* values, int size, float squared) {
  for (int d = 0; d < size; d += 4) {
    const float4 four = *reinterpret_cast<const float4*>(values + d);
    squared += four.x * four.x;
    squared += four.y * four.y;
    squared += four.z * four.z;
    squared += four.w * four.w;
  }
  return squared;
}

// What a vector of that squared length is multiplied with to be of unit length; 1 for none.
__device__ float unit_scale(float squared) {
  return squared <= 0.0f ? 1.0f : 1.0f / std::sqrt(squared);
}

// d_vlads: sets x words x kSize, each word's part of unit length, or zero.
__global__ void __launch_bounds__(kSumThreads)
    sum_residuals(const std::int8_t* d_codes, const CodeSet* d_sets, const int* d_nearest,
                  const float* d_centroids, int words, float* d_vlads) {
  auto& memory = shared_memory<ResidualMemory>();
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int word = static_cast<int>(blockIdx.x) * kSumWarps + warp;
  if (word >= words) return;
  const CodeSet set = d_sets[blockIdx.y];
  const int d = 2 * lane;
  const float2 centroid =
      *reinterpret_cast<const float2*>(d_centroids + std::int64_t{word} * kSize + d);
  std::uint16_t* const listed = memory.listed[warp];
  float2 sum = make_float2(0, 0);
  for (int first = 0; first < set.count; first += kListed) {
    const int end = std::min(set.count - first, int{kListed});
    int count = 0;
#pragma unroll 4
    for (int i = 0; i < end; i += 32) {
      const bool is_own = i + lane < end && d_nearest[set.first + first + i + lane] == word;
      const unsigned own = __ballot_sync(kWholeWarp, is_own);
      if (is_own) {
        listed[count + __popc(own & ((1u << lane) - 1))] = static_cast<std::uint16_t>(i + lane);
      }
      count += __popc(own);
    }
    __syncwarp();
    // Several codes are on their way at a time.
#pragma unroll 8
    for (int i = 0; i < count; ++i) {
      const std::int64_t code = set.first + first + listed[i];
      const int two = *reinterpret_cast<const std::int16_t*>(d_codes + code * kSize + d);
      sum.x += element(two, 0) - centroid.x;
      sum.y += element(two, 1) - centroid.y;
    }
    __syncwarp();
  }
  float* const vector = memory.vectors[warp];
  vector[d] = sum.x;
  vector[d + 1] = sum.y;
  __syncwarp();
  const float scale = unit_scale(squared_length(vector, kSize, 0.0f));
  float2* const to =
      reinterpret_cast<float2*>(d_vlads + (std::int64_t{blockIdx.y} * words + word) * kSize + d);
  *to = make_float2(sum.x * scale, sum.y * scale);
}

struct NormaliseMemory {
  alignas(16) float values[kNormaliseTile];
  float scale;
};

// Each vector to unit length, then without d_mean, which may be null.
__global__ void __launch_bounds__(kNormaliseThreads)
    normalise_vectors(float* d_vectors, int size, const float* d_mean) {
  auto& memory = shared_memory<NormaliseMemory>();
  float* const vector = d_vectors + std::int64_t{blockIdx.x} * size;
  const int thread = static_cast<int>(threadIdx.x);
  float squared = 0;
  for (int first = 0; first < size; first += kNormaliseTile) {
    const int count = std::min(size - first, int{kNormaliseTile});
    for (int i = thread; i < kNormaliseTile; i += kNormaliseThreads) {
      memory.values[i] = i < count ? vector[first + i] : 0.0f;
    }
    __syncthreads();
    // Sums of squares do not change by adding zeros.
    if (thread == 0) squared = squared_length(memory.values, (count + 3) / 4 * 4, squared);
    __syncthreads();
  }
  if (thread == 0) memory.scale = unit_scale(squared);
  __syncthreads();
  const float scale = memory.scale;
  for (int i = thread; i < size; i += kNormaliseThreads) {
    const float value = vector[i] * scale;
    vector[i] = d_mean != nullptr ? value - d_mean[i] : value;
  }
}

struct ProjectMemory {
  float vectors[kSetsAtOnce][kProjectTile];
};

// d_outputs: sets x rows; zeros for sets without codes.
__global__ void __launch_bounds__(kProjectThreads)
    project_vectors(const float* d_vectors, const CodeSet* d_sets, int sets, int size,
                    const float* d_projection, int rows, float* d_outputs) {
  auto& memory = shared_memory<ProjectMemory>();
  const int thread = static_cast<int>(threadIdx.x), part = thread % kPartialSums;
  const int row = static_cast<int>(blockIdx.x) * kProjectRows + thread / kPartialSums;
  const int first_set = static_cast<int>(blockIdx.y) * kSetsAtOnce;
  // Rows beyond the last are computed as the last one, and left out.
  const float* const own = d_projection + std::int64_t{std::min(row, rows - 1)} * size + part;
  float sums[kSetsAtOnce] = {};
  for (int first = 0; first < size; first += kProjectTile) {
    const int count = std::min(size - first, int{kProjectTile});
    __syncthreads();
#pragma unroll
    for (int s = 0; s < kSetsAtOnce; ++s) {
      const bool exists = first_set + s < sets;
      const float* const vector = d_vectors + std::int64_t{first_set + s} * size + first;
      for (int i = thread; i < count; i += kProjectThreads) {
        memory.vectors[s][i] = exists ? vector[i] : 0.0f;
      }
    }
    __syncthreads();
    // Sixteen elements of a row are on their way at a time: for few sets there are few threads.
#pragma unroll 16
    for (int i = 0; i < count; i += kPartialSums) {
      const float weight = own[first + i];
#pragma unroll
      for (int s = 0; s < kSetsAtOnce; ++s) sums[s] += weight * memory.vectors[s][part + i];
    }
  }
#pragma unroll
  for (int s = 0; s < kSetsAtOnce; ++s) {
    float sum = sums[s];
    sum += __shfl_down_sync(kWholeWarp, sum, 4u, kPartialSums);
    sum += __shfl_down_sync(kWholeWarp, sum, 1u, kPartialSums);
    sum += __shfl_down_sync(kWholeWarp, sum, 2u, kPartialSums);
    if (part == 0 && row < rows && first_set + s < sets) {
      d_outputs[std::int64_t{first_set + s} * rows + row] =
          d_sets[first_set + s].count > 0 ? sum : 0.0f;
    }
  }
}

}  // namespace

DeviceAggregation upload_aggregation(Lane& lane, const Aggregation& aggregation) {
  const auto vlad_size = static_cast<std::size_t>(aggregation.words) * kSize;
  assert(aggregation.words > 0 && aggregation.centroids.size() == vlad_size);
  DeviceAggregation result;
  result.words = aggregation.words;
  result.global_size = static_cast<int>(vlad_size);
  result.centroids = lane.upload(aggregation.centroids);
  if (!aggregation.projection.empty()) {
    result.global_size = aggregation.global_size;
    assert(aggregation.mean.size() == vlad_size);
    assert(aggregation.projection.size() ==
           vlad_size * static_cast<std::size_t>(result.global_size));
    result.mean = lane.upload(aggregation.mean);
    result.projection = lane.upload(aggregation.projection);
  }
  return result;
}

DeviceBuffer<float> aggregate(Lane& lane, const DeviceBuffer<std::int8_t>& codes,
                              const DeviceBuffer<CodeSet>& sets,
                              const DeviceAggregation& aggregation) {
  const auto set_count = static_cast<unsigned>(sets.size());
  const int words = aggregation.words, vlad_size = words * kSize;
  const std::size_t rows = codes.size() / kSize;
  DeviceBuffer<int> nearest = lane.allocate<int>(rows);
  launch(lane.stream(),
         {dim3(blocks_for(static_cast<std::int64_t>(rows), kFindThreads)), dim3(kFindThreads)},
         find_words, reinterpret_cast<const int4*>(codes.data()), sets.data(),
         static_cast<int>(set_count), aggregation.centroids.data(), words, nearest.data());
  DeviceBuffer<float> vlads =
      lane.allocate<float>(sets.size() * static_cast<std::size_t>(vlad_size));
  launch(lane.stream(), {dim3(blocks_for(words, kSumWarps), set_count), dim3(kSumThreads)},
         sum_residuals, codes.data(), sets.data(), nearest.data(), aggregation.centroids.data(),
         words, vlads.data());
  launch(lane.stream(), {dim3(set_count), dim3(kNormaliseThreads)}, normalise_vectors, vlads.data(),
         vlad_size, aggregation.mean.data());
  if (aggregation.projection.size() == 0) return vlads;
  DeviceBuffer<float> outputs =
      lane.allocate<float>(sets.size() * static_cast<std::size_t>(aggregation.global_size));
  launch(
      lane.stream(),
      {dim3(blocks_for(aggregation.global_size, kProjectRows), blocks_for(set_count, kSetsAtOnce)),
       dim3(kProjectThreads)},
      project_vectors, vlads.data(), sets.data(), static_cast<int>(set_count), vlad_size,
      aggregation.projection.data(), aggregation.global_size, outputs.data());
  launch(lane.stream(), {dim3(set_count), dim3(kNormaliseThreads)}, normalise_vectors,
         outputs.data(), aggregation.global_size, nullptr);
  return outputs;
}

void aggregate(Lane& lane, std::span<const std::vector<std::int8_t>> codes,
               const Aggregation& aggregation, std::span<std::vector<float>> outputs) {
  assert(outputs.size() == codes.size());
  const std::vector<std::span<const std::int8_t>> sets(codes.begin(), codes.end());
  const CodeSets uploaded = upload_codes(lane, sets);
  const DeviceAggregation model = upload_aggregation(lane, aggregation);
  const DeviceBuffer<float> vectors = aggregate(lane, uploaded.codes, uploaded.device_sets, model);
  const std::span<const float> all = lane.download(vectors);
  lane.synchronise();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto size = static_cast<std::size_t>(model.global_size);
    const std::span<const float> own = all.subspan(i * size, size);
    outputs[i].assign(own.begin(), own.end());
  }
}

}  // namespace pressmark::kernels::cuda
