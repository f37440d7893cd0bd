// SPDX-License-Identifier: Apache-2.0
//
// Correlation of two dense codes over all shifts, 32 rotations and 9 scales, through the frequency
// domain.
//
// The query is turned by multiples of pi / 16 and shrunk by up to 2, or the candidate is shrunk: a
// field is never enlarged, so that nothing is cut off and both directions of a comparison are
// worked out alike. A turn by pi mirrors a field of doubled angles, q(x) -> q(-x), whose spectrum
// follows from the spectra of the real parts: half of the turns come without spectra of their own.
// With X, Y the spectra of real and imaginary parts, Z1 = conj(Qx) Dx + conj(Qy) Dy is the spectrum
// of the correlation in one position and Z2 = Qx Dx + Qy Dy in the one turned by pi; both
// correlations are real, so that one complex transform of Z1 + i Z2 gives both.
//
// Eight turns lie side by side in lanes (kernels/cpu/fft.hpp); there is no fused multiplication and
// addition: all instruction sets give the same bits.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "kernels/cpu/dense.hpp"
#include "kernels/cpu/dense_field.hpp"
#include "kernels/cpu/fft.hpp"
#include "kernels/math/dense_search.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/dense_search.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Products of one row of the half spectrum. query: per kx Qx re, im, Qy re, im of 8 lanes;
// candidate: per kx Dx re, im, Dy re, im. Writes Z1 + i Z2 of row ky to `row` and of row -ky, from
// the symmetry of Z1 and Z2, to `mirrored`.
void multiply_row(const float* query, const float* candidate, int half_width, int width, float* row,
                  float* mirrored) {
  const hn::CappedTag<float, 8> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (int kx = 0; kx < half_width; ++kx, query += 32, candidate += 4) {
    const auto xr = hn::Set(tag, candidate[0]), xi = hn::Set(tag, candidate[1]);
    const auto yr = hn::Set(tag, candidate[2]), yi = hn::Set(tag, candidate[3]);
    float* to = row + kx * 16;
    float* mirrored_to = mirrored + (kx == 0 ? 0 : width - kx) * 16;
    for (std::size_t half = 0; half < 8; half += lanes) {
      const auto qxr = hn::LoadU(tag, query + half), qxi = hn::LoadU(tag, query + 8 + half);
      const auto qyr = hn::LoadU(tag, query + 16 + half), qyi = hn::LoadU(tag, query + 24 + half);
      const auto rr = hn::Add(hn::Mul(qxr, xr), hn::Mul(qyr, yr));
      const auto ii = hn::Add(hn::Mul(qxi, xi), hn::Mul(qyi, yi));
      const auto ri = hn::Add(hn::Mul(qxr, xi), hn::Mul(qyr, yi));
      const auto ir = hn::Add(hn::Mul(qxi, xr), hn::Mul(qyi, yr));
      const auto z1r = hn::Add(rr, ii), z1i = hn::Sub(ri, ir);
      const auto z2r = hn::Sub(rr, ii), z2i = hn::Add(ri, ir);
      hn::StoreU(hn::Sub(z1r, z2i), tag, to + half);
      hn::StoreU(hn::Add(z1i, z2r), tag, to + 8 + half);
      hn::StoreU(hn::Add(z1r, z2i), tag, mirrored_to + half);
      hn::StoreU(hn::Sub(z2r, z1i), tag, mirrored_to + 8 + half);
    }
  }
}

// Raises `maxima` (16 lanes) to the elements first .. last of a column.
void raise_maxima(const float* column, int first, int last, float* maxima) {
  const hn::CappedTag<float, 8> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t lane = 0; lane < 16; lane += lanes) {
    auto best = hn::LoadU(tag, maxima + lane);
    for (int y = first; y <= last; ++y) {
      best = hn::Max(best, hn::LoadU(tag, column + y * 16 + lane));
    }
    hn::StoreU(best, tag, maxima + lane);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(multiply_row);
HWY_EXPORT(raise_maxima);

using namespace dense_search;

constexpr int kTurnGroups = kTurns / kFftLanes;

constexpr std::size_t kHalfElements = static_cast<std::size_t>(kPeriod) * kHalf;
// One element more than the period, so that a column does not fall into few sets of the cache.
constexpr std::ptrdiff_t kRow = (kPeriod + 1) * static_cast<std::ptrdiff_t>(kFftElement);
constexpr auto kElement = static_cast<std::ptrdiff_t>(kFftElement);

const FftPlan& plan() {
  static const FftPlan instance(kPeriod);
  return instance;
}

struct Scratch {
  std::vector<float> plane = std::vector<float>(static_cast<std::size_t>(kRow) * kPeriod);
  std::vector<float> fft = std::vector<float>(2 * kPeriod * kFftElement);
  std::vector<float> column = std::vector<float>(kPeriod * kFftElement);
};

// Spectra of eight complex fields, separated into those of their real and imaginary parts:
// write(k, lane, {xr, xi, yr, yi}) for ky = 0 .. kPeriod - 1, kx = 0 .. kPeriod / 2.
template <typename Write>
void separate_spectra(Scratch& scratch, const Write& write) {
  for (int y = 0; y < kPeriod; ++y) {
    float* row = scratch.plane.data() + y * kRow;
    plan().forward(row, kElement, row, kElement, scratch.fft.data());
  }
  for (int x = 0; x < kPeriod; ++x) {
    float* column = scratch.plane.data() + x * kElement;
    plan().forward(column, kRow, column, kRow, scratch.fft.data());
  }
  for (int ky = 0; ky < kPeriod; ++ky) {
    for (int kx = 0; kx < kHalf; ++kx) {
      const float* z = scratch.plane.data() + ky * kRow + kx * kElement;
      const float* m = scratch.plane.data() + (kPeriod - ky) % kPeriod * kRow +
                       (kPeriod - kx) % kPeriod * kElement;
      for (int lane = 0; lane < kFftLanes; ++lane) {
        const float zr = z[lane], zi = z[lane + kFftLanes], mr = m[lane], mi = m[lane + kFftLanes];
        write(static_cast<std::size_t>(ky * kHalf + kx), lane,
              std::array{0.5f * (zr + mr), 0.5f * (zi - mi), 0.5f * (zi + mi), 0.5f * (mr - zr)});
      }
    }
  }
}

// Puts a field into a lane of the plane; returns its norm.
float place(const DenseField& field, int lane, Scratch& scratch) {
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      float* element =
          scratch.plane.data() + around_origin(y) * kRow + around_origin(x) * kElement + lane;
      element[0] = field.at(x, y).real();
      element[kFftLanes] = field.at(x, y).imag();
    }
  }
  return static_cast<float>(std::sqrt(field.squared_norm()));
}

struct CandidateSpectra {
  std::array<float, kFftLanes> norms{};  // by shrink
  std::vector<float> values = std::vector<float>(kShrinks * kHalfElements * 4);

  void take(const DenseCode& code, Scratch& scratch) {
    const DenseField field = halved(field_of(code));
    std::fill(scratch.plane.begin(), scratch.plane.end(), 0.0f);
    for (int i = 0; i < kShrinks; ++i) {
      norms[static_cast<std::size_t>(i)] = place(transformed(field, 0, shrink_of(i)), i, scratch);
    }
    separate_spectra(scratch, [&](std::size_t k, int lane, const std::array<float, 4>& parts) {
      if (lane >= kShrinks) return;
      std::copy(parts.begin(), parts.end(),
                values.data() + (static_cast<std::size_t>(lane) * kHalfElements + k) * 4);
    });
  }

  const float* spectrum(int shrink) const {
    return values.data() + static_cast<std::size_t>(shrink) * kHalfElements * 4;
  }
};

// Correlations at all shifts after the transform along x; rows remain spectra along y.
void correlate_rows(const float* query, const float* candidate, Scratch& scratch) {
  for (int ky = 0; 2 * ky <= kPeriod; ++ky) {
    const int other = (kPeriod - ky) % kPeriod;
    float* row = scratch.plane.data() + ky * kRow;
    float* mirrored = scratch.plane.data() + other * kRow;
    for (int k : {ky, other}) {
      HWY_DYNAMIC_DISPATCH(multiply_row)
      (query + static_cast<std::ptrdiff_t>(k) * kHalf * 2 * kElement,
       candidate + static_cast<std::ptrdiff_t>(k) * kHalf * 4, kHalf, kPeriod,
       k == ky ? row : mirrored, k == ky ? mirrored : row);
      if (ky == other) break;
    }
    plan().inverse(row, kElement, row, kElement, scratch.fft.data());
    if (ky != other) plan().inverse(mirrored, kElement, mirrored, kElement, scratch.fft.data());
  }
}

// Column of shift x (may be negative), all shifts y.
void correlate_column(int x, Scratch& scratch) {
  plan().inverse(scratch.plane.data() + (x + kPeriod) % kPeriod * kElement, kRow,
                 scratch.column.data(), kElement, scratch.fft.data());
}

// Best score of each of the 16 turns (eight, and those turned by pi) over all shifts, before it is
// divided by the norms.
std::array<float, kFftElement> best_products(const float* query, const float* candidate,
                                             Scratch& scratch) {
  correlate_rows(query, candidate, scratch);
  std::array<float, kFftElement> maxima{};
  for (int x = -kReach; x <= kReach; ++x) {
    correlate_column(x, scratch);
    HWY_DYNAMIC_DISPATCH(raise_maxima)(scratch.column.data(), 0, kReach, maxima.data());
    HWY_DYNAMIC_DISPATCH(raise_maxima)
    (scratch.column.data(), kPeriod - kReach, kPeriod - 1, maxima.data());
  }
  return maxima;
}

// Spectra of eight turns, from first_turn on, of a shrunk field.
void take_turns(const DenseField& field, int first_turn, float shrink, Scratch& scratch,
                std::span<float> norms, float* spectra) {
  std::fill(scratch.plane.begin(), scratch.plane.end(), 0.0f);
  for (int lane = 0; lane < kFftLanes; ++lane) {
    norms[static_cast<std::size_t>(lane)] =
        place(transformed(field, rotation_of(first_turn + lane), shrink), lane, scratch);
  }
  separate_spectra(scratch, [&](std::size_t k, int lane, const std::array<float, 4>& parts) {
    for (std::size_t i = 0; i < 4; ++i) {
      spectra[k * 2 * kFftElement + i * kFftLanes + static_cast<std::size_t>(lane)] = parts[i];
    }
  });
}

}  // namespace

struct DenseQuery::Bank {
  std::array<std::array<float, kTurns>, kShrinks> norms{};
  std::vector<float> values =
      std::vector<float>(kShrinks * kTurnGroups * kHalfElements * 2 * kFftElement);

  float* group(int shrink, int turn_group) {
    return values.data() + static_cast<std::size_t>(shrink * kTurnGroups + turn_group) *
                               kHalfElements * 2 * kFftElement;
  }
};

DenseQuery::~DenseQuery() = default;

DenseQuery::DenseQuery(const DenseCode& code) {
  auto bank = std::make_unique<Bank>();
  const DenseField field = halved(field_of(code));
  Scratch scratch;
  for (int shrink = 0; shrink < kShrinks; ++shrink) {
    for (int group = 0; group < kTurnGroups; ++group) {
      take_turns(field, group * kFftLanes, shrink_of(shrink), scratch,
                 std::span(bank->norms[static_cast<std::size_t>(shrink)])
                     .subspan(static_cast<std::size_t>(group * kFftLanes), kFftLanes),
                 bank->group(shrink, group));
    }
  }
  bank_ = std::move(bank);
}

namespace {

struct Found {
  float score = -2;
  int scale = 0, turn = 0;  // turn: multiples of pi / kTurns, up to 2 kTurns - 1
};

}  // namespace

void DenseQuery::search(std::span<const DenseCode> candidates,
                        std::span<DenseMatch> matches) const {
  assert(candidates.size() == matches.size());
  constexpr std::size_t kBatch = 8;
  Scratch scratch;
  std::array<CandidateSpectra, kBatch> spectra;
  for (std::size_t begin = 0; begin < candidates.size(); begin += kBatch) {
    const std::size_t count = std::min(kBatch, candidates.size() - begin);
    std::array<Found, kBatch> best{};
    for (std::size_t i = 0; i < count; ++i) spectra[i].take(candidates[begin + i], scratch);
    // A group of spectra of the query stays in the cache for all candidates of the batch.
    for (int scale = 0; scale < kScales; ++scale) {
      for (int group = 0; group < kTurnGroups; ++group) {
        for (std::size_t i = 0; i < count; ++i) {
          const int shrink = candidate_shrink(scale);
          const std::array<float, kFftElement> products = best_products(
              bank_->group(query_shrink(scale), group), spectra[i].spectrum(shrink), scratch);
          for (int lane = 0; lane < 2 * kFftLanes; ++lane) {
            const int turn = group * kFftLanes + lane % kFftLanes;
            const float query_norm = bank_->norms[static_cast<std::size_t>(query_shrink(scale))]
                                                 [static_cast<std::size_t>(turn)];
            const float score = score_of(products[static_cast<std::size_t>(lane)], query_norm,
                                         spectra[i].norms[static_cast<std::size_t>(shrink)]);
            if (score > best[i].score) {
              best[i] = {score, scale, turn + (lane < kFftLanes ? 0 : kTurns)};
            }
          }
        }
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Found& at = best[i];
      const int turn = at.turn % kTurns, lane = turn % kFftLanes + at.turn / kTurns * kFftLanes;
      correlate_rows(bank_->group(query_shrink(at.scale), turn / kFftLanes),
                     spectra[i].spectrum(candidate_shrink(at.scale)), scratch);
      std::array<std::array<float, 2 * kReach + 3>, 2 * kReach + 3> values;
      for (int x = -kReach - 1; x <= kReach + 1; ++x) {
        correlate_column(x, scratch);
        for (int y = -kReach - 1; y <= kReach + 1; ++y) {
          values[static_cast<std::size_t>(y + kReach + 1)]
                [static_cast<std::size_t>(x + kReach + 1)] =
                    scratch.column[static_cast<std::size_t>((y + kPeriod) % kPeriod) * kFftElement +
                                   static_cast<std::size_t>(lane)];
        }
      }
      std::size_t best_x = kReach + 1, best_y = kReach + 1;
      for (std::size_t y = 1; y <= 2 * kReach + 1; ++y) {
        for (std::size_t x = 1; x <= 2 * kReach + 1; ++x) {
          if (values[y][x] > values[best_y][best_x]) best_x = x, best_y = y;
        }
      }
      const float centre = values[best_y][best_x];
      const Pose pose = pose_of(at.scale, at.turn);
      const float dx = vertex(values[best_y][best_x - 1], centre, values[best_y][best_x + 1]);
      const float dy = vertex(values[best_y - 1][best_x], centre, values[best_y + 1][best_x]);
      matches[begin + i] = {at.score,
                            {pose.linear, pose.shift(static_cast<int>(best_x), dx),
                             pose.shift(static_cast<int>(best_y), dy)}};
    }
  }
}

struct CohortSpectra::Members {
  std::vector<float> norms, spectra;  // spectra: kHalfElements * 4 of each
};

CohortSpectra::~CohortSpectra() = default;

CohortSpectra::CohortSpectra(std::span<const DenseCode> cohort) {
  auto members = std::make_unique<Members>();
  Scratch scratch;
  for (const DenseCode& code : cohort) {
    CandidateSpectra spectra;
    spectra.take(code, scratch);
    members->norms.push_back(spectra.norms[0]);
    members->spectra.insert(members->spectra.end(), spectra.spectrum(0),
                            spectra.spectrum(0) + kHalfElements * 4);
  }
  members_ = std::move(members);
}

CohortStatistics CohortSpectra::statistics(const DenseCode& code) const {
  const std::size_t count = members_->norms.size();
  if (count == 0) return {};
  Scratch scratch;
  std::vector<float> query(kHalfElements * 2 * kFftElement);
  std::array<float, kFftLanes> norms{};
  take_turns(halved(field_of(code)), 0, 1, scratch, norms, query.data());
  double sum = 0, squared = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::array<float, kFftElement> products =
        best_products(query.data(), members_->spectra.data() + i * kHalfElements * 4, scratch);
    float best = 0;
    for (std::size_t lane = 0; lane < products.size(); ++lane) {
      best = std::max(best, score_of(products[lane], norms[lane % kFftLanes], members_->norms[i]));
    }
    sum += static_cast<double>(best);
    squared += static_cast<double>(best) * static_cast<double>(best);
  }
  return statistics_of(sum, squared, count);
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
