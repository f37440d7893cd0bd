// SPDX-License-Identifier: Apache-2.0
#include "tests/support/image_encoders.hpp"

#include <gif_lib.h>
#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>

namespace pressmark::test {
namespace {

void put_le(Bytes& bytes, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

void put_be(Bytes& bytes, std::uint32_t value, int count) {
  for (int i = count - 1; i >= 0; --i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

void append(Bytes& bytes, ByteSpan more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

Bytes compress(const std::uint8_t* pixels, int width, int height, int format, int subsampling,
               int quality, int flags) {
  tjhandle encoder = tjInitCompress();
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  const int status = tjCompress2(encoder, pixels, width, 0, height, format, &buffer, &size,
                                 subsampling, quality, flags);
  Bytes bytes(buffer, buffer + size);
  tjFree(buffer);
  tjDestroy(encoder);
  if (status != 0) throw std::runtime_error("tjCompress2 failed");
  return bytes;
}

// Offset of the first segment with this marker.
std::size_t find_segment(const Bytes& jpeg, std::uint8_t low, std::uint8_t high) {
  std::size_t position = 2;
  while (position + 4 <= jpeg.size()) {
    if (jpeg[position + 1] >= low && jpeg[position + 1] <= high) return position;
    position += 2 + static_cast<std::size_t>(jpeg[position + 2] << 8 | jpeg[position + 3]);
  }
  throw std::runtime_error("no such JPEG segment");
}

void png_write(png_structp png, png_bytep data, png_size_t count) {
  append(*static_cast<Bytes*>(png_get_io_ptr(png)), {data, count});
}

int gif_write(GifFileType* gif, const GifByteType* data, int count) {
  append(*static_cast<Bytes*>(gif->UserData), {data, static_cast<std::size_t>(count)});
  return count;
}

}  // namespace

Bytes bytes_of(std::string_view text) {
  return Bytes(text.begin(), text.end());
}

Bytes joined(std::initializer_list<ByteSpan> parts) {
  Bytes bytes;
  for (ByteSpan part : parts) append(bytes, part);
  return bytes;
}

Bytes cut_to(const Bytes& bytes, std::ptrdiff_t length) {
  return Bytes(bytes.begin(), (length >= 0 ? bytes.begin() : bytes.end()) + length);
}

Bytes exif_block(int orientation, bool big_endian) {
  const auto put = big_endian ? put_be : put_le;
  Bytes block = bytes_of(big_endian ? "MM" : "II");
  put(block, 42, 2);
  put(block, 8, 4);       // the first directory follows
  put(block, 1, 2);       // one entry
  put(block, 0x0112, 2);  // orientation
  put(block, 3, 2);       // short
  put(block, 1, 4);
  put(block, static_cast<std::uint32_t>(orientation), 2);
  put(block, 0, 2);
  put(block, 0, 4);  // no further directory
  return block;
}

Bytes make_jpeg(const Picture& picture, const JpegStyle& style) {
  const bool grey = picture.channels == 1;
  const int subsampling = grey ? TJSAMP_GRAY : style.subsampled ? TJSAMP_420 : TJSAMP_444;
  return compress(picture.pixels.data(), picture.width, picture.height, grey ? TJPF_GRAY : TJPF_BGR,
                  subsampling, style.quality, style.progressive ? TJFLAG_PROGRESSIVE : 0);
}

namespace {

// Cyan, magenta, yellow, black; 255 is no ink.
Bytes inverted_cmyk(const Picture& picture) {
  Bytes cmyk;
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    const std::uint8_t* bgr = &picture.pixels[i];
    const int light = std::max({int{bgr[0]}, int{bgr[1]}, int{bgr[2]}, 1});
    for (int c = 2; c >= 0; --c) cmyk.push_back(static_cast<std::uint8_t>(bgr[c] * 255 / light));
    cmyk.push_back(static_cast<std::uint8_t>(light));
  }
  return cmyk;
}

}  // namespace

Bytes make_cmyk_jpeg(const Picture& picture, Inks inks) {
  Bytes cmyk = inverted_cmyk(picture);
  if (inks == Inks::kAdobeYcck) {
    return compress(cmyk.data(), picture.width, picture.height, TJPF_CMYK, TJSAMP_444, 95, 0);
  }
  // turbojpeg always turns inks into YCCK. So each ink is compressed as a grey picture, and the
  // four are put together as one scan each: they share their tables.
  Bytes jpeg, scans;
  for (std::uint8_t ink = 0; ink < 4; ++ink) {
    Picture plane{picture.width, picture.height, 1, {}};
    for (std::size_t i = ink; i < cmyk.size(); i += 4) {
      plane.pixels.push_back(inks == Inks::kPlain ? static_cast<std::uint8_t>(255 - cmyk[i])
                                                  : cmyk[i]);
    }
    const Bytes grey = make_jpeg(plane, {.quality = 95});
    const std::size_t frame = find_segment(grey, 0xc0, 0xc0), scan = find_segment(grey, 0xda, 0xda);
    if (ink == 0) {
      // The JFIF segment (18 bytes) would claim another colour space: left out.
      jpeg = {0xff, 0xd8};
      if (inks == Inks::kAdobe) {
        append(jpeg, bytes_of(std::string_view("\xff\xee\0\x0e"
                                               "Adobe\0\x64\0\0\0\0\0",
                                               16)));
      }
      append(jpeg, ByteSpan(grey).subspan(20, frame - 20));
      append(jpeg, Bytes{0xff, 0xc0, 0, 20});
      append(jpeg, ByteSpan(grey).subspan(frame + 4, 5));
      jpeg.push_back(4);
      for (std::uint8_t id = 1; id <= 4; ++id) append(jpeg, Bytes{id, 0x11, 0});
      append(jpeg, ByteSpan(grey).subspan(frame + 13, scan - frame - 13));
    }
    append(scans, Bytes{0xff, 0xda, 0, 8, 1, static_cast<std::uint8_t>(ink + 1), 0, 0, 63, 0});
    append(scans, ByteSpan(grey).subspan(scan + 10, grey.size() - scan - 12));
  }
  return joined({jpeg, scans, Bytes{0xff, 0xd9}});
}

Bytes with_orientation(const Bytes& jpeg, int orientation) {
  const Bytes block = exif_block(orientation);
  Bytes segment{0xff, 0xe1};
  put_be(segment, static_cast<std::uint32_t>(2 + 6 + block.size()), 2);
  append(segment, bytes_of(std::string_view("Exif\0\0", 6)));
  append(segment, block);
  return joined({ByteSpan(jpeg).first(2), segment, ByteSpan(jpeg).subspan(2)});
}

Bytes with_stated_size(const Bytes& jpeg, int width, int height) {
  Bytes changed = jpeg;
  const std::size_t frame = find_segment(jpeg, 0xc0, 0xc2);
  changed[frame + 5] = static_cast<std::uint8_t>(height >> 8);
  changed[frame + 6] = static_cast<std::uint8_t>(height);
  changed[frame + 7] = static_cast<std::uint8_t>(width >> 8);
  changed[frame + 8] = static_cast<std::uint8_t>(width);
  return changed;
}

Bytes make_png(int width, int height, const std::vector<std::uint16_t>& samples,
               const PngStyle& style) {
  Bytes bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &bytes, png_write, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
               style.bits, static_cast<int>(style.colour),
               style.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (style.colour == PngColour::kPalette) {
    std::array<png_color, 256> palette{};
    for (std::size_t i = 0; i < palette.size(); ++i) {
      // Not grey, and every entry different: the index in blue, its complement in red.
      palette[i] = {static_cast<png_byte>(255 - i), 7, static_cast<png_byte>(i)};
    }
    png_set_PLTE(png, info, palette.data(), 1 << style.bits);
  }
  Bytes exif = exif_block(style.orientation);
  if (style.orientation > 0) {
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), exif.data());
  }
  png_write_info(png, info);
  if (style.bits < 8) png_set_packing(png);
  const std::size_t row_samples = samples.size() / static_cast<std::size_t>(height);
  const int passes = style.interlaced ? png_set_interlace_handling(png) : 1;
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
      Bytes row;
      for (std::size_t x = 0; x < row_samples; ++x) {
        put_be(row, samples[y * row_samples + x], style.bits == 16 ? 2 : 1);
      }
      png_write_row(png, row.data());
    }
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

Bytes make_png(const Picture& picture, int orientation) {
  std::vector<std::uint16_t> samples(picture.pixels.begin(), picture.pixels.end());
  if (picture.channels == 3) {
    for (std::size_t i = 0; i < samples.size(); i += 3) std::swap(samples[i], samples[i + 2]);
  }
  return make_png(picture.width, picture.height, samples,
                  {.colour = picture.channels == 1 ? PngColour::kGrey : PngColour::kRgb,
                   .orientation = orientation});
}

Bytes png_chunk(std::string_view type, ByteSpan data) {
  Bytes chunk;
  put_be(chunk, static_cast<std::uint32_t>(data.size()), 4);
  append(chunk, bytes_of(type));
  append(chunk, data);
  std::uint32_t crc = 0xffffffff;
  for (std::uint8_t byte : ByteSpan(chunk).subspan(4)) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  put_be(chunk, ~crc, 4);
  return chunk;
}

Bytes png_start(std::uint32_t width, std::uint32_t height) {
  Bytes header;
  put_be(header, width, 4);
  put_be(header, height, 4);
  append(header, Bytes{8, 2, 0, 0, 0});
  return joined({bytes_of("\x89PNG\r\n\x1a\n"), png_chunk("IHDR", header)});
}

Bytes make_gif(const Picture& grey, int frames, int transparent) {
  Bytes bytes;
  int error = 0;
  GifFileType* gif = EGifOpen(&bytes, gif_write, &error);
  if (gif == nullptr) throw std::runtime_error("EGifOpen failed");
  EGifSetGifVersion(gif, true);
  ColorMapObject* map = GifMakeMapObject(256, nullptr);
  for (int i = 0; i < 256; ++i) {
    const auto level = static_cast<GifByteType>(i);
    map->Colors[i] = {level, level, level};
  }
  bool ok = EGifPutScreenDesc(gif, grey.width, grey.height, 8, 0, map) == GIF_OK;
  for (int frame = 0; frame < frames; ++frame) {
    if (transparent >= 0) {
      const GraphicsControlBlock control{DISPOSAL_UNSPECIFIED, false, 0, transparent};
      GifByteType block[4];
      EGifGCBToExtension(&control, block);
      ok = ok && EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof block, block) == GIF_OK;
    }
    ok = ok && EGifPutImageDesc(gif, 0, 0, grey.width, grey.height, false, nullptr) == GIF_OK;
    Bytes pixels = grey.pixels;
    for (int y = 0; y < grey.height && ok; ++y) {
      ok = EGifPutLine(gif, pixels.data() + static_cast<std::ptrdiff_t>(y) * grey.width,
                       grey.width) == GIF_OK;
    }
  }
  GifFreeMapObject(map);
  if (EGifCloseFile(gif, &error) != GIF_OK || !ok) throw std::runtime_error("GIF encoder failed");
  return bytes;
}

namespace {

Bytes bmp_file(const Picture& picture, int bits, std::uint32_t compression, int height,
               ByteSpan between, ByteSpan pixels) {
  Bytes bytes = bytes_of("BM");
  const std::size_t offset = 54 + between.size();
  put_le(bytes, static_cast<std::uint32_t>(offset + pixels.size()), 4);
  put_le(bytes, 0, 4);
  put_le(bytes, static_cast<std::uint32_t>(offset), 4);
  put_le(bytes, 40, 4);
  put_le(bytes, static_cast<std::uint32_t>(picture.width), 4);
  put_le(bytes, static_cast<std::uint32_t>(height), 4);
  put_le(bytes, 1, 2);
  put_le(bytes, static_cast<std::uint32_t>(bits), 2);
  put_le(bytes, compression, 4);
  for (int i = 0; i < 5; ++i) put_le(bytes, 0, 4);
  return joined({bytes, between, pixels});
}

Bytes bmp_rows(const Picture& picture, bool top_down) {
  const std::size_t row = picture.pixels.size() / static_cast<std::size_t>(picture.height);
  Bytes rows;
  for (int y = 0; y < picture.height; ++y) {
    const auto from = static_cast<std::size_t>(top_down ? y : picture.height - 1 - y);
    append(rows, ByteSpan(picture.pixels).subspan(from * row, row));
    rows.resize((rows.size() + 3) / 4 * 4);
  }
  return rows;
}

}  // namespace

Bytes make_bmp(const Picture& picture, bool top_down) {
  Bytes palette;
  if (picture.channels == 1) {
    for (std::uint32_t i = 0; i < 256; ++i) put_le(palette, i * 0x010101, 4);
  }
  return bmp_file(picture, 8 * picture.channels, 0, top_down ? -picture.height : picture.height,
                  palette, bmp_rows(picture, top_down));
}

Bytes make_bmp_with_masks(const Picture& bgra) {
  Bytes masks;
  for (std::uint32_t mask : {0xff0000u, 0xff00u, 0xffu, 0xff000000u}) put_le(masks, mask, 4);
  return bmp_file(bgra, 32, 6, bgra.height, masks, bmp_rows(bgra, false));
}

}  // namespace pressmark::test
