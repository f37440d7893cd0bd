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
};

enum class FileFormat { kJpeg, kPng, kTiff, kWebp, kBmp, kGif };
std::string_view to_string(FileFormat format);  // "jpeg", ...

// What a file's header says; nothing is decoded to know it.
struct Header {
  FileFormat format = FileFormat::kJpeg;
  int width = 0, height = 0;  // as stored, before orientation
  int orientation = 1;        // EXIF or TIFF tag, 1..8
};

// Reads a whole regular file. Throws Error: kNotFound (no such file, broken symbolic link), kIo
// (permission, not a regular file, read error), kUnsupported (larger than max_bytes),
// kCorruptData (empty file).
Bytes read_file(const std::filesystem::path& file, std::int64_t max_bytes);

Sha256 sha256(std::span<const std::uint8_t> bytes);

// Throws Error: kUnsupported (unknown format, animation with more than one frame), kCorruptData
// (header broken). The message is one line that tells what was found ("not an image: text").
Header read_header(std::span<const std::uint8_t> bytes);

// A decoded photo, upright, cropped to the region if one was asked for.
struct Photo {
  Header header;
  PixelBuffer pixels;
  // Upright full-resolution pixels per pixel of `pixels` (>= 1: JPEG may be decoded reduced), and
  // the upright size of the whole photo at full resolution.
  double reduction = 1;
  int upright_width = 0, upright_height = 0;
};

// Decodes to 8 bits: 16-bit samples are scaled down (the full scale is the smallest of 2^8, 2^10,
// 2^12, 2^14, 2^16 that holds the largest sample, so that 12-bit cameras are not black), CMYK is
// converted, alpha is laid over white, palettes are resolved, several TIFF pages or GIF frames:
// only single-frame GIF and the first TIFF page. `enough_px` > 0 allows a JPEG to be decoded at
// 1/2, 1/4 or 1/8 as long as the long side of the (cropped) result stays >= enough_px; 0: full
// resolution. Throws Error: kUnsupported (over the pixel cap, decided from the header),
// kCorruptData (truncated or damaged pixels: no partial picture is ever returned),
// kInvalidArgument (region not inside the upright photo).
Photo decode(std::span<const std::uint8_t> bytes, const DecodeOptions& options, int enough_px = 0,
             const std::optional<RegionOfInterest>& region = {});

// Area-averaged reduction to the given long side (never enlarged), colour kept.
PixelBuffer reduce(const PixelBuffer& pixels, int long_side_px);

// quality 1..100. Throws Error(kIo) on encoder failure.
Bytes encode_jpeg(const PixelBuffer& pixels, int quality);

}  // namespace pressmark::image
