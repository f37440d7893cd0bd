// SPDX-License-Identifier: Apache-2.0
//
// Writes pictures in every format that Pressmark reads, in the variants that real programs produce.
// Failures throw std::runtime_error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "engine/image/image.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::test {

using image::Bytes;
using ByteSpan = std::span<const std::uint8_t>;

Bytes bytes_of(std::string_view text);
Bytes joined(std::initializer_list<ByteSpan> parts);
// The first `length` bytes, or all but the last -length.
Bytes cut_to(const Bytes& bytes, std::ptrdiff_t length);

// A TIFF structure with an orientation tag alone, as EXIF blocks hold it.
Bytes exif_block(int orientation, bool big_endian = false);

struct JpegStyle {
  int quality = 95;
  bool progressive = false;
  bool subsampled = true;
};
Bytes make_jpeg(const Picture& picture, const JpegStyle& style = {});
// How four inks are stored: as they are, or as Adobe's programs do (inverted, with their segment),
// there also turned into YCCK.
enum class Inks { kPlain, kAdobe, kAdobeYcck };
Bytes make_cmyk_jpeg(const Picture& picture, Inks inks);
// With an EXIF segment behind the start of the image.
Bytes with_orientation(const Bytes& jpeg, int orientation);
// With another size in the frame header: the pixels no longer fit it.
Bytes with_stated_size(const Bytes& jpeg, int width, int height);

enum class PngColour { kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgba = 6 };
struct PngStyle {
  PngColour colour = PngColour::kRgb;
  int bits = 8;
  bool interlaced = false;
  int orientation = 0;  // 1..8: with an eXIf chunk
};
// `samples` in PNG's order (red first), one value per sample or palette index.
Bytes make_png(int width, int height, const std::vector<std::uint16_t>& samples,
               const PngStyle& style);
// The picture at 8 bits, grey or RGB as it is.
Bytes make_png(const Picture& picture, int orientation = 0);
// One chunk with its length and checksum.
Bytes png_chunk(std::string_view type, ByteSpan data);
// Signature and header chunk alone.
Bytes png_start(std::uint32_t width, std::uint32_t height);

struct TiffStyle {
  int orientation = 1;
  int compression = 1;  // libtiff's COMPRESSION_...: 1 none, 5 LZW, 7 JPEG, 8 deflate
  int rows_per_strip = 16;
  int tile = 0;         // > 0: tiles of this side
  bool planes = false;  // one plane per sample
  bool big_endian = false;
  int photometric = -1;  // -1: grey or RGB as the samples are
  int sample_format = 1;
  int extra_sample = -1;  // >= 0: meaning of the last sample (1 premultiplied alpha, 2 alpha)
  int pages = 1;
  int subfile_type = 0;
};
// `samples` interleaved, red first.
Bytes make_tiff(int width, int height, int channels, const std::vector<std::uint8_t>& samples,
                const TiffStyle& style = {});
Bytes make_tiff(int width, int height, int channels, const std::vector<std::uint16_t>& samples,
                const TiffStyle& style = {});
Bytes make_tiff(const Picture& picture, const TiffStyle& style = {});
// A grey picture without compression whose pixels come last: cut off, its tags are still whole.
Bytes make_tiff_tags_first(const Picture& grey);

Bytes make_webp(const Picture& picture, bool lossless);
// `bgra` has four channels.
Bytes make_webp_alpha(const Picture& bgra);
Bytes make_webp_with_orientation(const Picture& picture, int orientation);
Bytes make_animated_webp(const Picture& picture, int frames);

// Grey levels by a palette of 256 entries; `transparent` >= 0 is a palette index.
Bytes make_gif(const Picture& grey, int frames = 1, int transparent = -1);

// Grey by a palette, or 24 bits.
Bytes make_bmp(const Picture& picture, bool top_down = false);
// 32 bits with masks; `bgra` has four channels.
Bytes make_bmp_with_masks(const Picture& bgra);

}  // namespace pressmark::test
