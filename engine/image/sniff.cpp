// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>

#include "engine/image/formats.hpp"

namespace pressmark::image {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view message;
};

// Files that turn up among photos but are not read. The first that fits wins.
constexpr std::array kKnownOthers{
    Signature{0, "%PDF"sv, "not an image (PDF document)"},
    Signature{8, "CR\x02"sv, "unsupported image format (camera raw, CR2)"},
    Signature{0, "IIRO"sv, "unsupported image format (camera raw, ORF)"},
    Signature{0, "IIRS"sv, "unsupported image format (camera raw, ORF)"},
    Signature{0, "IIU\0"sv, "unsupported image format (camera raw, RW2)"},
    Signature{0, "FUJIFILM"sv, "unsupported image format (camera raw, RAF)"},
    Signature{4, "ftypcrx "sv, "unsupported image format (camera raw, CR3)"},
    Signature{4, "ftyphei"sv, "unsupported image format (HEIC)"},
    Signature{4, "ftyphev"sv, "unsupported image format (HEIC)"},
    Signature{4, "ftypmif1"sv, "unsupported image format (HEIC)"},
    Signature{4, "ftypmsf1"sv, "unsupported image format (HEIC)"},
    Signature{4, "ftypavi"sv, "unsupported image format (AVIF)"},
    Signature{4, "ftyp"sv, "not an image (video)"},
    Signature{0, "\0\0\0\x0cjP  "sv, "unsupported image format (JPEG 2000)"},
    Signature{0, "\xff\x4f\xff\x51"sv, "unsupported image format (JPEG 2000)"},
    Signature{0, "\0\0\0\x0cJXL "sv, "unsupported image format (JPEG XL)"},
    Signature{0, "\xff\x0a"sv, "unsupported image format (JPEG XL)"},
    Signature{0, "8BPS"sv, "unsupported image format (Photoshop document)"},
    Signature{0, "v/1\x01"sv, "unsupported image format (OpenEXR)"},
    Signature{0, "\0\0\1\0"sv, "unsupported image format (icon)"},
    Signature{8, "AVI "sv, "not an image (video)"},
    Signature{0, "PK\x03\x04"sv, "not an image (ZIP archive or office document)"},
    Signature{0, "\x1f\x8b"sv, "not an image (gzip archive)"},
    Signature{0, "7z\xbc\xaf\x27\x1c"sv, "not an image (7z archive)"},
    Signature{0, "Rar!"sv, "not an image (RAR archive)"},
    Signature{0, "\xd0\xcf\x11\xe0"sv, "not an image (old office document)"},
    Signature{0, "MZ"sv, "not an image (program)"},
    Signature{0,
              "\x7f"
              "ELF"sv,
              "not an image (program)"},
    Signature{0, "\xff\xfe"sv, "not an image (text)"},
    Signature{0, "\xfe\xff"sv, "not an image (text)"},
};

// "BM" alone is too common in text: the size of the second header must be one that exists.
bool is_bmp(ByteSpan bytes) {
  if (!starts_with(bytes, "BM") || bytes.size() < 18) return false;
  constexpr std::uint32_t kHeaderSizes[] = {12, 40, 52, 56, 64, 108, 124};
  return std::ranges::find(kHeaderSizes, read_le32(&bytes[14])) != std::end(kHeaderSizes);
}

bool is_text(ByteSpan bytes) {
  const ByteSpan head = bytes.first(std::min<std::size_t>(bytes.size(), 1024));
  return std::ranges::all_of(head, [](std::uint8_t c) {
    return c >= 0x80 || (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n' || c == '\r' ||
           c == '\f';
  });
}

}  // namespace

std::optional<FileFormat> sniff(ByteSpan bytes) {
  if (starts_with(bytes, "\xff\xd8\xff"sv)) return FileFormat::kJpeg;
  if (starts_with(bytes, "\x89PNG\r\n\x1a\n"sv)) return FileFormat::kPng;
  const bool tiff = starts_with(bytes, "II*\0"sv) || starts_with(bytes, "MM\0*"sv) ||
                    starts_with(bytes, "II+\0"sv) || starts_with(bytes, "MM\0+"sv);
  if (tiff && !starts_with(bytes, "CR\x02"sv, 8)) return FileFormat::kTiff;
  if (starts_with(bytes, "RIFF"sv) && starts_with(bytes, "WEBP"sv, 8)) return FileFormat::kWebp;
  if (starts_with(bytes, "GIF87a"sv) || starts_with(bytes, "GIF89a"sv)) return FileFormat::kGif;
  if (is_bmp(bytes)) return FileFormat::kBmp;
  return std::nullopt;
}

std::string describe_unknown(ByteSpan bytes) {
  for (const Signature& known : kKnownOthers) {
    if (starts_with(bytes, known.bytes, known.offset)) return std::string(known.message);
  }
  // What a failed copy or a recovered file system often leaves behind.
  if (std::ranges::all_of(bytes, [](std::uint8_t c) { return c == 0; })) {
    return "not an image (only zero bytes)";
  }
  return is_text(bytes) ? "not an image (text)" : "not an image (unknown format)";
}

std::string one_line(std::string_view text) {
  constexpr std::size_t kMaxLength = 200;
  std::string line;
  for (char c : text.substr(0, kMaxLength)) {
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return line;
}

}  // namespace pressmark::image
