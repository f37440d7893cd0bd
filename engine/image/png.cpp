// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

#include "engine/image/formats.hpp"
#include "engine/image/samples.hpp"

namespace pressmark::image {
namespace {

constexpr std::size_t kSignatureBytes = 8;

[[noreturn]] void throw_cut_off() {
  throw_corrupt("PNG is damaged or cut off");
}

// libpng with the bytes of one file. It reports errors by a long jump, so it is called only from
// the two noexcept functions below, which own nothing that a jump could skip.
struct PngReader {
  explicit PngReader(ByteSpan source);
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  ByteSpan bytes;
  std::size_t position = 0;
  char error[128] = "";
  png_structp png = nullptr;
  png_infop info = nullptr;

  // Set by prepare(): what read_rows() will deliver.
  png_uint_32 width = 0, height = 0;
  int channels = 0, bit_depth = 0;
  bool has_alpha = false, grey_palette = false;
};

void on_error(png_structp png, png_const_charp message) {
  auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
  std::strncpy(reader->error, message, sizeof reader->error - 1);
  png_longjmp(png, 1);
}

// Warnings concern text, colour profiles and the like; damage to pixels is always an error.
void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep target, std::size_t count) {
  auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
  if (reader->bytes.size() - reader->position < count) png_error(png, "unexpected end of file");
  std::memcpy(target, reader->bytes.data() + reader->position, count);
  reader->position += count;
}

PngReader::PngReader(ByteSpan source) : bytes(source) {
  png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
  if (png == nullptr) throw std::bad_alloc();
  info = png_create_info_struct(png);
  if (info == nullptr) {
    png_destroy_read_struct(&png, nullptr, nullptr);
    throw std::bad_alloc();
  }
  png_set_read_fn(png, this, on_read);
}

bool is_grey_palette(png_structp png, png_infop info) {
  png_colorp entries = nullptr;
  int count = 0;
  png_get_PLTE(png, info, &entries, &count);
  return std::all_of(entries, entries + count, [](const png_color& entry) {
    return entry.red == entry.green && entry.green == entry.blue;
  });
}

// Reads up to the pixels and asks for 8 or 16 bits of grey or BGR, with alpha where there is any.
bool prepare(PngReader& reader) noexcept {
  png_structp png = reader.png;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the pixel cap was tested before
  png_read_info(png, reader.info);
  const int colour_type = png_get_color_type(png, reader.info);
  if (colour_type == PNG_COLOR_TYPE_PALETTE) {
    reader.grey_palette = is_grey_palette(png, reader.info);
    png_set_palette_to_rgb(png);
  }
  if (colour_type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  if (png_get_valid(png, reader.info, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(png);
  if (std::endian::native == std::endian::little) png_set_swap(png);
  png_set_bgr(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, reader.info);
  reader.width = png_get_image_width(png, reader.info);
  reader.height = png_get_image_height(png, reader.info);
  reader.channels = png_get_channels(png, reader.info);
  reader.bit_depth = png_get_bit_depth(png, reader.info);
  reader.has_alpha = (png_get_color_type(png, reader.info) & PNG_COLOR_MASK_ALPHA) != 0;
  return true;
}

// Reads all pixels and everything up to the end of the file: without its last chunk it is cut off.
bool read_rows(PngReader& reader, png_bytepp rows) noexcept {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

template <typename Sample>
std::vector<Sample> read_samples(PngReader& reader) {
  const std::size_t row_samples =
      static_cast<std::size_t>(reader.width) * static_cast<std::size_t>(reader.channels);
  std::vector<Sample> samples(row_samples * reader.height);
  std::vector<png_bytep> rows(reader.height);
  for (std::size_t y = 0; y < rows.size(); ++y) {
    rows[y] = reinterpret_cast<png_bytep>(samples.data() + y * row_samples);
  }
  if (!read_rows(reader, rows.data())) {
    throw_corrupt("PNG is damaged or cut off: " + one_line(reader.error));
  }
  return samples;
}

}  // namespace

Header read_png_header(ByteSpan bytes) {
  Header header{.format = FileFormat::kPng};
  // length, type, data, checksum; the pixels are stepped over.
  for (std::size_t position = kSignatureBytes; bytes.size() - position >= 8;) {
    const std::uint32_t length = read_be32(&bytes[position]);
    const ByteSpan chunk = bytes.subspan(position);
    const bool whole = chunk.size() >= std::size_t{12} + length;
    if (position == kSignatureBytes) {
      if (!starts_with(chunk, "IHDR", 4) || length != 13 || !whole) break;
      const std::uint32_t width = read_be32(&chunk[8]), height = read_be32(&chunk[12]);
      if (width == 0 || height == 0 || width > PNG_UINT_31_MAX || height > PNG_UINT_31_MAX) {
        throw_corrupt("PNG header states no usable size");
      }
      header.width = static_cast<int>(width);
      header.height = static_cast<int>(height);
    }
    if (!whole || starts_with(chunk, "IEND", 4)) return header;
    if (starts_with(chunk, "acTL", 4) && length >= 4 && read_be32(&chunk[8]) > 1) {
      throw_unsupported(fmt::format("animated PNG ({} frames)", read_be32(&chunk[8])));
    }
    if (starts_with(chunk, "eXIf", 4)) {
      header.orientation = exif_orientation(chunk.subspan(8, length));
    }
    position += std::size_t{12} + length;
  }
  if (header.width == 0) throw_corrupt("PNG header is damaged or cut off");
  return header;
}

PixelBuffer decode_png(ByteSpan bytes, const Header& header) {
  PngReader reader(bytes);
  if (!prepare(reader)) throw_corrupt("PNG header is damaged: " + one_line(reader.error));
  if (reader.width != static_cast<png_uint_32>(header.width) ||
      reader.height != static_cast<png_uint_32>(header.height)) {
    throw_cut_off();
  }
  // Deflate shrinks to 1/1032 at best, and a pixel has at least one bit: a file too short for its
  // size is refused before memory for its pixels is taken.
  const std::uint64_t pixels =
      static_cast<std::uint64_t>(reader.width) * static_cast<std::uint64_t>(reader.height);
  if (pixels / 8 / 1032 > bytes.size()) throw_cut_off();

  PixelBuffer result{header.width, header.height, reader.channels, {}};
  if (reader.bit_depth == 16) {
    result.pixels =
        to_8_bits(read_samples<std::uint16_t>(reader), reader.channels, reader.has_alpha);
  } else {
    result.pixels = read_samples<std::uint8_t>(reader);
  }
  if (reader.has_alpha) result = over_white(result);
  return reader.grey_palette ? keep_one_channel(result) : result;
}

}  // namespace pressmark::image
