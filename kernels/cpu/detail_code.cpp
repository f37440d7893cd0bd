// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/detail_code.hpp"

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <vector>

#include "kernels/cpu/scale_space.hpp"
#include "kernels/math/detail_overlay.hpp"

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

// The query's signs on the grid of the hit.
Signs laid_over(const Signs& query, const Signs& hit, const std::array<double, 9>& hit_from_query) {
  const DetailOverlay overlay(query.width, query.height, hit.width, hit.height, hit_from_query);
  Signs moved{hit.width, hit.height, {}};
  moved.values.assign(hit.values.size(), 0);
  for (int y = 0; y < hit.height; ++y) {
    for (int x = 0; x < hit.width; ++x) {
      const int bit = overlay.query_bit(x, y);
      if (bit < 0) continue;
      moved.values[static_cast<std::size_t>(y * hit.width + x)] =
          query.values[static_cast<std::size_t>(bit)];
    }
  }
  return moved;
}

// Sum of products over the patch, shifted; nothing is known outside the query: no patch there.
bool patch_is_known(const Signs& moved, int cx, int cy) {
  for (int y = cy - kDetailRadius; y <= cy + kDetailRadius; ++y) {
    for (int x = cx - kDetailRadius; x <= cx + kDetailRadius; ++x) {
      if (moved.at(x, y) == 0) return false;
    }
  }
  return true;
}

int best_sum(const Signs& moved, const Signs& hit, int cx, int cy) {
  int best = 0;
  for (int dy = -kDetailShift; dy <= kDetailShift; ++dy) {
    for (int dx = -kDetailShift; dx <= kDetailShift; ++dx) {
      int sum = 0;
      for (int y = cy - kDetailRadius; y <= cy + kDetailRadius; ++y) {
        for (int x = cx - kDetailRadius; x <= cx + kDetailRadius; ++x) {
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
  static const std::vector<float> fine_taps = detail_taps(kFineDetail_px);
  static const std::vector<float> coarse_taps = detail_taps(kCoarseDetail_px);
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
  constexpr int kMargin = kDetailRadius + kDetailShift;
  DetailAgreement result;
  std::int64_t strength = 0, agreement = 0;
  for (int y = kMargin; y + kMargin < theirs.height; y += kDetailSpacing) {
    for (int x = kMargin; x + kMargin < theirs.width; x += kDetailSpacing) {
      if (!patch_is_known(moved, x, y)) continue;
      const int sum = best_sum(moved, theirs, x, y);
      ++result.patches;
      strength += std::abs(sum);
      agreement += sum;
    }
  }
  if (result.patches == 0) return result;
  constexpr int kBits = (2 * kDetailRadius + 1) * (2 * kDetailRadius + 1);
  const double all = static_cast<double>(result.patches) * kBits;
  result.strength = static_cast<double>(strength) / all;
  result.agreement = static_cast<double>(agreement) / all;
  return result;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
