// SPDX-License-Identifier: Apache-2.0
//
// Gaussian scale spaces of a batch of images in device memory: what kernels/cpu/scale_space.hpp
// builds of one.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/cuda/planes.hpp"
#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/math/scale_space.hpp"

namespace pressmark::kernels::cuda {

// An octave of one image: kBlursPerOctave planes of height x stride floats, one after the other;
// what lies beyond the width of a row means nothing.
struct OctaveShape {
  int width = 0, height = 0, stride = 0;  // all 0: the image has no such octave
  float step_px = 0;
  std::int64_t offset = 0;  // of the first plane; a multiple of 8, like the stride
};

struct ScaleSpacesView {
  const float* values;
  const OctaveShape* shapes;  // octaves x images
};

struct ScaleSpaces {
  int images = 0, octaves = 0;
  std::vector<OctaveShape> shapes;  // octaves x images
  DeviceBuffer<OctaveShape> device_shapes;
  DeviceBuffer<float> values;

  const OctaveShape& shape(int octave, int image) const {
    return shapes[static_cast<std::size_t>(octave * images + image)];
  }
  ScaleSpacesView view() const { return {values.data(), device_shapes.data()}; }
};

ScaleSpaces build_scale_spaces(Lane& lane, const Planes<std::uint8_t>& images);

}  // namespace pressmark::kernels::cuda
