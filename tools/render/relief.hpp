// SPDX-License-Identifier: Apache-2.0
//
// A photo of a pressed mark, from the mould to the JPEG.
#pragma once

#include "tools/render/truth.hpp"

namespace pressmark::render {

// Fills what the rendering decides in truth (lighting, kind, form, cover).
Photo render_relief(const Mould& mould, Physics physics, double size_px, Rng& rng, Truth& truth);

}  // namespace pressmark::render
