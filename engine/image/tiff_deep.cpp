// SPDX-License-Identifier: Apache-2.0
//
// TIFF of 16 bits per sample: grey or RGB with any extra samples, strips or tiles, one plane or
// one per sample.
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "engine/image/samples.hpp"
#include "engine/image/tiff_file.hpp"

namespace pressmark::image {
namespace {

enum class Alpha { kNone, kPremultiplied, kPlain };

struct Layout {
  int samples = 1;  // stored per pixel
  int colours = 1;  // of those: 1 or 3; alpha, where there is one, follows
  Alpha alpha = Alpha::kNone;
  bool separate_planes = false;
  bool white_is_zero = false;
  int kept() const { return colours + (alpha == Alpha::kNone ? 0 : 1); }
};

Layout layout_of(const TiffFile& file) {
  Layout layout;
  layout.samples = file.short_tag(TIFFTAG_SAMPLESPERPIXEL);
  const std::uint16_t photometric = file.short_tag(TIFFTAG_PHOTOMETRIC);
  layout.white_is_zero = photometric == PHOTOMETRIC_MINISWHITE;
  layout.colours = photometric == PHOTOMETRIC_RGB ? 3 : 1;
  const bool known =
      layout.colours == 3 || layout.white_is_zero || photometric == PHOTOMETRIC_MINISBLACK;
  if (!known) throw_unsupported("TIFF with 16-bit samples other than grey or RGB is not supported");
  if (layout.samples < layout.colours) throw_corrupt("TIFF header is damaged: samples per pixel");
  std::uint16_t extra = 0;
  std::uint16_t* kinds = nullptr;
  if (layout.samples > layout.colours &&
      TIFFGetField(file.get(), TIFFTAG_EXTRASAMPLES, &extra, &kinds) != 0 && extra > 0) {
    if (kinds[0] == EXTRASAMPLE_ASSOCALPHA) layout.alpha = Alpha::kPremultiplied;
    if (kinds[0] == EXTRASAMPLE_UNASSALPHA) layout.alpha = Alpha::kPlain;
  }
  layout.separate_planes = file.short_tag(TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
  return layout;
}

// Copies what fits from one decoded strip or tile to its place.
struct Target {
  int width, height, kept;
  std::vector<std::uint16_t> samples;

  // `block` has `stored` samples per pixel, the first of which is sample `first` of the pixel.
  void take(const std::uint16_t* block, int block_width, int block_height, int stored, int first,
            int left, int top) {
    const int columns = std::min(block_width, width - left),
              rows = std::min(block_height, height - top);
    const int copied = std::min(stored, kept - first);
    for (int y = 0; y < rows; ++y) {
      const std::uint16_t* from = block + static_cast<std::ptrdiff_t>(y) * block_width * stored;
      std::uint16_t* to =
          samples.data() + (static_cast<std::ptrdiff_t>(top + y) * width + left) * kept + first;
      for (int x = 0; x < columns; ++x, from += stored, to += kept) {
        std::copy_n(from, copied, to);
      }
    }
  }
};

void read_strips(TiffFile& file, int planes, int stored, Target& target) {
  const std::uint32_t stated = file.long_tag(TIFFTAG_ROWSPERSTRIP);
  const int rows = stated == 0 || stated > static_cast<std::uint32_t>(target.height)
                       ? target.height
                       : static_cast<int>(stated);
  std::vector<std::uint16_t> block(static_cast<std::size_t>(rows) *
                                   static_cast<std::size_t>(target.width) *
                                   static_cast<std::size_t>(stored));
  for (int plane = 0; plane < planes; ++plane) {
    for (int top = 0; top < target.height; top += rows) {
      const int height = std::min(rows, target.height - top);
      const tmsize_t size = tmsize_t{2} * height * target.width * stored;
      const std::uint32_t strip = TIFFComputeStrip(file.get(), static_cast<std::uint32_t>(top),
                                                   static_cast<std::uint16_t>(plane));
      file.require_sound(TIFFReadEncodedStrip(file.get(), strip, block.data(), size) == size);
      target.take(block.data(), target.width, height, stored, plane, 0, top);
    }
  }
}

void read_tiles(TiffFile& file, int planes, int stored, Target& target) {
  const std::uint32_t tile_width = file.long_tag(TIFFTAG_TILEWIDTH);
  const std::uint32_t tile_height = file.long_tag(TIFFTAG_TILELENGTH);
  std::vector<std::uint16_t> block(static_cast<std::size_t>(tile_width) * tile_height *
                                   static_cast<std::size_t>(stored));
  const auto size = static_cast<tmsize_t>(2 * block.size());
  if (TIFFTileSize64(file.get()) != static_cast<std::uint64_t>(size)) {
    throw_corrupt("TIFF is damaged: tile size");
  }
  const auto width = static_cast<std::uint32_t>(target.width);
  const auto height = static_cast<std::uint32_t>(target.height);
  for (int plane = 0; plane < planes; ++plane) {
    for (std::uint64_t top = 0; top < height; top += tile_height) {
      for (std::uint64_t left = 0; left < width; left += tile_width) {
        const std::uint32_t tile =
            TIFFComputeTile(file.get(), static_cast<std::uint32_t>(left),
                            static_cast<std::uint32_t>(top), 0, static_cast<std::uint16_t>(plane));
        file.require_sound(TIFFReadEncodedTile(file.get(), tile, block.data(), size) == size);
        target.take(block.data(), static_cast<int>(tile_width), static_cast<int>(tile_height),
                    stored, plane, static_cast<int>(left), static_cast<int>(top));
      }
    }
  }
}

PixelBuffer over_white_premultiplied(const PixelBuffer& pixels) {
  PixelBuffer result{pixels.width, pixels.height, pixels.channels - 1, {}};
  const auto colours = static_cast<std::size_t>(result.channels);
  result.pixels.resize(pixels.pixels.size() / (colours + 1) * colours);
  const std::uint8_t* from = pixels.pixels.data();
  for (std::size_t i = 0; i < result.pixels.size(); i += colours, from += colours + 1) {
    for (std::size_t c = 0; c < colours; ++c) {
      result.pixels[i + c] =
          static_cast<std::uint8_t>(std::min(255, from[c] + 255 - from[colours]));
    }
  }
  return result;
}

void swap_red_and_blue(PixelBuffer& pixels) {
  const auto step = static_cast<std::size_t>(pixels.channels);
  for (std::size_t i = 0; i < pixels.pixels.size(); i += step) {
    std::swap(pixels.pixels[i], pixels.pixels[i + 2]);
  }
}

}  // namespace

PixelBuffer decode_deep_tiff(TiffFile& file, const Header& header) {
  const Layout layout = layout_of(file);
  Target target{header.width, header.height, layout.kept(), {}};
  target.samples.resize(static_cast<std::size_t>(header.width) *
                        static_cast<std::size_t>(header.height) *
                        static_cast<std::size_t>(target.kept));
  const int planes = layout.separate_planes ? target.kept : 1;
  const int stored = layout.separate_planes ? 1 : layout.samples;
  file.clear_reports();
  if (TIFFIsTiled(file.get()) != 0) {
    read_tiles(file, planes, stored, target);
  } else {
    read_strips(file, planes, stored, target);
  }

  const bool has_alpha = layout.alpha != Alpha::kNone;
  PixelBuffer result{header.width, header.height, target.kept,
                     to_8_bits(target.samples, target.kept, has_alpha)};
  if (layout.colours == 3) swap_red_and_blue(result);
  if (layout.white_is_zero) {
    const auto step = static_cast<std::size_t>(target.kept);
    for (std::size_t i = 0; i < result.pixels.size(); i += step) {
      result.pixels[i] = static_cast<std::uint8_t>(255 - result.pixels[i]);
    }
  }
  if (!has_alpha) return result;
  return layout.alpha == Alpha::kPlain ? over_white(result) : over_white_premultiplied(result);
}

}  // namespace pressmark::image
