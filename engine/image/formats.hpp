// SPDX-License-Identifier: Apache-2.0
//
// Inside this layer: one pair of functions per file format. read_*_header() looks at headers only.
// decode_*() returns the stored pixels, 8 bits, 1 or 3 channels, before orientation; it may rely
// on the header having been read from the same bytes and on its size being within the pixel cap.
// Both throw Error with one line that names the format. Also what they share.
#pragma once

#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "engine/image/image.hpp"
#include "pressmark/error.hpp"

namespace pressmark::image {

using ByteSpan = std::span<const std::uint8_t>;

// The format by signature, or nothing.
std::optional<FileFormat> sniff(ByteSpan bytes);

// What bytes of no supported format look like, as a message: "not an image (text)".
std::string describe_unknown(ByteSpan bytes);

Header read_jpeg_header(ByteSpan bytes);
Header read_png_header(ByteSpan bytes);
Header read_tiff_header(ByteSpan bytes);
Header read_webp_header(ByteSpan bytes);
Header read_bmp_header(ByteSpan bytes);
Header read_gif_header(ByteSpan bytes);

// `reduction` is 1, 2, 4 or 8; the result has ceil(size / reduction) pixels.
PixelBuffer decode_jpeg(ByteSpan bytes, const Header& header, int reduction);
PixelBuffer decode_png(ByteSpan bytes, const Header& header);
PixelBuffer decode_tiff(ByteSpan bytes, const Header& header);
PixelBuffer decode_webp(ByteSpan bytes, const Header& header);
PixelBuffer decode_bmp(ByteSpan bytes, const Header& header);
PixelBuffer decode_gif(ByteSpan bytes, const Header& header);

// Orientation of an EXIF block (a TIFF structure, with or without a leading "Exif\0\0"); 1 where
// there is none or it is broken.
int exif_orientation(ByteSpan block);

// Whether an orientation swaps width and height.
constexpr bool swaps_sides(int orientation) {
  return orientation >= 5;
}

// `stored` turned upright, and of that the rectangle given in upright pixels.
PixelBuffer turn_upright(PixelBuffer stored, int orientation, const RegionOfInterest& crop);

[[noreturn]] inline void throw_corrupt(const std::string& message) {
  throw Error(ErrorCode::kCorruptData, message);
}
[[noreturn]] inline void throw_unsupported(const std::string& message) {
  throw Error(ErrorCode::kUnsupported, message);
}

// A decoder library's message as part of one line of ours: no control characters, no overlong text.
std::string one_line(std::string_view text);

inline std::uint32_t read_be16(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(p[0] << 8 | p[1]);
}
inline std::uint32_t read_le16(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(p[1] << 8 | p[0]);
}
inline std::uint32_t read_be32(const std::uint8_t* p) {
  return read_be16(p) << 16 | read_be16(p + 2);
}
inline std::uint32_t read_le32(const std::uint8_t* p) {
  return read_le16(p + 2) << 16 | read_le16(p);
}

inline bool starts_with(ByteSpan bytes, std::string_view signature, std::size_t offset = 0) {
  if (bytes.size() < offset + signature.size()) return false;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    if (bytes[offset + i] != static_cast<std::uint8_t>(signature[i])) return false;
  }
  return true;
}

// The edge of the layer: allocation failures become Error.
template <typename Work>
auto with_memory_errors(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, "not enough memory for this file");
  } catch (const std::length_error&) {
    throw Error(ErrorCode::kOutOfMemory, "not enough memory for this file");
  }
}

}  // namespace pressmark::image
