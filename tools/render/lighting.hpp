// SPDX-License-Identifier: Apache-2.0
//
// Light on a height field. Angles are in the frame of the mark: azimuth from its x axis (right)
// towards its y axis (down), pointing to where the light comes from.
#pragma once

#include <opencv2/core.hpp>

#include "tools/render/impression.hpp"

namespace pressmark::render {

struct Light {
  double azimuth_rad = 0;    // at the mark's centre
  double elevation_rad = 0;  // at the mark's centre
  double strength = 1;
  double distance = 0;  // field pixels from the mark's centre; 0: infinitely far
  cv::Vec3f colour{1, 1, 1};
};

struct Lighting {
  std::vector<Light> lights;  // the first is the main one
  double ambient = 0.2;       // share of the light on a flat place that has no direction
  cv::Vec3f ambient_colour{1, 1, 1};
  bool casts_shadows = false;
  double penumbra = 1;   // height difference over which a shadow's edge softens
  double occlusion = 0;  // how much hollows lose of the ambient light
  double gloss = 0;      // strength of the specular reflection
  double gloss_power = 20;
};

Lighting make_lighting(Physics physics, int field_px, Rng& rng);

// Radiance of the body, CV_32FC3, linear; 1 is a flat white place under the whole light.
// colour: the body's own colour, linear BGR.
cv::Mat shade(const Impression& impression, const Lighting& lighting, const cv::Vec3f& colour);

// Mirror reflection of the lights on another surface over the body (a wrap), CV_32F.
cv::Mat reflections(const cv::Mat& height, const Lighting& lighting, double power);

}  // namespace pressmark::render
