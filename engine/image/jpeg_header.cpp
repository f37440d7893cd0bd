// SPDX-License-Identifier: Apache-2.0
#include "engine/image/jpeg_header.hpp"

#include <fmt/format.h>

namespace pressmark::image {
namespace {

constexpr int kStartOfImage = 0xd8, kEndOfImage = 0xd9, kStartOfScan = 0xda;
constexpr int kApp1 = 0xe1, kApp14 = 0xee;

bool stands_alone(int marker) {
  return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

bool is_frame_header(int marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

[[noreturn]] void throw_cut_off() {
  throw_corrupt("JPEG header is cut off");
}

// Moves `position` behind the next marker and returns it. Fill bytes before a marker are legal;
// anything else there is noted as a gap.
int next_marker(ByteSpan bytes, std::size_t& position, bool& gaps) {
  for (;;) {
    while (position < bytes.size() && bytes[position] != 0xff) {
      gaps = true;
      ++position;
    }
    while (position < bytes.size() && bytes[position] == 0xff) ++position;
    if (position >= bytes.size()) throw_cut_off();
    const int marker = bytes[position++];
    if (marker != 0) return marker;
    gaps = true;
  }
}

void read_frame_header(int marker, ByteSpan payload, JpegHeader& header) {
  if (header.components != 0) throw_corrupt("JPEG has two frame headers");
  if (payload.size() < 6) throw_cut_off();
  const bool huffman_or_arithmetic =
      (marker >= 0xc0 && marker <= 0xc2) || marker == 0xc9 || marker == 0xca;
  if (!huffman_or_arithmetic) throw_unsupported("lossless or hierarchical JPEG is not supported");
  if (payload[0] != 8) throw_unsupported(fmt::format("{}-bit JPEG is not supported", payload[0]));
  header.height = static_cast<int>(read_be16(&payload[1]));
  header.width = static_cast<int>(read_be16(&payload[3]));
  header.components = payload[5];
  if (header.width == 0 || header.height == 0) throw_corrupt("JPEG header states no size");
  if (header.components != 1 && header.components != 3 && header.components != 4) {
    throw_unsupported(fmt::format("JPEG with {} components is not supported", header.components));
  }
}

}  // namespace

JpegHeader parse_jpeg_header(ByteSpan bytes) {
  JpegHeader header;
  bool orientation_known = false;
  std::size_t position = 2;  // behind the start of the image
  for (;;) {
    const int marker = next_marker(bytes, position, header.gaps);
    if (stands_alone(marker)) continue;
    const std::size_t begin = position - 2;
    if (marker == kStartOfScan) {
      if (header.components == 0) throw_corrupt("JPEG has no frame header");
      header.scans = bytes.subspan(begin);
      return header;
    }
    if (marker == kEndOfImage || marker == kStartOfImage) throw_corrupt("JPEG without a picture");
    if (bytes.size() - position < 2) throw_cut_off();
    const std::size_t length = read_be16(&bytes[position]);
    if (length < 2) throw_corrupt("JPEG header is damaged");
    if (bytes.size() - position < length) throw_cut_off();
    const ByteSpan payload = bytes.subspan(position + 2, length - 2);
    position += length;

    header.segments.push_back(bytes.subspan(begin, position - begin));
    if (is_frame_header(marker)) read_frame_header(marker, payload, header);
    if (marker == kApp14 && starts_with(payload, "Adobe")) header.adobe = true;
    if (marker == kApp1 && !orientation_known &&
        starts_with(payload, std::string_view("Exif\0\0", 6))) {
      header.orientation = exif_orientation(payload);
      orientation_known = true;
    }
  }
}

Header read_jpeg_header(ByteSpan bytes) {
  const JpegHeader header = parse_jpeg_header(bytes);
  return {FileFormat::kJpeg, header.width, header.height, header.orientation};
}

}  // namespace pressmark::image
