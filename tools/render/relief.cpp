// SPDX-License-Identifier: Apache-2.0
#include "tools/render/relief.hpp"

#include "tools/render/background.hpp"
#include "tools/render/wrap.hpp"

namespace pressmark::render {

Photo render_relief(const Mould& mould, Physics physics, double size_px, Rng& rng, Truth& truth) {
  constexpr double kWrapped = 0.12;
  constexpr double kTaped = 0.06;
  const Impression impression = press(mould, physics, rng);
  truth.lighting = make_lighting(physics, mould.height.cols, rng);
  Scene scene;
  scene.radiance = shade(impression, truth.lighting, powder_colour(rng));
  if (physics == Physics::kHard) {
    if (rng.chance(kWrapped)) {
      lay_wrap(scene.radiance, impression, truth.lighting, rng);
      truth.cover = "wrap";
    }
    if (rng.chance(truth.cover.empty() ? kTaped : 0.5)) {
      lay_tape(scene.radiance, rng);
      truth.cover += truth.cover.empty() ? "tape" : "+tape";
    }
  }
  scene.cover = impression.cover;
  scene.mark = mould.mark;
  scene.mark_radius = mould.style.mark_radius;
  scene.shadow_azimuth_rad = truth.lighting.lights[0].azimuth_rad;
  if (truth.kind.empty()) truth.kind = "relief";
  truth.form = std::string(mould.style.form.is_round ? "round" : "block") + "-" +
               (mould.style.is_sunken ? "sunken" : "raised");
  truth.mm_per_field_px = mould.style.mm_per_px;
  truth.physics = physics;
  return take_photo(scene, physics, size_px, rng);
}

}  // namespace pressmark::render
