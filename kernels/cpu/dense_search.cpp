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
// All sixteen turns lie side by side in lanes (period_fft-inl.hpp); there is no fused
// multiplication and addition: all instruction sets give the same bits, and so do the CUDA
// backend's transforms.
#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <new>
#include <vector>

#include "kernels/cpu/dense.hpp"
#include "kernels/cpu/dense_field.hpp"
#include "kernels/math/dense_search.hpp"
#include "kernels/math/fft_tables.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/dense_search.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/period_fft-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using namespace dense_search;

// One element more than the period, so that a column does not fall into few sets of the cache.
constexpr std::ptrdiff_t kElementStep = kSearchElement;
constexpr std::ptrdiff_t kRowStep = (kPeriod + 1) * kElementStep;

// Products of one row of the half spectrum. query: per kx Qx re, im, Qy re, im of 16 lanes;
// candidate: per kx Dx re, im, Dy re, im. Writes Z1 + i Z2 of row ky to `row` and of row -ky, from
// the symmetry of Z1 and Z2, to `mirrored`.
HWY_INLINE void multiply_row(const float* query, const float* candidate, std::size_t lanes,
                             float* row, float* mirrored) {
  const PeriodTag tag;
  for (int kx = 0; kx < kHalf; ++kx, query += 2 * kElementStep, candidate += 4) {
    const auto xr = hn::Set(tag, candidate[0]), xi = hn::Set(tag, candidate[1]);
    const auto yr = hn::Set(tag, candidate[2]), yi = hn::Set(tag, candidate[3]);
    float* to = row + kx * kElementStep;
    float* mirrored_to = mirrored + (kx == 0 ? 0 : kPeriod - kx) * kElementStep;
    for (std::size_t lane = 0; lane < lanes; lane += hn::Lanes(tag)) {
      const auto qxr = hn::LoadU(tag, query + lane);
      const auto qxi = hn::LoadU(tag, query + kSearchLanes + lane);
      const auto qyr = hn::LoadU(tag, query + 2 * kSearchLanes + lane);
      const auto qyi = hn::LoadU(tag, query + 3 * kSearchLanes + lane);
      const auto rr = hn::Add(hn::Mul(qxr, xr), hn::Mul(qyr, yr));
      const auto ii = hn::Add(hn::Mul(qxi, xi), hn::Mul(qyi, yi));
      const auto ri = hn::Add(hn::Mul(qxr, xi), hn::Mul(qyr, yi));
      const auto ir = hn::Add(hn::Mul(qxi, xr), hn::Mul(qyi, yr));
      const auto z1r = hn::Add(rr, ii), z1i = hn::Sub(ri, ir);
      const auto z2r = hn::Sub(rr, ii), z2i = hn::Add(ri, ir);
      hn::StoreU(hn::Sub(z1r, z2i), tag, to + lane);
      hn::StoreU(hn::Add(z1i, z2r), tag, to + kSearchLanes + lane);
      hn::StoreU(hn::Add(z1r, z2i), tag, mirrored_to + lane);
      hn::StoreU(hn::Sub(z2r, z1i), tag, mirrored_to + kSearchLanes + lane);
    }
  }
}

template <std::size_t kReal, std::size_t kImaginary>
HWY_INLINE void transform_to(const float* input, std::ptrdiff_t step, const float* twiddles,
                             std::size_t lanes, float* output, std::ptrdiff_t output_step) {
  const PeriodTag tag;
  for (std::size_t lane = 0; lane < lanes; lane += hn::Lanes(tag)) {
    transform_period<kReal, kImaginary>(input, step, twiddles, lane,
                                        [&](std::ptrdiff_t i, const PeriodComplex& value) HWY_ATTR {
                                          float* to = output + i * output_step + lane;
                                          hn::StoreU(value.re, tag, to + kReal);
                                          hn::StoreU(value.im, tag, to + kImaginary);
                                        });
  }
}

// Of the first `lanes` lanes, a multiple of 8, and so below.
void transform_plane(const float* twiddles, std::size_t lanes, float* plane) {
  for (std::ptrdiff_t y = 0; y < kPeriod; ++y) {
    float* row = plane + y * kRowStep;
    transform_to<0, kSearchLanes>(row, kElementStep, twiddles, lanes, row, kElementStep);
  }
  for (std::ptrdiff_t x = 0; x < kPeriod; ++x) {
    float* column = plane + x * kElementStep;
    transform_to<0, kSearchLanes>(column, kRowStep, twiddles, lanes, column, kRowStep);
  }
}

// Correlations at all shifts up to kReach + 1 after the transform along x; rows remain spectra
// along y.
void correlate_rows(const float* query, const float* candidate, const float* twiddles,
                    std::size_t lanes, float* plane) {
  const PeriodTag tag;
  const auto invert = [&](float* row) HWY_ATTR {
    for (std::size_t lane = 0; lane < lanes; lane += hn::Lanes(tag)) {
      transform_period<kSearchLanes, 0>(row, kElementStep, twiddles, lane,
                                        [&](std::ptrdiff_t x, const PeriodComplex& value) HWY_ATTR {
                                          // Of no use to anybody: a shift farther than the
                                          // neighbours of the farthest.
                                          if (x > kReach + 1 && x < kPeriod - kReach - 1) return;
                                          hn::StoreU(value.im, tag, row + x * kElementStep + lane);
                                          hn::StoreU(value.re, tag,
                                                     row + x * kElementStep + kSearchLanes + lane);
                                        });
    }
  };
  for (std::ptrdiff_t ky = 0; 2 * ky <= kPeriod; ++ky) {
    const std::ptrdiff_t other = (kPeriod - ky) % kPeriod;
    float* row = plane + ky * kRowStep;
    float* mirrored = plane + other * kRowStep;
    multiply_row(query + ky * kHalf * 2 * kElementStep, candidate + ky * kHalf * 4, lanes, row,
                 mirrored);
    if (ky != other) {
      multiply_row(query + other * kHalf * 2 * kElementStep, candidate + other * kHalf * 4, lanes,
                   mirrored, row);
      invert(mirrored);
    }
    invert(row);
  }
}

// Column of shift x (may be negative), all shifts y.
void correlate_column(const float* plane, std::ptrdiff_t x, const float* twiddles, float* column) {
  transform_to<kSearchLanes, 0>(plane + (x + kPeriod) % kPeriod * kElementStep, kRowStep, twiddles,
                                kSearchLanes, column, kElementStep);
}

// Raises `maxima` (two for each lane: the turn, and that turned by pi) to the best correlations.
void raise_maxima(const float* plane, const float* twiddles, std::size_t lanes, float* maxima) {
  const PeriodTag tag;
  for (std::ptrdiff_t x = -kReach; x <= kReach; ++x) {
    const float* column = plane + (x + kPeriod) % kPeriod * kElementStep;
    for (std::size_t lane = 0; lane < lanes; lane += hn::Lanes(tag)) {
      auto best = hn::LoadU(tag, maxima + lane);
      auto turned_best = hn::LoadU(tag, maxima + kSearchLanes + lane);
      transform_period<kSearchLanes, 0>(column, kRowStep, twiddles, lane,
                                        [&](std::ptrdiff_t y, const PeriodComplex& value) HWY_ATTR {
                                          if (y > kReach && y < kPeriod - kReach) return;
                                          best = hn::Max(best, value.im);
                                          turned_best = hn::Max(turned_best, value.re);
                                        });
      hn::StoreU(best, tag, maxima + lane);
      hn::StoreU(turned_best, tag, maxima + kSearchLanes + lane);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(transform_plane);
HWY_EXPORT(correlate_rows);
HWY_EXPORT(correlate_column);
HWY_EXPORT(raise_maxima);

using namespace dense_search;

constexpr std::size_t kLanes = kTurns;
constexpr std::size_t kElement = 2 * kLanes;            // floats: real parts, imaginary parts
constexpr std::size_t kCohortLanes = 8;                 // turns that a cohort is compared in
constexpr std::size_t kRow = (kPeriod + 1) * kElement;  // see kRowStep
constexpr std::size_t kHalfElements = static_cast<std::size_t>(kPeriod) * kHalf;

const float* twiddles() {
  static const FftTables tables = make_fft_tables(kPeriod);
  return tables.twiddles.data();
}

// Zeros, aligned: a vector of sixteen is a line of the cache.
class Elements {
 public:
  explicit Elements(std::size_t floats)
      : size_(floats), values_(hwy::AllocateAligned<float>(floats)) {
    if (values_ == nullptr) throw std::bad_alloc();
    clear();
  }
  void clear() { std::fill_n(values_.get(), size_, 0.0f); }
  float* data() { return values_.get(); }

 private:
  std::size_t size_;
  hwy::AlignedFreeUniquePtr<float[]> values_;
};

struct Scratch {
  Elements plane{kRow * kPeriod}, column{kPeriod * kElement};
};

// Spectra of complex fields in the first `lanes` lanes, separated into those of their real and
// imaginary parts: write(k, lane, {xr, xi, yr, yi}) for ky = 0 .. kPeriod - 1, kx = 0 .. kPeriod /
// 2.
template <typename Write>
void separate_spectra(Scratch& scratch, std::size_t lanes, const Write& write) {
  HWY_DYNAMIC_DISPATCH(transform_plane)(twiddles(), (lanes + 7) / 8 * 8, scratch.plane.data());
  for (std::size_t ky = 0; ky < kPeriod; ++ky) {
    for (std::size_t kx = 0; kx < kHalf; ++kx) {
      const float* z = scratch.plane.data() + ky * kRow + kx * kElement;
      const float* m = scratch.plane.data() + (kPeriod - ky) % kPeriod * kRow +
                       (kPeriod - kx) % kPeriod * kElement;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const float zr = z[lane], zi = z[lane + kLanes], mr = m[lane], mi = m[lane + kLanes];
        write(ky * kHalf + kx, lane,
              std::array{0.5f * (zr + mr), 0.5f * (zi - mi), 0.5f * (zi + mi), 0.5f * (mr - zr)});
      }
    }
  }
}

// Puts a field into a lane of the plane; returns its norm.
float place(const DenseField& field, std::size_t lane, Scratch& scratch) {
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      float* element = scratch.plane.data() + static_cast<std::size_t>(around_origin(y)) * kRow +
                       static_cast<std::size_t>(around_origin(x)) * kElement + lane;
      element[0] = field.at(x, y).real();
      element[kLanes] = field.at(x, y).imag();
    }
  }
  return static_cast<float>(std::sqrt(field.squared_norm()));
}

struct CandidateSpectra {
  std::array<float, kShrinks> norms{};
  std::vector<float> values = std::vector<float>(kShrinks * kHalfElements * 4);

  void take(const DenseCode& code, Scratch& scratch) {
    const DenseField field = halved(field_of(code));
    scratch.plane.clear();
    for (int i = 0; i < kShrinks; ++i) {
      const auto lane = static_cast<std::size_t>(i);
      norms[lane] = place(transformed(field, 0, shrink_of(i)), lane, scratch);
    }
    separate_spectra(
        scratch, kShrinks, [&](std::size_t k, std::size_t lane, const std::array<float, 4>& parts) {
          std::copy(parts.begin(), parts.end(), values.data() + (lane * kHalfElements + k) * 4);
        });
  }

  const float* spectrum(int shrink) const {
    return values.data() + static_cast<std::size_t>(shrink) * kHalfElements * 4;
  }
};

// Best score of each turn, and of those turned by pi, over all shifts, before it is divided by the
// norms.
std::array<float, kElement> best_products(const float* query, const float* candidate,
                                          std::size_t lanes, Scratch& scratch) {
  float* plane = scratch.plane.data();
  HWY_DYNAMIC_DISPATCH(correlate_rows)(query, candidate, twiddles(), lanes, plane);
  std::array<float, kElement> maxima{};
  HWY_DYNAMIC_DISPATCH(raise_maxima)(plane, twiddles(), lanes, maxima.data());
  return maxima;
}

// Spectra of the first turns, as many as there are norms, of a shrunk field.
void take_turns(const DenseField& field, float shrink, Scratch& scratch, std::span<float> norms,
                float* spectra) {
  scratch.plane.clear();
  for (std::size_t lane = 0; lane < norms.size(); ++lane) {
    norms[lane] =
        place(transformed(field, rotation_of(static_cast<int>(lane)), shrink), lane, scratch);
  }
  separate_spectra(scratch, norms.size(),
                   [&](std::size_t k, std::size_t lane, const std::array<float, 4>& parts) {
                     for (std::size_t i = 0; i < 4; ++i) {
                       spectra[k * 2 * kElement + i * kLanes + lane] = parts[i];
                     }
                   });
}

}  // namespace

struct DenseQuery::Bank {
  std::array<std::array<float, kTurns>, kShrinks> norms{};
  Elements values{kShrinks * kHalfElements * 2 * kElement};

  float* turns(int shrink) {
    return values.data() + static_cast<std::size_t>(shrink) * kHalfElements * 2 * kElement;
  }
};

DenseQuery::~DenseQuery() = default;

DenseQuery::DenseQuery(const DenseCode& code) {
  auto bank = std::make_unique<Bank>();
  const DenseField field = halved(field_of(code));
  Scratch scratch;
  for (int shrink = 0; shrink < kShrinks; ++shrink) {
    take_turns(field, shrink_of(shrink), scratch, bank->norms[static_cast<std::size_t>(shrink)],
               bank->turns(shrink));
  }
  bank_ = std::move(bank);
}

namespace {

// Of equal scores the first counts, in the order of every backend: turns in groups of eight, each
// before those turned by pi.
const std::array<int, kElement>& searched_order() {
  static const auto order = [] {
    std::array<int, kElement> result{};
    for (int i = 0; i < static_cast<int>(kElement); ++i) {
      result[static_cast<std::size_t>(i)] = i / 16 * 8 + i % 8 + i % 16 / 8 * kTurns;
    }
    return result;
  }();
  return order;
}

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
    // The spectra of a scale of the query stay in the cache for all candidates of the batch.
    for (int scale = 0; scale < kScales; ++scale) {
      const auto query_index = static_cast<std::size_t>(query_shrink(scale));
      const auto candidate_index = static_cast<std::size_t>(candidate_shrink(scale));
      for (std::size_t i = 0; i < count; ++i) {
        const std::array<float, kElement> products =
            best_products(bank_->turns(query_shrink(scale)),
                          spectra[i].spectrum(candidate_shrink(scale)), kLanes, scratch);
        for (const int turn : searched_order()) {
          const float score =
              score_of(products[static_cast<std::size_t>(turn)],
                       bank_->norms[query_index][static_cast<std::size_t>(turn % kTurns)],
                       spectra[i].norms[candidate_index]);
          if (score > best[i].score) best[i] = {score, scale, turn};
        }
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Found& at = best[i];
      HWY_DYNAMIC_DISPATCH(correlate_rows)
      (bank_->turns(query_shrink(at.scale)), spectra[i].spectrum(candidate_shrink(at.scale)),
       twiddles(), kLanes, scratch.plane.data());
      std::array<std::array<float, 2 * kReach + 3>, 2 * kReach + 3> values;
      for (int x = -kReach - 1; x <= kReach + 1; ++x) {
        HWY_DYNAMIC_DISPATCH(correlate_column)
        (scratch.plane.data(), x, twiddles(), scratch.column.data());
        for (int y = -kReach - 1; y <= kReach + 1; ++y) {
          values[static_cast<std::size_t>(y + kReach + 1)][static_cast<std::size_t>(x + kReach +
                                                                                    1)] =
              scratch.column.data()[static_cast<std::size_t>((y + kPeriod) % kPeriod) * kElement +
                                    static_cast<std::size_t>(at.turn)];
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
  Elements query(kHalfElements * 2 * kElement);
  std::array<float, kCohortLanes> norms{};
  take_turns(halved(field_of(code)), 1, scratch, norms, query.data());
  double sum = 0, squared = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::array<float, kElement> products = best_products(
        query.data(), members_->spectra.data() + i * kHalfElements * 4, kCohortLanes, scratch);
    float best = 0;
    for (std::size_t lane = 0; lane < kCohortLanes; ++lane) {
      for (const float product : {products[lane], products[lane + kLanes]}) {
        best = std::max(best, score_of(product, norms[lane], members_->norms[i]));
      }
    }
    sum += static_cast<double>(best);
    squared += static_cast<double>(best) * static_cast<double>(best);
  }
  return statistics_of(sum, squared, count);
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
