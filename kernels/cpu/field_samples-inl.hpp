// SPDX-License-Identifier: Apache-2.0
//
// Bilinear samples of fields of doubled angles, a vector at a time: the bits of
// kernels/math/bilinear.hpp. To be included in files that Highway compiles once for each
// instruction set.
#if defined(PRESSMARK_KERNELS_CPU_FIELD_SAMPLES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PRESSMARK_KERNELS_CPU_FIELD_SAMPLES_INL
#undef PRESSMARK_KERNELS_CPU_FIELD_SAMPLES_INL
#else
#define PRESSMARK_KERNELS_CPU_FIELD_SAMPLES_INL
#endif

#include <hwy/highway.h>

#include "kernels/cpu/coded_field.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {

using FieldTag = hwy::HWY_NAMESPACE::CappedTag<float, 16>;
using FieldLanes = hwy::HWY_NAMESPACE::Vec<FieldTag>;
using FieldMask = hwy::HWY_NAMESPACE::Mask<FieldTag>;

struct FieldValues {
  FieldLanes real, imaginary;
};

// Whether places are within a cell of the grid.
HWY_INLINE FieldMask covers_places(int side, FieldLanes x, FieldLanes y) {
  namespace hn = hwy::HWY_NAMESPACE;
  const FieldTag tag;
  const auto outside = hn::Set(tag, -1.0f), limit = hn::Set(tag, static_cast<float>(side));
  return hn::And(hn::And(hn::Gt(x, outside), hn::Gt(y, outside)),
                 hn::And(hn::Lt(x, limit), hn::Lt(y, limit)));
}

// A cell and the one to its right.
struct FieldPair {
  FieldValues left, right;
};

// At places that are covered; 0 elsewhere. pair_at(row, index): of cells of a field that has a
// border of zeros and rows of `pitch`, `row` after that of the index.
template <class PairAt>
HWY_INLINE FieldValues bilinear_lanes(int pitch, FieldLanes x, FieldLanes y, FieldMask covered,
                                      const PairAt& pair_at) {
  namespace hn = hwy::HWY_NAMESPACE;
  const FieldTag tag;
  const hn::RebindToSigned<FieldTag> integers;
  // The border's corner holds zeros.
  const auto outside = hn::Set(tag, -1.0f), one = hn::Set(tag, 1.0f);
  x = hn::IfThenElse(covered, x, outside);
  y = hn::IfThenElse(covered, y, outside);
  const auto left = hn::Floor(x), top = hn::Floor(y);
  const auto dx = hn::Sub(x, left), dy = hn::Sub(y, top);
  const auto rest_x = hn::Sub(one, dx), rest_y = hn::Sub(one, dy);
  const auto index = hn::Add(hn::Mul(hn::ConvertTo(integers, top), hn::Set(integers, pitch)),
                             hn::Add(hn::ConvertTo(integers, left), hn::Set(integers, pitch + 1)));
  const auto between =
      [](FieldLanes before, FieldLanes after, FieldLanes rest, FieldLanes weight)
          HWY_ATTR { return hn::Add(hn::Mul(rest, before), hn::Mul(weight, after)); };
  const auto row_of = [&](int row) HWY_ATTR {
    const FieldPair pair = pair_at(row, index);
    return FieldValues{between(pair.left.real, pair.right.real, rest_x, dx),
                       between(pair.left.imaginary, pair.right.imaginary, rest_x, dx)};
  };
  const FieldValues upper = row_of(0), lower = row_of(1);
  return {between(upper.real, lower.real, rest_y, dy),
          between(upper.imaginary, lower.imaginary, rest_y, dy)};
}

HWY_INLINE FieldValues sample_field(const CodedField& field, FieldLanes x, FieldLanes y,
                                    FieldMask covered) {
  namespace hn = hwy::HWY_NAMESPACE;
  const FieldTag tag;
  const hn::RebindToSigned<FieldTag> integers;
  const auto pair_at = [&](int row, auto index) HWY_ATTR {
    const auto pair = hn::GatherIndex(integers, field.words() + row * CodedField::kPitch, index);
    const auto byte = [&](auto shifted)
                          HWY_ATTR { return hn::ConvertTo(tag, hn::ShiftRight<24>(shifted)); };
    return FieldPair{{byte(hn::ShiftLeft<24>(pair)), byte(hn::ShiftLeft<16>(pair))},
                     {byte(hn::ShiftLeft<8>(pair)), byte(pair)}};
  };
  return bilinear_lanes(CodedField::kPitch, x, y, covered, pair_at);
}

// Adds the values of a vector to as many doubles, at a multiple of that many of them.
HWY_INLINE void add_to(double* sums, FieldLanes values) {
  namespace hn = hwy::HWY_NAMESPACE;
  const FieldTag tag;
  const hn::CappedTag<double, 8> wide;
  const hn::Rebind<float, decltype(wide)> narrow;
  HWY_ALIGN float parts[kFieldSums];
  hn::Store(values, tag, parts);
  for (std::size_t i = 0; i < hn::Lanes(tag); i += hn::Lanes(wide)) {
    hn::Store(hn::Add(hn::Load(wide, sums + i), hn::PromoteTo(wide, hn::Load(narrow, parts + i))),
              wide, sums + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif  // PRESSMARK_KERNELS_CPU_FIELD_SAMPLES_INL
