// SPDX-License-Identifier: Apache-2.0
#include "tools/render/truth.hpp"

#include <fmt/format.h>

#include <cmath>

namespace pressmark::render {
namespace {

double degrees(double radians) {
  const double turn = std::fmod(radians * 180 / 3.14159265358979323846, 360);
  return turn < 0 ? turn + 360 : turn;
}

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string truth_header() {
  return "file,identity,design,scale_mm_per_px,light_azimuth_deg,light_elevation_deg,rotation_deg,"
         "scale,physics,tilt_deg,centre_x_px,centre_y_px,outside_share,occluded_share,blur_px,"
         "motion_px,jpeg_quality,lights,main_light_distance_px,second_light_azimuth_deg,"
         "second_light_strength,ambient,kind,form,cover,h11,h12,h13,h21,h22,h23,h31,h32,h33\n";
}

std::string truth_line(const Truth& truth, const Photo& photo) {
  const Pose& pose = photo.pose;
  const auto& lights = truth.lighting.lights;
  std::string line = fmt::format("{},{},{},{:.5f},", csv_field(truth.file), truth.identity,
                                 truth.design, truth.mm_per_field_px / pose.scale);
  if (lights.empty()) {
    line += ",,";
  } else {
    line += fmt::format("{:.2f},{:.2f},", degrees(lights[0].azimuth_rad),
                        degrees(lights[0].elevation_rad));
  }
  line += fmt::format("{:.2f},{:.4f},{},", degrees(pose.rotation_rad), pose.scale,
                      truth.physics == Physics::kHard ? "hard" : "simple");
  line +=
      fmt::format("{:.2f},{:.1f},{:.1f},{:.3f},{:.3f},{:.2f},{:.2f},{},{},", degrees(pose.tilt_rad),
                  pose.centre.x, pose.centre.y, photo.outside_share, photo.occluded_share,
                  photo.blur_px, photo.motion_px, photo.jpeg_quality, lights.size());
  line += lights.empty() ? "," : fmt::format("{:.0f},", lights[0].distance);
  line += lights.size() < 2
              ? ",,"
              : fmt::format("{:.2f},{:.2f},", degrees(lights[1].azimuth_rad), lights[1].strength);
  line += lights.empty() ? "," : fmt::format("{:.2f},", truth.lighting.ambient);
  line += fmt::format("{},{},{}", truth.kind, truth.form, truth.cover);
  for (const double h : pose.photo_from_mark.val) line += fmt::format(",{:.7g}", h);
  return line + "\n";
}

}  // namespace pressmark::render
