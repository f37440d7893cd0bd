// SPDX-License-Identifier: Apache-2.0
//
// Inside this layer: the marker segments of a JPEG file up to its first scan (ITU-T T.81, annex B).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/image/formats.hpp"

namespace pressmark::image {

struct JpegHeader {
  int width = 0, height = 0;
  int components = 0;
  bool adobe = false;  // an Adobe segment: four components are stored inverted
  int orientation = 1;
  std::vector<ByteSpan> segments;  // before the first scan, each with its marker
  bool gaps = false;               // stray bytes lie between those segments
  ByteSpan scans;                  // from the first scan's marker to the end of the file
};

// Throws Error: kCorruptData, kUnsupported (coding process, precision, number of components).
JpegHeader parse_jpeg_header(ByteSpan bytes);

}  // namespace pressmark::image
