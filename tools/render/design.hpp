// SPDX-License-Identifier: Apache-2.0
//
// The drawing that a mark shows: emblems of icons, words, letters and random drawings. Sources
// (icons, words, letters, drawings) are dealt to four partitions by a hash of their content, so
// that no source of one partition occurs in a design of another.
#pragma once

#include <opencv2/core.hpp>
#include <set>
#include <string>
#include <vector>

#include "tools/render/assets.hpp"
#include "tools/render/outline.hpp"
#include "tools/render/random.hpp"

namespace pressmark::render {

enum class Partition { kTrain, kTest, kTrainDistractors, kTestDistractors };

Partition partition_of(const std::string& source);

// One part of a design; later parts lie over earlier ones.
struct Part {
  enum class Paint { kAdd, kCut };
  Outline outline;
  Paint paint = Paint::kAdd;
};

struct Design {
  std::vector<std::string> sources;  // what decides the partition, e.g. "icon:cat", "word:LION"
  std::string description;           // sources and layout
  std::vector<Part> parts;           // all within [-1, 1]², the longer side filled
};

// A design of that partition whose sources are all not in `used` (which gets them).
Design make_design(const Assets& assets, Partition partition, Rng& rng,
                   std::set<std::string>* used);

// Draws it as a mask, CV_32F in [0, 1], antialiased, size × size, 0 at the centre, `radius_px` per
// unit. Each part is moved by its entry in `shifts` (in units; may be empty).
cv::Mat draw(const Design& design, int size, double radius_px,
             const std::vector<cv::Point2d>& shifts);

// Draws only the part of that number, in the same frame.
cv::Mat draw_part(const Design& design, std::size_t part, int size, double radius_px);

}  // namespace pressmark::render
