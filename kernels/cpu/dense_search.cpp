// SPDX-License-Identifier: Apache-2.0
//
// Correlation of two dense codes over all shifts, 32 rotations and 9 scales, through the frequency
// domain.
//
// The query is turned by multiples of pi / 16 and shrunk by up to 2, or the candidate is shrunk: a
// field is never enlarged, so that nothing is cut off and both directions of a comparison are
// worked out alike. A turn by pi mirrors a field of doubled angles, q(x) -> q(-x): half of the
// turns come without spectra of their own, and one complex transform gives both correlations
// (kernels/math/dense_search.hpp).
//
// Products and transforms of integers choose the scale and the turn; the correlation there is
// worked out again in floats, so that the score has no part in their roundings.
//
// Sixteen turns at two scales fill the 32 lanes of a comparison (dense_correlation.hpp); at the
// common scale, sixteen turns and two candidates.
#include <algorithm>
#include <array>
#include <cassert>
#include <span>

#include "kernels/cpu/dense.hpp"
#include "kernels/cpu/dense_correlation.hpp"
#include "kernels/cpu/dense_sampling.hpp"
#include "kernels/cpu/dense_spectra.hpp"
#include "kernels/cpu/dense_window.hpp"
#include "kernels/math/dense_search.hpp"

namespace pressmark::kernels::cpu {
namespace {

using namespace dense_search;

constexpr std::size_t kRow = 2 * kPeriod;  // spectra of real and of imaginary parts
constexpr std::size_t kElements = kRow * kPeriod;
constexpr std::size_t kLanes = FieldSpectra::kLanes;
constexpr std::size_t kBatch = 8;  // candidates that share a pass over the query's spectra
constexpr std::size_t kPreparedAtOnce = kLanes / kShrinks;
static_assert(kTurns == kLanes && kPositions == 2 * kTurns);

constexpr std::uint32_t low_half(std::int32_t value) {
  return static_cast<std::uint32_t>(value) & 0xffffu;
}

constexpr std::uint32_t pair_of(std::int32_t low, std::int32_t high) {
  return low_half(high) << 16 | low_half(low);
}

using Pairs = AlignedVector<std::uint32_t>;  // kElements

const std::int16_t* int16s(const Pairs& pairs) {
  return reinterpret_cast<const std::int16_t*>(pairs.data());
}

// A comparison of two scales: which spectra of the query meet which of the candidate.
struct Block {
  int first_scale;
  std::size_t query, candidate;
};
// The query's spectra of no shrink twice, of shrinks 1 and 2, of 3 and 4, and the candidate's
// alike.
constexpr std::size_t kPairs = 3;
constexpr std::array<Block, 4> kBlocks{{{5, 0, 1}, {7, 0, 2}, {1, 1, 0}, {3, 2, 0}}};
static_assert(kShrinks == 5 && kScales == 9);

constexpr Block block_of(int scale) {
  for (const Block& block : kBlocks) {
    if (scale == block.first_scale || scale == block.first_scale + 1) return block;
  }
  return {0, 0, 0};
}

struct CandidateSpectra {
  std::array<Pairs, kPairs> pairs;

  CandidateSpectra() { pairs.fill(Pairs(kElements)); }
};

// What a thread searches with; allocated once, as that takes as long as comparing a candidate.
struct Scratch {
  FieldSampler sampler;
  FieldSpectra fields{kMiddle};
  DenseCorrelator correlator;
  std::array<CandidateSpectra, kBatch> candidates;
  Pairs two_candidates = Pairs(kElements);

  void prepare(std::span<const DenseCode> codes) {
    for (std::size_t first = 0; first < codes.size(); first += kPreparedAtOnce) {
      const std::size_t count = std::min(kPreparedAtOnce, codes.size() - first);
      std::size_t lane = 0;
      for (const DenseCode& code : codes.subspan(first, count)) {
        sampler.take(code);
        for (int shrink = 0; shrink < kShrinks; ++shrink, ++lane) {
          sampler.turn(0, shrink_of(shrink), fields.cells(lane));
        }
      }
      fields.transform(lane);
      for (int ky = 0; ky < kPeriod; ++ky) {
        const std::int32_t* row = fields.row(ky);
        for (std::size_t i = 0; i < count; ++i) {
          take_row(row + i * kShrinks, static_cast<std::size_t>(ky) * kRow,
                   candidates[first + i].pairs);
        }
      }
    }
  }

  static void take_row(const std::int32_t* values, std::size_t at,
                       std::array<Pairs, kPairs>& pairs) {
    auto& [same, middle, last] = pairs;
    for (std::size_t k = at; k < at + kRow; ++k, values += kLanes) {
      same[k] = pair_of(values[0], values[0]);
      middle[k] = pair_of(values[1], values[2]);
      last[k] = pair_of(values[3], values[4]);
    }
  }

  const std::uint32_t* at_common_scale(std::size_t candidate, std::size_t other) {
    const Pairs &a = candidates[candidate].pairs[0], &b = candidates[other].pairs[0];
    for (std::size_t k = 0; k < kElements; ++k) {
      two_candidates[k] = (b[k] & 0xffff0000u) | (a[k] & 0xffffu);
    }
    return two_candidates.data();
  }
};

Scratch& scratch_of_thread() {
  thread_local Scratch scratch;
  return scratch;
}

struct Found {
  int product = -1, scale = 0, turn = 0, order = 0;  // turn: up to 2 kTurns - 1

  void consider(const LargestProducts& largest, int at_scale, std::size_t slot) {
    for (int i = 0; i < 2 * kTurns; ++i) {
      const int candidate = largest[2 * static_cast<std::size_t>(i) + slot];
      const int at = product_index(at_scale, kTurns, i);
      if (candidate > product || (candidate == product && at < order)) {
        *this = {candidate, at_scale, i, at};
      }
    }
  }
};

DenseMatch match_of(const Found& found, const CorrelationWindow& values) {
  std::size_t best_x = kReach + 1, best_y = kReach + 1;
  for (std::size_t y = 1; y <= 2 * kReach + 1; ++y) {
    for (std::size_t x = 1; x <= 2 * kReach + 1; ++x) {
      if (values[y][x] > values[best_y][best_x]) best_x = x, best_y = y;
    }
  }
  const float centre = values[best_y][best_x];
  const Pose pose = pose_of(found.scale, found.turn);
  const float dx = vertex(values[best_y][best_x - 1], centre, values[best_y][best_x + 1]);
  const float dy = vertex(values[best_y - 1][best_x], centre, values[best_y + 1][best_x]);
  return {score_of_correlation(centre),
          {pose.linear, pose.shift(static_cast<int>(best_x), dx),
           pose.shift(static_cast<int>(best_y), dy)}};
}

}  // namespace

struct DenseQuery::Bank {
  // Per turn two int16: in two lanes that lie side by side.
  std::array<Pairs, kPairs> pairs;

  explicit Bank(const DenseCode& code) {
    pairs.fill(Pairs(kElements * kTurns));
    FieldSampler sampler;
    sampler.take(code);
    FieldSpectra fields(0);
    for (int shrink = 0; shrink < kShrinks; ++shrink) {
      for (int turn = 0; turn < kTurns; ++turn) {
        sampler.turn(rotation_of(turn), shrink_of(shrink),
                     fields.cells(static_cast<std::size_t>(turn)));
      }
      fields.transform(kTurns);
      const bool high = shrink > 0 && shrink % 2 == 0;
      std::uint32_t* to = pairs[static_cast<std::size_t>(shrink + 1) / 2].data();
      for (int ky = 0; ky < kPeriod; ++ky, to += kRow * kTurns) {
        const std::int32_t* row = fields.row(ky);
        for (std::size_t i = 0; i < kRow * kTurns; ++i) {
          to[i] =
              high ? pair_of(static_cast<std::int32_t>(to[i]), row[i]) : pair_of(row[i], row[i]);
        }
      }
    }
  }

  const std::int16_t* lanes(std::size_t pair) const { return int16s(pairs[pair]); }
};

DenseQuery::~DenseQuery() = default;

DenseQuery::DenseQuery(const DenseCode& code) : bank_(std::make_unique<Bank>(code)) {}

void DenseQuery::search(std::span<const DenseCode> candidates,
                        std::span<DenseMatch> matches) const {
  assert(candidates.size() == matches.size());
  if (candidates.empty()) return;
  Scratch& scratch = scratch_of_thread();
  for (std::size_t begin = 0; begin < candidates.size(); begin += kBatch) {
    const std::size_t count = std::min(kBatch, candidates.size() - begin);
    std::array<Found, kBatch> best{};
    scratch.prepare(candidates.subspan(begin, count));
    // The query's spectra of a block stay in the cache for all candidates of the batch.
    for (std::size_t i = 0; i < count; i += 2) {
      const std::size_t other = std::min(i + 1, count - 1);
      const LargestProducts largest =
          scratch.correlator.largest(bank_->lanes(0), scratch.at_common_scale(i, other));
      best[i].consider(largest, 0, 0);
      best[other].consider(largest, 0, 1);
    }
    for (const Block& block : kBlocks) {
      for (std::size_t i = 0; i < count; ++i) {
        const LargestProducts largest = scratch.correlator.largest(
            bank_->lanes(block.query), scratch.candidates[i].pairs[block.candidate].data());
        best[i].consider(largest, block.first_scale, 0);
        best[i].consider(largest, block.first_scale + 1, 1);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Found& found = best[i];
      const Block block = block_of(found.scale);
      const auto slot = static_cast<std::size_t>(found.scale - block.first_scale);
      const auto turn = static_cast<std::size_t>(found.turn);
      const SpectrumLane query{bank_->lanes(block.query) + 2 * (turn % kTurns) + slot, kPositions};
      const SpectrumLane candidate{int16s(scratch.candidates[i].pairs[block.candidate]) + slot, 2};
      matches[begin + i] = match_of(found, correlation_window(query, candidate, turn >= kTurns));
    }
  }
}

namespace {

constexpr std::size_t kMembersAtOnce = 4;
constexpr std::size_t kCohortTurns = 8;  // turns that a cohort is compared in
static_assert(kMembersAtOnce * kCohortTurns == kPositions);

}  // namespace

struct CohortSpectra::Members {
  std::size_t count = 0;
  AlignedVector<std::uint64_t> spectra;  // kElements words for each four members
};

CohortSpectra::~CohortSpectra() = default;

CohortSpectra::CohortSpectra(std::span<const DenseCode> cohort) {
  auto members = std::make_unique<Members>();
  members->count = cohort.size();
  members->spectra.resize((cohort.size() + kMembersAtOnce - 1) / kMembersAtOnce * kElements);
  FieldSampler sampler;
  FieldSpectra fields(kMiddle);
  std::uint64_t* to = members->spectra.data();
  for (std::size_t first = 0; first < cohort.size(); first += kMembersAtOnce) {
    const std::size_t count = std::min(kMembersAtOnce, cohort.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      sampler.take(cohort[first + i]);
      sampler.turn(0, 1, fields.cells(i));
    }
    fields.transform(count);
    for (int ky = 0; ky < kPeriod; ++ky) {
      const std::int32_t* row = fields.row(ky);
      for (std::size_t k = 0; k < kRow; ++k, row += kLanes) {
        *to++ = std::uint64_t{pair_of(row[2], row[3])} << 32 | pair_of(row[0], row[1]);
      }
    }
  }
  members_ = std::move(members);
}

CohortStatistics CohortSpectra::statistics(const DenseCode& code) const {
  if (members_->count == 0) return {};
  FieldSampler sampler;
  sampler.take(code);
  FieldSpectra fields(0);
  for (std::size_t turn = 0; turn < kCohortTurns; ++turn) {
    sampler.turn(rotation_of(static_cast<int>(turn)), 1, fields.cells(turn));
  }
  fields.transform(kCohortTurns);
  AlignedVector<std::uint64_t> query;
  query.reserve(kElements * kCohortTurns);
  for (int ky = 0; ky < kPeriod; ++ky) {
    const std::int32_t* row = fields.row(ky);
    for (std::size_t k = 0; k < kRow; ++k, row += kLanes) {
      for (std::size_t turn = 0; turn < kCohortTurns; ++turn) {
        query.push_back(std::uint64_t{low_half(row[turn])} * 0x0001000100010001u);
      }
    }
  }

  DenseCorrelator correlator;
  double sum = 0, squared = 0;
  for (std::size_t first = 0; first < members_->count; first += kMembersAtOnce) {
    const LargestProducts largest =
        correlator.largest(reinterpret_cast<const std::int16_t*>(query.data()),
                           members_->spectra.data() + first / kMembersAtOnce * kElements);
    const std::size_t count = std::min(kMembersAtOnce, members_->count - first);
    for (std::size_t i = 0; i < count; ++i) {
      int best = 0;
      for (std::size_t turn = 0; turn < 2 * kCohortTurns; ++turn) {
        best = std::max<int>(best, largest[turn * kMembersAtOnce + i]);
      }
      const auto score = static_cast<double>(score_of_product(best));
      sum += score;
      squared += score * score;
    }
  }
  return statistics_of(sum, squared, members_->count);
}

}  // namespace pressmark::kernels::cpu
