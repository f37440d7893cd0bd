// SPDX-License-Identifier: Apache-2.0
//
// Which pixels of a mask's row (kernels/cpu/masked_rows.hpp) take part, a vector at a time. To be
// included in files that Highway compiles once for each instruction set.
#if defined(PRESSMARK_KERNELS_CPU_UNMASKED_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PRESSMARK_KERNELS_CPU_UNMASKED_INL
#undef PRESSMARK_KERNELS_CPU_UNMASKED_INL
#else
#define PRESSMARK_KERNELS_CPU_UNMASKED_INL
#endif

#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {

// As many pixels as `tag`, of 32-bit lanes, has lanes: true where mask[i] is 0.
template <typename Tag>
HWY_INLINE hwy::HWY_NAMESPACE::Mask<Tag> unmasked(const Tag& tag, const std::uint8_t* mask) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<Tag> wide;
  const hn::Rebind<std::uint8_t, Tag> narrow;
  return hn::RebindMask(tag, hn::Eq(hn::PromoteTo(wide, hn::LoadU(narrow, mask)), hn::Zero(wide)));
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif  // PRESSMARK_KERNELS_CPU_UNMASKED_INL
