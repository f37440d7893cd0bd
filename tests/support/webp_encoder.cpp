// SPDX-License-Identifier: Apache-2.0
#include <webp/encode.h>

#include <cstddef>
#include <stdexcept>

#include "tests/support/image_encoders.hpp"

namespace pressmark::test {
namespace {

constexpr std::uint8_t kHasAnimation = 0x02, kHasExif = 0x08;

void put_le(Bytes& bytes, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

Bytes taken(std::uint8_t* buffer, std::size_t size) {
  if (size == 0) throw std::runtime_error("WebP encoder failed");
  Bytes bytes(buffer, buffer + size);
  WebPFree(buffer);
  return bytes;
}

Bytes chunk(std::string_view type, ByteSpan data) {
  Bytes bytes = bytes_of(type);
  put_le(bytes, static_cast<std::uint32_t>(data.size()), 4);
  bytes.insert(bytes.end(), data.begin(), data.end());
  if (data.size() % 2 != 0) bytes.push_back(0);
  return bytes;
}

Bytes riff(ByteSpan chunks) {
  return chunk("RIFF", joined({bytes_of("WEBP"), chunks}));
}

// The bitstream chunk of a simple file, which follows its 12 bytes of RIFF header.
ByteSpan bitstream(const Bytes& webp) {
  return ByteSpan(webp).subspan(12);
}

Bytes extended_header(const Picture& picture, std::uint8_t flags) {
  Bytes data;
  put_le(data, flags, 4);
  put_le(data, static_cast<std::uint32_t>(picture.width - 1), 3);
  put_le(data, static_cast<std::uint32_t>(picture.height - 1), 3);
  return chunk("VP8X", data);
}

}  // namespace

Bytes make_webp(const Picture& picture, bool lossless) {
  std::uint8_t* buffer = nullptr;
  const int stride = 3 * picture.width;
  const std::size_t size = lossless ? WebPEncodeLosslessBGR(picture.pixels.data(), picture.width,
                                                            picture.height, stride, &buffer)
                                    : WebPEncodeBGR(picture.pixels.data(), picture.width,
                                                    picture.height, stride, 90, &buffer);
  return taken(buffer, size);
}

Bytes make_webp_alpha(const Picture& bgra) {
  std::uint8_t* buffer = nullptr;
  const std::size_t size =
      WebPEncodeBGRA(bgra.pixels.data(), bgra.width, bgra.height, 4 * bgra.width, 90, &buffer);
  return taken(buffer, size);
}

Bytes make_webp_with_orientation(const Picture& picture, int orientation) {
  const Bytes simple = make_webp(picture, true);
  return riff(joined({extended_header(picture, kHasExif), bitstream(simple),
                      chunk("EXIF", exif_block(orientation))}));
}

Bytes make_animated_webp(const Picture& picture, int frames) {
  Bytes chunks = joined({extended_header(picture, kHasAnimation), chunk("ANIM", Bytes(6))});
  const Bytes simple = make_webp(picture, true);
  for (int i = 0; i < frames; ++i) {
    Bytes frame;
    put_le(frame, 0, 3);
    put_le(frame, 0, 3);
    put_le(frame, static_cast<std::uint32_t>(picture.width - 1), 3);
    put_le(frame, static_cast<std::uint32_t>(picture.height - 1), 3);
    put_le(frame, 100, 3);  // milliseconds
    put_le(frame, 0, 1);
    chunks = joined({chunks, chunk("ANMF", joined({frame, bitstream(simple)}))});
  }
  return riff(chunks);
}

}  // namespace pressmark::test
