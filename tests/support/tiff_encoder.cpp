// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>

#include "tests/support/image_encoders.hpp"

namespace pressmark::test {
namespace {

// A file in memory that libtiff writes.
struct MemoryFile {
  Bytes bytes;
  std::size_t position = 0;
};

tmsize_t on_read(thandle_t handle, void* target, tmsize_t count) {
  auto* file = static_cast<MemoryFile*>(handle);
  const std::size_t left = file->bytes.size() - std::min(file->bytes.size(), file->position);
  const std::size_t taken = std::min(left, static_cast<std::size_t>(count));
  if (taken > 0) std::memcpy(target, file->bytes.data() + file->position, taken);
  file->position += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t on_write(thandle_t handle, void* source, tmsize_t count) {
  auto* file = static_cast<MemoryFile*>(handle);
  const auto size = static_cast<std::size_t>(count);
  file->bytes.resize(std::max(file->bytes.size(), file->position + size));
  std::memcpy(file->bytes.data() + file->position, source, size);
  file->position += size;
  return count;
}

toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
  auto* file = static_cast<MemoryFile*>(handle);
  if (whence == SEEK_CUR) offset += file->position;
  if (whence == SEEK_END) offset += file->bytes.size();
  file->position = offset;
  return offset;
}

int on_close(thandle_t) {
  return 0;
}

toff_t on_size(thandle_t handle) {
  return static_cast<MemoryFile*>(handle)->bytes.size();
}

template <typename Sample>
struct Samples {
  int width, height, channels;
  const std::vector<Sample>& values;
};

// The samples of a rectangle, padded with zeros beyond the picture; channel -1: all of them.
template <typename Sample>
std::vector<Sample> block(const Samples<Sample>& samples, int left, int top, int width, int height,
                          int channel) {
  std::vector<Sample> values;
  for (int y = top; y < top + height; ++y) {
    for (int x = left; x < left + width; ++x) {
      const bool inside = x < samples.width && y < samples.height;
      for (int c = 0; c < samples.channels; ++c) {
        if (channel >= 0 && c != channel) continue;
        const std::size_t index = (static_cast<std::size_t>(y) * samples.width + x) *
                                      static_cast<std::size_t>(samples.channels) +
                                  static_cast<std::size_t>(c);
        values.push_back(inside ? samples.values[index] : Sample{0});
      }
    }
  }
  return values;
}

template <typename Sample>
void write_pixels(TIFF* tiff, const Samples<Sample>& samples, const TiffStyle& style) {
  const int planes = style.planes ? samples.channels : 1;
  const int width = style.tile > 0 ? style.tile : samples.width;
  const int height = style.tile > 0 ? style.tile : style.rows_per_strip;
  std::uint32_t number = 0;
  for (int plane = 0; plane < planes; ++plane) {
    for (int top = 0; top < samples.height; top += height) {
      for (int left = 0; left < samples.width; left += width) {
        const int rows = style.tile > 0 ? height : std::min(height, samples.height - top);
        auto values = block(samples, left, top, width, rows, style.planes ? plane : -1);
        const auto size = static_cast<tmsize_t>(values.size() * sizeof(Sample));
        const auto write = style.tile > 0 ? TIFFWriteEncodedTile : TIFFWriteEncodedStrip;
        if (write(tiff, number++, values.data(), size) < 0) {
          throw std::runtime_error("TIFF encoder failed");
        }
      }
    }
  }
}

template <typename Sample>
void write_page(TIFF* tiff, const Samples<Sample>& samples, const TiffStyle& style) {
  const bool rgb = samples.channels - (style.extra_sample >= 0 ? 1 : 0) >= 3;
  TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, style.subfile_type);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, samples.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, samples.height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8 * static_cast<int>(sizeof(Sample)));
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples.channels);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, style.sample_format);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
               style.photometric >= 0 ? style.photometric
               : rgb                  ? PHOTOMETRIC_RGB
                                      : PHOTOMETRIC_MINISBLACK);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, style.orientation);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, style.compression);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG,
               style.planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  if (style.extra_sample >= 0) {
    const auto kind = static_cast<std::uint16_t>(style.extra_sample);
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
  }
  if (style.tile > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, style.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, style.tile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, style.rows_per_strip);
  }
  write_pixels(tiff, samples, style);
  if (TIFFWriteDirectory(tiff) == 0) throw std::runtime_error("TIFF encoder failed");
}

template <typename Sample>
Bytes write(const Samples<Sample>& samples, const TiffStyle& style) {
  MemoryFile file;
  TIFF* tiff = TIFFClientOpen("test", style.big_endian ? "wb" : "wl", &file, on_read, on_write,
                              on_seek, on_close, on_size, nullptr, nullptr);
  if (tiff == nullptr) throw std::runtime_error("TIFF encoder failed");
  for (int page = 0; page < style.pages; ++page) write_page(tiff, samples, style);
  TIFFClose(tiff);
  return file.bytes;
}

}  // namespace

Bytes make_tiff(int width, int height, int channels, const std::vector<std::uint8_t>& samples,
                const TiffStyle& style) {
  return write(Samples<std::uint8_t>{width, height, channels, samples}, style);
}

Bytes make_tiff(int width, int height, int channels, const std::vector<std::uint16_t>& samples,
                const TiffStyle& style) {
  return write(Samples<std::uint16_t>{width, height, channels, samples}, style);
}

Bytes make_tiff(const Picture& picture, const TiffStyle& style) {
  std::vector<std::uint8_t> samples = picture.pixels;
  if (picture.channels == 3) {
    for (std::size_t i = 0; i < samples.size(); i += 3) std::swap(samples[i], samples[i + 2]);
  }
  return make_tiff(picture.width, picture.height, picture.channels, samples, style);
}

Bytes make_tiff_tags_first(const Picture& grey) {
  const std::uint32_t entries[][2] = {{256, static_cast<std::uint32_t>(grey.width)},
                                      {257, static_cast<std::uint32_t>(grey.height)},
                                      {258, 8},
                                      {259, 1},
                                      {262, 1},
                                      {273, 8 + 2 + 9 * 12 + 4},
                                      {277, 1},
                                      {278, static_cast<std::uint32_t>(grey.height)},
                                      {279, static_cast<std::uint32_t>(grey.pixels.size())}};
  Bytes bytes{'I', 'I', 42, 0, 8, 0, 0, 0, 9, 0};
  const auto put = [&bytes](std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  };
  for (const auto& [tag, value] : entries) {
    put(tag, 2);
    put(4, 2);  // a 32-bit number
    put(1, 4);
    put(value, 4);
  }
  put(0, 4);  // no further page
  return joined({bytes, grey.pixels});
}

}  // namespace pressmark::test
