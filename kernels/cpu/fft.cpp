// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/fft.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/fft.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/butterfly-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_CAP_GE512
using Tag = hn::CappedTag<float, 16>;
#else
using Tag = hn::CappedTag<float, 8>;
#endif
using Lanes = hn::Vec<Tag>;

#if HWY_CAP_GE512
// An element is one vector: 8 real parts, 8 imaginary parts. With both parts swapped, as the
// inverse has them, only the signs change sides.
struct Complex {
  Lanes parts;
};

class Arithmetic {
 public:
  explicit Arithmetic(const FftStageArguments& at) {
    HWY_ALIGN float signs[kFftElement] = {};
    std::fill(signs + at.imaginary, signs + at.imaginary + kFftLanes, -0.0f);
    minus_imaginary_ = hn::Load(Tag(), signs);
    std::fill(signs, signs + kFftElement, 0.0f);
    std::fill(signs + at.real, signs + at.real + kFftLanes, -0.0f);
    minus_real_ = hn::Load(Tag(), signs);
  }

  static constexpr std::size_t kSteps = 1;
  HWY_INLINE Complex load(const float* element, std::size_t) const {
    return {hn::LoadU(Tag(), element)};
  }
  HWY_INLINE void store(const Complex& a, float* element, std::size_t) const {
    hn::StoreU(a.parts, Tag(), element);
  }
  HWY_INLINE Complex times(const Complex& a, float re, float im) const {
    const auto along = hn::Mul(a.parts, hn::Set(Tag(), re));
    const auto across = hn::Mul(swapped(a.parts), hn::Xor(hn::Set(Tag(), im), minus_real_));
    return {hn::Add(along, across)};
  }
  // a times -i.
  HWY_INLINE Complex turned(const Complex& a) const {
    return {hn::Xor(swapped(a.parts), minus_imaginary_)};
  }

 private:
  static HWY_INLINE Lanes swapped(const Lanes& a) { return hn::ConcatLowerUpper(Tag(), a, a); }

  Lanes minus_real_, minus_imaginary_;
};

HWY_INLINE Complex operator+(const Complex& a, const Complex& b) {
  return {hn::Add(a.parts, b.parts)};
}

HWY_INLINE Complex operator-(const Complex& a, const Complex& b) {
  return {hn::Sub(a.parts, b.parts)};
}

HWY_INLINE Complex scaled(const Complex& a, float factor) {
  return {hn::Mul(a.parts, hn::Set(Tag(), factor))};
}
#else
struct Complex {
  Lanes re, im;
};

class Arithmetic {
 public:
  explicit Arithmetic(const FftStageArguments& at) : real_(at.real), imaginary_(at.imaginary) {}

  static constexpr std::size_t kSteps = kFftLanes / hn::MaxLanes(Tag());
  HWY_INLINE Complex load(const float* element, std::size_t step) const {
    const float* from = element + step * hn::MaxLanes(Tag());
    return {hn::LoadU(Tag(), from + real_), hn::LoadU(Tag(), from + imaginary_)};
  }
  HWY_INLINE void store(const Complex& a, float* element, std::size_t step) const {
    float* to = element + step * hn::MaxLanes(Tag());
    hn::StoreU(a.re, Tag(), to + real_);
    hn::StoreU(a.im, Tag(), to + imaginary_);
  }
  HWY_INLINE Complex times(const Complex& a, float re, float im) const {
    const auto wr = hn::Set(Tag(), re), wi = hn::Set(Tag(), im);
    return {hn::Sub(hn::Mul(a.re, wr), hn::Mul(a.im, wi)),
            hn::Add(hn::Mul(a.re, wi), hn::Mul(a.im, wr))};
  }
  // a times -i.
  HWY_INLINE Complex turned(const Complex& a) const { return {a.im, hn::Neg(a.re)}; }

 private:
  std::size_t real_, imaginary_;
};

HWY_INLINE Complex operator+(const Complex& a, const Complex& b) {
  return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}

HWY_INLINE Complex operator-(const Complex& a, const Complex& b) {
  return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}

HWY_INLINE Complex scaled(const Complex& a, float factor) {
  const auto by = hn::Set(Tag(), factor);
  return {hn::Mul(a.re, by), hn::Mul(a.im, by)};
}
#endif

template <int kRadix>
void stage(const FftStageArguments& at) {
  const Arithmetic in(at);
  const auto m = static_cast<std::ptrdiff_t>(at.groups), s = static_cast<std::ptrdiff_t>(at.stride);
  for (std::ptrdiff_t p = 0; p < m; ++p) {
    const float* twiddles = at.twiddles + p * 2 * (kRadix - 1);
    for (std::ptrdiff_t q = 0; q < s; ++q) {
      const float* from = at.input + (q + s * p) * at.input_step;
      float* to = at.output + (q + s * kRadix * p) * at.output_step;
      for (std::size_t step = 0; step < Arithmetic::kSteps; ++step) {
        Complex x[kRadix];
        for (int j = 0; j < kRadix; ++j) x[j] = in.load(from + j * s * m * at.input_step, step);
        butterfly(in, x);
        for (int k = 0; k < kRadix; ++k) {
          if (k > 0 && p > 0) x[k] = in.times(x[k], twiddles[2 * k - 2], twiddles[2 * k - 1]);
          in.store(x[k], to + k * s * at.output_step, step);
        }
      }
    }
  }
}

void stage_of_radix(int radix, const FftStageArguments& at) {
  switch (radix) {
    case 2:
      return stage<2>(at);
    case 3:
      return stage<3>(at);
    case 4:
      return stage<4>(at);
    default:
      return stage<5>(at);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(stage_of_radix);

}  // namespace

FftPlan::FftPlan(int length) : length_(length), tables_(make_fft_tables(length)) {}

void FftPlan::run(const float* input, std::ptrdiff_t input_step, float* output,
                  std::ptrdiff_t output_step, float* scratch, std::size_t real,
                  std::size_t imaginary) const {
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kFftElement);
  if (tables_.stages.empty()) {
    std::copy_n(input, kFftElement, output);
    return;
  }
  float* const buffers[] = {scratch, scratch + static_cast<std::size_t>(length_) * kFftElement};
  FftStageArguments at{input, input_step, nullptr, kStep, nullptr, 0, 0, real, imaginary};
  const std::vector<FftStage>& stages = tables_.stages;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const bool last = i + 1 == stages.size();
    // With one stage alone, input and output may be the same only where a butterfly sees all.
    at.output = last ? output : buffers[i % 2];
    at.output_step = last ? output_step : kStep;
    at.twiddles = tables_.twiddles.data() + stages[i].first_twiddle;
    at.groups = stages[i].groups;
    at.stride = stages[i].stride;
    HWY_DYNAMIC_DISPATCH(stage_of_radix)(stages[i].radix, at);
    at.input = at.output;
    at.input_step = at.output_step;
  }
}

void FftPlan::forward(const float* input, std::ptrdiff_t input_step, float* output,
                      std::ptrdiff_t output_step, float* scratch) const {
  run(input, input_step, output, output_step, scratch, 0, kFftLanes);
}

// Swapping real and imaginary parts before and after turns one direction into the other.
void FftPlan::inverse(const float* input, std::ptrdiff_t input_step, float* output,
                      std::ptrdiff_t output_step, float* scratch) const {
  run(input, input_step, output, output_step, scratch, kFftLanes, 0);
}

ImageFft::ImageFft(int width, int height) : along_x_(width), along_y_(height) {
  assert(width % Plane::kRowPad == 0 && height % 2 == 0);
}

// Along y: 8 columns are the real parts of eight signals and the next 8 the imaginary parts; the
// symmetry of a real signal's spectrum separates them afterwards.
void ImageFft::forward(const Plane& image, Spectrum& spectrum) const {
  const int width = along_x_.length(), height = along_y_.length();
  assert(image.width == width && image.height == height);
  spectrum.width = width;
  spectrum.height = height;
  spectrum.blocks = (height / 2 + 1 + kFftLanes - 1) / kFftLanes;
  spectrum.values.assign(
      static_cast<std::size_t>(spectrum.blocks) * static_cast<std::size_t>(width) * kFftElement, 0);
  AlignedVector<float> scratch(2 * static_cast<std::size_t>(std::max(width, height)) * kFftElement);
  AlignedVector<float> column(static_cast<std::size_t>(height) * kFftElement);
  for (int x = 0; x < width; x += 2 * kFftLanes) {
    along_y_.forward(image.row(0) + x, image.stride, column.data(), kFftElement, scratch.data());
    for (int ky = 0; ky <= height / 2; ++ky) {
      const float* z = column.data() + static_cast<std::size_t>(ky) * kFftElement;
      const float* mirrored =
          column.data() + static_cast<std::size_t>((height - ky) % height) * kFftElement;
      float* a = spectrum.element(ky / kFftLanes, x) + ky % kFftLanes;
      float* b = a + kFftLanes * kFftElement;
      for (int lane = 0; lane < kFftLanes; ++lane, a += kFftElement, b += kFftElement) {
        const float re = z[lane], im = z[lane + kFftLanes];
        const float mirrored_re = mirrored[lane], mirrored_im = mirrored[lane + kFftLanes];
        a[0] = 0.5f * (re + mirrored_re);
        a[kFftLanes] = 0.5f * (im - mirrored_im);
        b[0] = 0.5f * (im + mirrored_im);
        b[kFftLanes] = 0.5f * (mirrored_re - re);
      }
    }
  }
  for (int block = 0; block < spectrum.blocks; ++block) {
    float* row = spectrum.element(block, 0);
    along_x_.forward(row, kFftElement, row, kFftElement, scratch.data());
  }
}

void ImageFft::inverse(Spectrum& spectrum, Plane& image) const {
  const int width = along_x_.length(), height = along_y_.length();
  assert(spectrum.width == width && spectrum.height == height);
  image.resize(width, height);
  AlignedVector<float> scratch(2 * static_cast<std::size_t>(std::max(width, height)) * kFftElement);
  AlignedVector<float> column(static_cast<std::size_t>(height) * kFftElement);
  for (int block = 0; block < spectrum.blocks; ++block) {
    float* row = spectrum.element(block, 0);
    along_x_.inverse(row, kFftElement, row, kFftElement, scratch.data());
  }
  for (int x = 0; x < width; x += 2 * kFftLanes) {
    for (int ky = 0; ky <= height / 2; ++ky) {
      float* z = column.data() + static_cast<std::size_t>(ky) * kFftElement;
      float* mirrored =
          column.data() + static_cast<std::size_t>((height - ky) % height) * kFftElement;
      const float* a = spectrum.element(ky / kFftLanes, x) + ky % kFftLanes;
      const float* b = a + kFftLanes * kFftElement;
      // The frequencies that are their own mirror image are real for each signal.
      const float odd = z == mirrored ? 0.0f : 1.0f;
      for (int lane = 0; lane < kFftLanes; ++lane, a += kFftElement, b += kFftElement) {
        const float a_im = odd * a[kFftLanes], b_im = odd * b[kFftLanes];
        mirrored[lane] = a[0] + b_im;
        mirrored[lane + kFftLanes] = b[0] - a_im;
        z[lane] = a[0] - b_im;
        z[lane + kFftLanes] = b[0] + a_im;
      }
    }
    along_y_.inverse(column.data(), kFftElement, image.row(0) + x, image.stride, scratch.data());
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
