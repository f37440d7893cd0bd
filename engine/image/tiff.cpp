// SPDX-License-Identifier: Apache-2.0
//
// TIFF of up to 8 bits per sample, through libtiff's conversion to RGBA, which knows all the ways
// to store them: strips and tiles, planes, palettes, YCbCr, CMYK, white or black as zero.
#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cstddef>

#include "engine/image/tiff_file.hpp"

namespace pressmark::image {
namespace {

constexpr std::uint16_t kColourFilterArray = 32803, kLinearRaw = 34892;

// Ends a conversion however its scope is left.
class RgbaConversion {
 public:
  explicit RgbaConversion(TiffFile& file) {
    char reason[1024] = "";
    if (TIFFRGBAImageOK(file.get(), reason) == 0 ||
        TIFFRGBAImageBegin(&image_, file.get(), /*stop=*/1, reason) == 0) {
      throw_unsupported("TIFF of this kind is not supported: " + one_line(reason));
    }
    // Rows are wanted as they are stored; orientation is applied to every format in one place.
    image_.orientation = ORIENTATION_TOPLEFT;
    image_.req_orientation = ORIENTATION_TOPLEFT;
  }
  ~RgbaConversion() { TIFFRGBAImageEnd(&image_); }
  RgbaConversion(const RgbaConversion&) = delete;
  RgbaConversion& operator=(const RgbaConversion&) = delete;

  bool read_rows(int first, std::uint32_t* raster, int width, int rows) {
    image_.row_offset = first;
    image_.col_offset = 0;
    return TIFFRGBAImageGet(&image_, raster, static_cast<std::uint32_t>(width),
                            static_cast<std::uint32_t>(rows)) != 0;
  }

 private:
  TIFFRGBAImage image_{};
};

bool is_grey(const TiffFile& file) {
  const std::uint16_t photometric = file.short_tag(TIFFTAG_PHOTOMETRIC);
  if (photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE) return true;
  if (photometric != PHOTOMETRIC_PALETTE) return false;
  std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_COLORMAP, &red, &green, &blue) == 0) return false;
  const std::size_t entries = std::size_t{1} << file.short_tag(TIFFTAG_BITSPERSAMPLE);
  return std::equal(red, red + entries, green) && std::equal(red, red + entries, blue);
}

// Whole strips or tiles, at least 64 rows at a time.
int rows_per_read(const TiffFile& file, int height) {
  const bool tiled = TIFFIsTiled(file.get()) != 0;
  const std::uint32_t block = file.long_tag(tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP);
  if (block == 0 || block >= static_cast<std::uint32_t>(height)) return height;
  const std::uint32_t blocks = (64 + block - 1) / block;
  return static_cast<int>(std::min(std::uint64_t{blocks} * block, std::uint64_t(height)));
}

// Colours are premultiplied by alpha, so that laying them over white is an addition.
void store_row(const std::uint32_t* from, int width, int channels, std::uint8_t* to) {
  for (int x = 0; x < width; ++x, to += channels) {
    const std::uint32_t pixel = from[x];
    const std::uint32_t white = 255 - TIFFGetA(pixel);
    const auto over = [white](std::uint32_t value) {
      return static_cast<std::uint8_t>(std::min(255u, value + white));
    };
    if (channels == 1) {
      to[0] = over(TIFFGetR(pixel));
    } else {
      to[0] = over(TIFFGetB(pixel));
      to[1] = over(TIFFGetG(pixel));
      to[2] = over(TIFFGetR(pixel));
    }
  }
}

PixelBuffer decode_shallow_tiff(TiffFile& file, const Header& header) {
  PixelBuffer result{header.width, header.height, is_grey(file) ? 1 : 3, {}};
  const std::size_t row_bytes =
      static_cast<std::size_t>(header.width) * static_cast<std::size_t>(result.channels);
  result.pixels.resize(row_bytes * static_cast<std::size_t>(header.height));
  const int step = rows_per_read(file, header.height);
  std::vector<std::uint32_t> raster(static_cast<std::size_t>(header.width) *
                                    static_cast<std::size_t>(step));
  RgbaConversion conversion(file);
  file.clear_reports();
  for (int first = 0; first < header.height; first += step) {
    const int rows = std::min(step, header.height - first);
    file.require_sound(conversion.read_rows(first, raster.data(), header.width, rows));
    for (int y = 0; y < rows; ++y) {
      store_row(&raster[static_cast<std::size_t>(y) * static_cast<std::size_t>(header.width)],
                header.width, result.channels,
                &result.pixels[static_cast<std::size_t>(first + y) * row_bytes]);
    }
  }
  return result;
}

void require_supported(const TiffFile& file) {
  const std::uint16_t format = file.short_tag(TIFFTAG_SAMPLEFORMAT);
  if (format == SAMPLEFORMAT_IEEEFP || format == SAMPLEFORMAT_COMPLEXIEEEFP) {
    throw_unsupported("TIFF with floating-point samples is not supported");
  }
  if (format == SAMPLEFORMAT_INT || format == SAMPLEFORMAT_COMPLEXINT) {
    throw_unsupported("TIFF with signed samples is not supported");
  }
  const std::uint16_t samples = file.short_tag(TIFFTAG_SAMPLESPERPIXEL);
  if (samples < 1 || samples > 8) {
    throw_unsupported(fmt::format("TIFF with {} samples per pixel is not supported", samples));
  }
  const std::uint16_t bits = file.short_tag(TIFFTAG_BITSPERSAMPLE);
  if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16) {
    throw_unsupported(fmt::format("TIFF with {} bits per sample is not supported", bits));
  }
  const std::uint16_t compression = file.short_tag(TIFFTAG_COMPRESSION);
  if (TIFFIsCODECConfigured(compression) == 0 || compression == COMPRESSION_OJPEG) {
    throw_unsupported(fmt::format("TIFF with compression {} is not supported", compression));
  }
}

// A tile may be larger than the picture, but not by orders of magnitude.
void require_sane_tiles(const TiffFile& file, const Header& header) {
  if (TIFFIsTiled(file.get()) == 0) return;
  constexpr std::uint64_t kAlwaysAllowed = std::uint64_t{1} << 24;  // pixels
  const std::uint64_t tile = std::uint64_t{file.long_tag(TIFFTAG_TILEWIDTH)} *
                             std::uint64_t{file.long_tag(TIFFTAG_TILELENGTH)};
  const std::uint64_t picture =
      static_cast<std::uint64_t>(header.width) * static_cast<std::uint64_t>(header.height);
  if (tile == 0 || tile > std::max(kAlwaysAllowed, 4 * picture)) {
    throw_corrupt("TIFF is damaged: tile size");
  }
}

}  // namespace

Header read_tiff_header(ByteSpan bytes) {
  const TiffFile file(bytes);
  const std::uint16_t photometric = file.short_tag(TIFFTAG_PHOTOMETRIC);
  const void* version = nullptr;
  // Camera raw files are TIFF files whose first page is raw data or a thumbnail of it. The pixels
  // of neither are the photo.
  if (TIFFGetField(file.get(), TIFFTAG_DNGVERSION, &version) != 0 ||
      photometric == kColourFilterArray || photometric == kLinearRaw) {
    throw_unsupported("unsupported image format (camera raw)");
  }
  if ((file.long_tag(TIFFTAG_SUBFILETYPE) & FILETYPE_REDUCEDIMAGE) != 0) {
    throw_unsupported("TIFF whose first page is a thumbnail (camera raw?) is not supported");
  }
  const std::uint32_t width = file.long_tag(TIFFTAG_IMAGEWIDTH);
  const std::uint32_t height = file.long_tag(TIFFTAG_IMAGELENGTH);
  if (width == 0 || height == 0 || width > INT_MAX || height > INT_MAX) {
    throw_corrupt("TIFF header states no usable size");
  }
  const std::uint16_t orientation = file.short_tag(TIFFTAG_ORIENTATION);
  return {FileFormat::kTiff, static_cast<int>(width), static_cast<int>(height),
          orientation >= 1 && orientation <= 8 ? orientation : 1};
}

PixelBuffer decode_tiff(ByteSpan bytes, const Header& header) {
  TiffFile file(bytes);
  require_supported(file);
  require_sane_tiles(file, header);
  return file.short_tag(TIFFTAG_BITSPERSAMPLE) == 16 ? decode_deep_tiff(file, header)
                                                     : decode_shallow_tiff(file, header);
}

}  // namespace pressmark::image
