// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/detail_code.hpp"

#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <vector>

#include "kernels/cpu/scale_space.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/detail_code.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// sums[i]: of fine - coarse over the pixels 2 i and 2 i + 1 of two rows.
void sum_details(const float* upper_fine, const float* upper_coarse, const float* lower_fine,
                 const float* lower_coarse, int count, float* sums) {
  const hn::CappedTag<float, 8> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  HWY_ALIGN float upper[16], lower[16];
  for (int i = 0; i < count; i += lanes) {
    for (int part = 0; part < 2 * lanes; part += lanes) {
      const int x = 2 * i + part;
      hn::Store(hn::Sub(hn::LoadU(tag, upper_fine + x), hn::LoadU(tag, upper_coarse + x)), tag,
                upper + part);
      hn::Store(hn::Sub(hn::LoadU(tag, lower_fine + x), hn::LoadU(tag, lower_coarse + x)), tag,
                lower + part);
    }
    hn::Vec<decltype(tag)> a, b, c, d;
    hn::LoadInterleaved2(tag, upper, a, b);
    hn::LoadInterleaved2(tag, lower, c, d);
    hn::StoreU(hn::Add(hn::Add(hn::Add(a, b), c), d), tag, sums + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(sum_details);

constexpr double kFine_px = 1.5, kCoarse_px = 3.0;
constexpr int kRadius = 10;   // of a patch, bits
constexpr int kSpacing = 16;  // of patches, bits
constexpr int kShift = 1;     // what registration leaves, bits

// Cut at four sigmas.
std::vector<float> gaussian_taps(double sigma) {
  std::vector<double> values;
  double sum = 0;
  for (int i = 0; i <= static_cast<int>(4 * sigma); ++i) {
    values.push_back(std::exp(-0.5 * i * i / (sigma * sigma)));
    sum += i == 0 ? values.back() : 2 * values.back();
  }
  std::vector<float> taps;
  for (const double value : values) taps.push_back(static_cast<float>(value / sum));
  return taps;
}

// +-1 of each bit; 0 where nothing is known.
struct Signs {
  int width = 0, height = 0;
  std::vector<std::int8_t> values;
  std::int8_t at(int x, int y) const { return values[static_cast<std::size_t>(y * width + x)]; }
};

Signs unpacked(const DetailView& code) {
  assert(code.bits.size() == detail_bytes(code.width_px, code.height_px));
  Signs signs{code.width_px / 2, code.height_px / 2, {}};
  const auto count = static_cast<std::size_t>(signs.width) * static_cast<std::size_t>(signs.height);
  signs.values.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    signs.values[i] = (code.bits[i / 8] >> (i % 8) & 1) != 0 ? 1 : -1;
  }
  return signs;
}

// The adjugate, which is the inverse up to a factor that a homography does not have.
std::array<double, 9> adjugate(const std::array<double, 9>& m) {
  return {m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
          m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
          m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]};
}

// The query's signs on the grid of the hit.
Signs laid_over(const Signs& query, const Signs& hit, const std::array<double, 9>& hit_from_query) {
  const std::array<double, 9> back = adjugate(hit_from_query);
  // The sign of w in front of the camera, taken at the middle of the hit.
  const double side = back[6] * hit.width + back[7] * hit.height + back[8] < 0 ? -1 : 1;
  Signs moved{hit.width, hit.height, {}};
  moved.values.assign(hit.values.size(), 0);
  for (int y = 0; y < hit.height; ++y) {
    for (int x = 0; x < hit.width; ++x) {
      // Bit (x, y) covers the pixels 2x, 2x + 1: its centre lies half a pixel on.
      const double px = 2 * x + 0.5, py = 2 * y + 0.5;
      const double w = side * (back[6] * px + back[7] * py + back[8]);
      if (!(w > 1e-12)) continue;
      const double u = (side * (back[0] * px + back[1] * py + back[2]) / w - 0.5) / 2;
      const double v = (side * (back[3] * px + back[4] * py + back[5]) / w - 0.5) / 2;
      if (!(u > -0.5 && v > -0.5 && u < query.width - 0.5 && v < query.height - 0.5)) continue;
      moved.values[static_cast<std::size_t>(y * hit.width + x)] =
          query.at(static_cast<int>(std::lround(u)), static_cast<int>(std::lround(v)));
    }
  }
  return moved;
}

// Sum of products over the patch, shifted; nothing is known outside the query: no patch there.
bool patch_is_known(const Signs& moved, int cx, int cy) {
  for (int y = cy - kRadius; y <= cy + kRadius; ++y) {
    for (int x = cx - kRadius; x <= cx + kRadius; ++x) {
      if (moved.at(x, y) == 0) return false;
    }
  }
  return true;
}

int best_sum(const Signs& moved, const Signs& hit, int cx, int cy) {
  int best = 0;
  for (int dy = -kShift; dy <= kShift; ++dy) {
    for (int dx = -kShift; dx <= kShift; ++dx) {
      int sum = 0;
      for (int y = cy - kRadius; y <= cy + kRadius; ++y) {
        for (int x = cx - kRadius; x <= cx + kRadius; ++x) {
          sum += moved.at(x, y) * hit.at(x + dx, y + dy);
        }
      }
      if (std::abs(sum) > std::abs(best)) best = sum;
    }
  }
  return best;
}

}  // namespace

void detail_code(const GreyImage& image, std::vector<std::uint8_t>& bits) {
  bits.assign(detail_bytes(image.width, image.height), 0);
  if (bits.empty()) return;
  static const std::vector<float> fine_taps = gaussian_taps(kFine_px);
  static const std::vector<float> coarse_taps = gaussian_taps(kCoarse_px);
  thread_local Plane grey, fine, coarse;
  float_plane(image, grey);
  filter_separably(grey, fine_taps, Border::kReflect, fine);
  filter_separably(grey, coarse_taps, Border::kReflect, coarse);
  const int width = image.width / 2, height = image.height / 2;
  std::vector<float> sums(static_cast<std::size_t>(width) + 8);
  for (int y = 0; y < height; ++y) {
    HWY_DYNAMIC_DISPATCH(sum_details)
    (fine.row(2 * y), coarse.row(2 * y), fine.row(2 * y + 1), coarse.row(2 * y + 1), width,
     sums.data());
    for (int x = 0; x < width; ++x) {
      const auto i = static_cast<std::size_t>(y * width + x);
      const unsigned bit = sums[static_cast<std::size_t>(x)] > 0 ? 1u : 0u;
      bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | bit << (i % 8));
    }
  }
}

DetailAgreement compare_details(const DetailView& query, const DetailView& candidate,
                                const std::array<double, 9>& hit_from_query) {
  const Signs theirs = unpacked(candidate);
  const Signs moved = laid_over(unpacked(query), theirs, hit_from_query);
  constexpr int kMargin = kRadius + kShift;
  DetailAgreement result;
  std::int64_t strength = 0, agreement = 0;
  for (int y = kMargin; y + kMargin < theirs.height; y += kSpacing) {
    for (int x = kMargin; x + kMargin < theirs.width; x += kSpacing) {
      if (!patch_is_known(moved, x, y)) continue;
      const int sum = best_sum(moved, theirs, x, y);
      ++result.patches;
      strength += std::abs(sum);
      agreement += sum;
    }
  }
  if (result.patches == 0) return result;
  constexpr int kBits = (2 * kRadius + 1) * (2 * kRadius + 1);
  const double all = static_cast<double>(result.patches) * kBits;
  result.strength = static_cast<double>(strength) / all;
  result.agreement = static_cast<double>(agreement) / all;
  return result;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
