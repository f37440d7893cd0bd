// SPDX-License-Identifier: Apache-2.0
//
// One way to compare photos, as a table that sets several beside each other sees it. A method keeps
// what it describes, by number. All run on one thread; nothing here is thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/image/image.hpp"

namespace pressmark::compare {

class Method {
 public:
  Method() = default;
  virtual ~Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;

  virtual std::string_view name() const = 0;   // in JSON: "opencv_sift"
  virtual std::string_view title() const = 0;  // for people: "OpenCV SIFT"

  // Photos get the numbers 0, 1, ... Every method is given the same decoded photo and reduces it
  // by itself to the same size.
  virtual void describe(const image::Photo& photo) = 0;
  // What it would keep of the photo in a file, in bytes.
  virtual std::int64_t bytes(std::size_t photo) const = 0;
  // Whatever is done once for all comparisons of a query.
  virtual void prepare(std::size_t query) = 0;
  // Of the query, which was prepared last, with another photo; higher is more alike.
  virtual float compare(std::size_t query, std::size_t other) = 0;
};

using Methods = std::vector<std::unique_ptr<Method>>;

// This engine with its default model and options, both channels: descriptions as a catalogue
// stores them, scores as `match` ranks by. Photos are reduced to DescribeOptions::long_side_px.
std::unique_ptr<Method> make_pressmark();

// OpenCV's detectors with their default settings, at most `max_keypoints` of them, the strongest;
// brute-force matching with Lowe's ratio test, homography by MAGSAC. Score: inliers at distinct
// places; of equal ones the more matches, the higher.
std::unique_ptr<Method> make_opencv_sift(int long_side_px, int max_keypoints);
std::unique_ptr<Method> make_opencv_orb(int long_side_px, int max_keypoints);
std::unique_ptr<Method> make_opencv_akaze(int long_side_px, int max_keypoints);

// cv::img_hash::PHash: 64 bits of the whole picture. Score: bits that agree.
std::unique_ptr<Method> make_opencv_phash();

}  // namespace pressmark::compare
