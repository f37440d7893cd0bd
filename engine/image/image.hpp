// SPDX-License-Identifier: Apache-2.0
//
// Photo files: reading, hashing, decoding to upright 8-bit pixels, and encoding previews. The only
// place that knows file formats. All functions are safe to call from many threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::image {

using Bytes = std::vector<std::uint8_t>;

// Interleaved 8-bit pixels without row padding: 1 channel grey or 3 channels blue, green, red.
struct PixelBuffer {
  int width = 0, height = 0, channels = 3;
  std::vector<std::uint8_t> pixels;  // height x width x channels
  bool operator==(const PixelBuffer&) const = default;
};

enum class FileFormat { kJpeg, kPng, kTiff, kWebp, kBmp, kGif };
std::string_view to_string(FileFormat format);  // "jpeg", ...

// What a file's header says; nothing is decoded to know it.
struct Header {
  FileFormat format = FileFormat::kJpeg;
  int width = 0, height = 0;  // as stored, before orientation
  int orientation = 1;        // EXIF or TIFF tag, 1..8; anything else in the file counts as 1
};

// Reads a whole regular file. Throws Error: kNotFound (no such file, broken symbolic link), kIo
// (permission, not a regular file, read error, changed while it was read), kUnsupported (larger
// than max_bytes), kCorruptData (empty file), kOutOfMemory. Never blocks on pipes or devices.
Bytes read_file(const std::filesystem::path& file, std::int64_t max_bytes);

Sha256 sha256(std::span<const std::uint8_t> bytes);

// Throws Error: kUnsupported (unknown format, animation with more than one frame), kCorruptData
// (header broken). The message is one line that tells what was found ("not an image (text)",
// "animated GIF (12 frames)"), without the file's name.
Header read_header(std::span<const std::uint8_t> bytes);

// A decoded photo, upright, cropped to the region if one was asked for. A pixel of `pixels` and its
// place in the upright full-resolution photo: photo = origin + reduction * (pixel + .5) - .5.
struct Photo {
  Header header;
  PixelBuffer pixels;
  // Upright full-resolution pixels per pixel of `pixels`: 1, or 2, 4, 8 where a JPEG was decoded
  // reduced.
  double reduction = 1;
  // Where the outer corner of the first pixel lies in the upright photo. Without reduction this is
  // the region's corner (0, 0 without a region); with it, up to reduction - 1 pixels before, since
  // the reduced grid is anchored at the stored top left and a region is covered whole.
  int origin_x = 0, origin_y = 0;
  int upright_width = 0, upright_height = 0;  // of the whole photo at full resolution
};

// Decodes to 8 bits, grey stays one channel:
// - 16-bit samples are scaled down. The full scale is the smallest of 2^8, 2^10, 2^12, 2^14, 2^16
//   that holds the largest colour sample of the whole photo, so that 12-bit cameras are not black;
// - CMYK is converted, palettes are resolved (to one channel where all entries are grey), alpha is
//   laid over white;
// - the first page of a TIFF is taken; animations of more than one frame are refused.
// `enough_px` > 0 allows a JPEG to be decoded at 1/2, 1/4 or 1/8 as long as the long side of the
// (cropped) result stays >= enough_px; 0: full resolution. Same bytes, same pixels, on every
// machine. Throws Error: kUnsupported (unknown or unsupported format, or over the pixel cap, which
// is decided from the header), kCorruptData (truncated or damaged pixels: no partial picture is
// ever returned), kInvalidArgument (region not inside the upright photo), kOutOfMemory.
Photo decode(std::span<const std::uint8_t> bytes, const DecodeOptions& options, int enough_px = 0,
             const std::optional<RegionOfInterest>& region = {});

// Area-averaged reduction to the given long side (never enlarged), colour kept. Throws
// Error(kInvalidArgument) for an empty picture or a side below 1.
PixelBuffer reduce(const PixelBuffer& pixels, int long_side_px);

// Baseline JPEG, 4:2:0; equal bytes for equal input. quality 1..100. Throws Error: kInvalidArgument
// (empty picture, quality), kIo (encoder failure, e.g. more than 65500 pixels on a side).
Bytes encode_jpeg(const PixelBuffer& pixels, int quality);

}  // namespace pressmark::image
