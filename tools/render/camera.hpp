// SPDX-License-Identifier: Apache-2.0
//
// The camera: pose, frame, occlusion, blur, exposure, noise, JPEG.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "tools/render/impression.hpp"

namespace pressmark::render {

// What the camera looks at; all images have the field's size.
struct Scene {
  cv::Mat radiance;  // CV_32FC3, linear BGR
  cv::Mat cover;     // CV_32F in [0, 1]: where the package is; empty: everywhere
  cv::Mat mark;      // CV_8U
  double mark_radius = 0;
  double shadow_azimuth_rad = 0;  // of the main light, for the package's shadow on the table
};

struct Pose {
  double rotation_rad = 0;  // mark's x axis -> photo's x axis towards its y axis
  double scale = 1;         // photo pixels per field pixel, at the mark's centre
  double tilt_rad = 0;
  double tilt_axis_rad = 0;
  cv::Point2d centre;           // of the mark in the photo
  cv::Matx33d photo_from_mark;  // mark: pixels of the field, 0 at the mark's centre
};

struct Photo {
  std::vector<unsigned char> jpeg;
  Pose pose;
  cv::Size size;
  double outside_share = 0;   // of the mark, beyond the frame
  double occluded_share = 0;  // of the mark, behind something
  double blur_px = 0;
  double motion_px = 0;
  int jpeg_quality = 0;
};

// size_px: typical long side of the photo.
Photo take_photo(const Scene& scene, Physics physics, double size_px, Rng& rng);

}  // namespace pressmark::render
