// SPDX-License-Identifier: Apache-2.0
//
// 1. For each patch of 21 x 21 bits of the hit, every 16 bits, that the query shows whole: s = the
//    sum of products of signs of the query, laid over the hit by a homography, and the hit, at the
//    one of nine shifts by a bit where |s| is greatest. Sums over the patches: 1, |s|, s.
// 2. Codes as packed bits (detail_code.hpp); a table of pairs; three int32 for each.
// 3. A block owns up to 8 patches of a row of patches. It lays 21 rows of 133 bits of the query
//    over the hit, a lane owning a bit and a warp 32 of a row, which votes make words of; then a
//    warp owns a patch, a lane one of its rows. blockIdx.y: pair.
// 4. Under 1 KB of bits.
// 5. Two codes of 6 KB read, 12 bytes written per pair of 512 x 384 px; 80,000 bits laid over at 45
//    operations in double precision, two of them divisions: bound by those, on a few of the
//    device's processors where one pair comes alone.
// 6. Positions in double, in the CPU's formulas; else integers, summed in any order: its values
//    exactly.
// 7. No paper.
#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "kernels/cuda/detail_code.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"
#include "kernels/math/detail_overlay.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32;

constexpr int kSide = 2 * kDetailRadius + 1;
constexpr unsigned kSideBits = (1u << kSide) - 1;
constexpr int kMargin = kDetailRadius + kDetailShift;
constexpr int kShifts = 2 * kDetailShift + 1;
static_assert(kSide + 2 * kDetailShift <= 32, "a lane for each row, a bit for each column");
// Three sums of disagreeing bits share a word while lanes are added up.
constexpr int kSumBits = 10;
static_assert(kSide * kSide < 1 << kSumBits && kShifts == 3);

constexpr int kPatches = 8;  // of a block: one of a warp, and few, for one pair has few of them
constexpr int kStripWords = ((kPatches - 1) * kDetailSpacing + kSide + 31) / 32;

struct Pair {
  DetailOverlay overlay;
  const std::uint32_t* d_query;
  const std::uint32_t* d_hit;
  int hit_width;
  int columns, rows;  // patches
};

// The query's signs under a row of patches; what `known` leaves out means nothing.
struct Strip {
  unsigned signs[kSide][kStripWords], known[kSide][kStripWords];
};

// 32 bits from bit `first` on.
__device__ __forceinline__ unsigned fetch(const std::uint32_t* d_words, std::int64_t first) {
  const auto shift = static_cast<unsigned>(first % 32);
  const unsigned low = __ldg(d_words + first / 32), high = __ldg(d_words + first / 32 + 1);
  return shift == 0 ? low : low >> shift | high << (32 - shift);
}

// kSide bits of a row of words.
__device__ __forceinline__ unsigned side_bits(const unsigned (&words)[kStripWords], int first) {
  const int word = first / 32, shift = first % 32;
  unsigned bits = words[word] >> shift;
  if (shift > 32 - kSide) bits |= words[word + 1] << (32 - shift);
  return bits & kSideBits;
}

__device__ void lay_over(const Pair& pair, int x0, int y0, int width, Strip& strip) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int words = (width + 31) / 32;
  for (int i = static_cast<int>(threadIdx.x / 32); i < kSide * words; i += kWarps) {
    const int row = i / words, word = i % words;
    const int x = x0 + 32 * word + lane;
    const int bit = x < x0 + width ? pair.overlay.query_bit(x, y0 + row) : -1;
    const bool set = bit >= 0 && (__ldg(pair.d_query + bit / 32) >> (bit % 32) & 1u) != 0;
    const unsigned known = __ballot_sync(kWholeWarp, bit >= 0 ? 1 : 0);
    const unsigned signs = __ballot_sync(kWholeWarp, set ? 1 : 0);
    if (lane == 0) {
      strip.known[row][word] = known;
      strip.signs[row][word] = signs;
    }
  }
}

// Of a whole warp, the same in every lane. `signs`: the query's of row `lane` of the patch; `hit`:
// the hit's row kDetailShift above it, from kDetailShift to the left on.
__device__ int best_sum(unsigned signs, unsigned hit) {
  const bool owns_row = threadIdx.x % 32 < kSide;
  int best = 0;
  for (int dy = 0; dy < kShifts; ++dy) {
    const unsigned shifted = __shfl_down_sync(kWholeWarp, hit, static_cast<unsigned>(dy));
    int disagreeing = 0;
    for (int dx = 0; dx < kShifts; ++dx) {
      const int count = owns_row ? __popc((signs ^ shifted >> dx) & kSideBits) : 0;
      disagreeing |= count << (dx * kSumBits);
    }
    disagreeing = warp_sum(disagreeing);
    for (int dx = 0; dx < kShifts; ++dx) {
      const int count = disagreeing >> (dx * kSumBits) & ((1 << kSumBits) - 1);
      const int sum = kSide * kSide - 2 * count;
      if (abs(sum) > abs(best)) best = sum;
    }
  }
  return best;
}

// grid: (blocks of the pair with most patches, pairs).
__global__ void __launch_bounds__(kThreads) sum_patches(const Pair* d_pairs, DetailSums* d_sums) {
  Strip& strip = shared_memory<Strip>();
  const Pair& pair = d_pairs[blockIdx.y];
  const int blocks = (pair.columns + kPatches - 1) / kPatches;
  if (blocks == 0) return;
  const int first = static_cast<int>(blockIdx.x) % blocks * kPatches;
  const int row = static_cast<int>(blockIdx.x) / blocks;
  if (row >= pair.rows) return;
  const int patches = std::min(pair.columns - first, int{kPatches});
  // Upper left corner of the first patch.
  const int x0 = first * kDetailSpacing + kDetailShift, y0 = row * kDetailSpacing + kDetailShift;
  lay_over(pair, x0, y0, (patches - 1) * kDetailSpacing + kSide, strip);
  __syncthreads();

  const int lane = static_cast<int>(threadIdx.x % 32);
  for (int patch = static_cast<int>(threadIdx.x / 32); patch < patches; patch += kWarps) {
    const int x = patch * kDetailSpacing;
    const bool known =
        lane >= kSide || side_bits(strip.known[std::min(lane, kSide - 1)], x) == kSideBits;
    if (__all_sync(kWholeWarp, known ? 1 : 0) == 0) continue;
    const unsigned signs = side_bits(strip.signs[std::min(lane, kSide - 1)], x);
    const int hit_y = y0 - kDetailShift + std::min(lane, kSide + 2 * kDetailShift - 1);
    const unsigned hit =
        fetch(pair.d_hit, std::int64_t{hit_y} * pair.hit_width + x0 + x - kDetailShift);
    const int sum = best_sum(signs, hit);
    if (lane > 0) continue;
    DetailSums& sums = d_sums[blockIdx.y];
    atomicAdd(&sums.patches, 1);
    atomicAdd(&sums.strength, abs(sum));
    atomicAdd(&sums.agreement, sum);
  }
}

int patches_along(int bits) {
  return bits <= 2 * kMargin ? 0 : (bits - 2 * kMargin - 1) / kDetailSpacing + 1;
}

}  // namespace

DeviceBuffer<DetailSums> compare_details(Lane& lane, std::span<const DetailPair> pairs) {
  std::vector<Pair> table;
  unsigned most_blocks = 0;
  for (const DetailPair& pair : pairs) {
    const DetailShape &query = pair.query, &hit = pair.hit;
    table.push_back(
        {DetailOverlay(query.width, query.height, hit.width, hit.height, pair.hit_from_query),
         pair.query_words + query.offset, pair.hit_words + hit.offset, hit.width,
         patches_along(hit.width), patches_along(hit.height)});
    most_blocks = std::max(most_blocks, blocks_for(table.back().columns, kPatches) *
                                            static_cast<unsigned>(table.back().rows));
  }
  const DeviceBuffer<Pair> device_pairs = lane.upload(table);
  DeviceBuffer<DetailSums> sums = lane.allocate_zeros<DetailSums>(pairs.size());
  launch(lane.stream(), {dim3(most_blocks, static_cast<unsigned>(pairs.size())), dim3(kThreads)},
         sum_patches, device_pairs.data(), sums.data());
  return sums;
}

DetailAgreement compare_details(Lane& lane, const DetailView& query, const DetailView& candidate,
                                const std::array<double, 9>& hit_from_query) {
  const DetailView views[] = {query, candidate};
  const DetailCodes codes = upload_details(lane, views);
  const DetailPair pair{codes.shapes[0], codes.shapes[1], codes.words.data(), codes.words.data(),
                        hit_from_query};
  const DeviceBuffer<DetailSums> device_sums = compare_details(lane, {&pair, 1});
  const std::span<const DetailSums> downloaded = lane.download(device_sums);
  lane.synchronise();
  const DetailSums& sums = downloaded[0];
  if (sums.patches == 0) return {};
  const double all = static_cast<double>(sums.patches) * (kSide * kSide);
  return {sums.patches, static_cast<double>(sums.strength) / all,
          static_cast<double>(sums.agreement) / all};
}

}  // namespace pressmark::kernels::cuda
