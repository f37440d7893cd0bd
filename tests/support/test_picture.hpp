// SPDX-License-Identifier: Apache-2.0
//
// Synthetic pictures for tests: textured, and without any symmetry, so that the eight orientations
// of one can be told apart.
#pragma once

#include <cstdint>

#include "engine/image/image.hpp"

namespace pressmark::test {

using Picture = image::PixelBuffer;

// Three channels. Depends on its arguments alone.
Picture test_picture(int width, int height, std::uint64_t seed = 1);

// BT.601 grey of a three-channel picture.
Picture grey_of(const Picture& picture);

// What a camera stores so that `orientation` (EXIF, 1..8) turns it into `upright`.
Picture stored_for(const Picture& upright, int orientation);

// A rectangle cut out.
Picture cut(const Picture& picture, int x, int y, int width, int height);

// Mean absolute difference of samples; 255 where the shapes differ.
double difference(const Picture& a, const Picture& b);

}  // namespace pressmark::test
