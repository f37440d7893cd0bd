// SPDX-License-Identifier: Apache-2.0
//
// Discrete Fourier transforms, eight at a time: F(k) = sum_n f(n) exp(-2 pi i k n / N), the inverse
// without the factor 1 / N. Eight signals lie side by side: an element is 16 floats, 8 real parts
// and 8 imaginary parts. Every signal is worked on by one lane alone, without fused multiplication
// and addition, so that all instruction sets give the same bits. Radices 4, 2, 3 and 5 in the form
// of kernels/math/fft_tables.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "kernels/cpu/scale_space.hpp"
#include "kernels/math/fft_tables.hpp"

namespace pressmark::kernels::cpu {

inline constexpr int kFftLanes = 8;
inline constexpr std::size_t kFftElement = 2 * kFftLanes;  // floats

// What one stage (FftStage) works on.
struct FftStageArguments {
  const float* input;
  std::ptrdiff_t input_step;
  float* output;
  std::ptrdiff_t output_step;
  const float* twiddles;        // w_p^k: groups x (radix - 1) complex numbers
  int groups, stride;           // m, s
  std::size_t real, imaginary;  // where the parts of an element begin; swapped: the inverse
};

class FftPlan {
 public:
  // length: no prime factor above 5.
  explicit FftPlan(int length);

  int length() const { return length_; }

  // Eight transforms of elements `input_step` floats apart to elements `output_step` floats apart.
  // `scratch` holds 2 * length() elements. Input and output may be the same.
  void forward(const float* input, std::ptrdiff_t input_step, float* output,
               std::ptrdiff_t output_step, float* scratch) const;
  void inverse(const float* input, std::ptrdiff_t input_step, float* output,
               std::ptrdiff_t output_step, float* scratch) const;

 private:
  void run(const float* input, std::ptrdiff_t input_step, float* output, std::ptrdiff_t output_step,
           float* scratch, std::size_t real, std::size_t imaginary) const;

  int length_;
  FftTables tables_;
};

// Spectrum of a real image of width x height: rows ky = 0 .. height / 2 in blocks of 8 (the last
// one is filled up with zeros), each with `width` elements whose lanes are the rows of the block.
struct Spectrum {
  int width = 0, height = 0, blocks = 0;
  AlignedVector<float> values;  // blocks x width elements

  float* element(int block, int kx) {
    return values.data() + (static_cast<std::size_t>(block) * static_cast<std::size_t>(width) +
                            static_cast<std::size_t>(kx)) *
                               kFftElement;
  }
};

// width a multiple of 16, height even, neither with a prime factor above 5.
class ImageFft {
 public:
  ImageFft(int width, int height);

  void forward(const Plane& image, Spectrum& spectrum) const;
  // Times width x height. Overwrites the spectrum.
  void inverse(Spectrum& spectrum, Plane& image) const;

 private:
  FftPlan along_x_, along_y_;
};

}  // namespace pressmark::kernels::cpu
