// SPDX-License-Identifier: Apache-2.0
#include "engine/image/formats.hpp"

namespace pressmark::image {

std::string_view to_string(FileFormat format) {
  switch (format) {
    case FileFormat::kJpeg:
      return "jpeg";
    case FileFormat::kPng:
      return "png";
    case FileFormat::kTiff:
      return "tiff";
    case FileFormat::kWebp:
      return "webp";
    case FileFormat::kBmp:
      return "bmp";
    case FileFormat::kGif:
      return "gif";
  }
  return "unknown";
}

Header read_header(std::span<const std::uint8_t> bytes) {
  return with_memory_errors([&] {
    if (bytes.empty()) throw_corrupt("empty file");
    const std::optional<FileFormat> format = sniff(bytes);
    if (!format) throw_unsupported(describe_unknown(bytes));
    switch (*format) {
      case FileFormat::kJpeg:
        return read_jpeg_header(bytes);
      case FileFormat::kPng:
        return read_png_header(bytes);
      case FileFormat::kTiff:
        return read_tiff_header(bytes);
      case FileFormat::kWebp:
        return read_webp_header(bytes);
      case FileFormat::kBmp:
        return read_bmp_header(bytes);
      case FileFormat::kGif:
        return read_gif_header(bytes);
    }
    throw_unsupported(describe_unknown(bytes));
  });
}

}  // namespace pressmark::image
