// SPDX-License-Identifier: Apache-2.0
//
// JPEG pixels by libjpeg-turbo. What it calls a warning is nearly always lost data (a premature
// end, bad codes, a missing restart marker), after which it invents the rest of the picture. Since
// no partial picture may be returned, warnings are errors here, with two exceptions that lose
// nothing:
// - stray bytes between header segments, which some editors leave: they are taken out beforehand,
//   so that their warning cannot hide a later one (only the first warning's text is reported);
// - stray bytes before the end marker, which some cameras write: by then every block of every scan
//   has been decoded without complaint, and nothing that is read follows.
#include <turbojpeg.h>

#include <cstddef>
#include <memory>

#include "engine/image/jpeg_header.hpp"

namespace pressmark::image {
namespace {

struct DecoderDelete {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Decoder = std::unique_ptr<void, DecoderDelete>;

Bytes without_gaps(const JpegHeader& header) {
  Bytes joined{0xff, 0xd8};
  for (ByteSpan segment : header.segments) {
    joined.insert(joined.end(), segment.begin(), segment.end());
  }
  joined.insert(joined.end(), header.scans.begin(), header.scans.end());
  return joined;
}

bool is_harmless(std::string_view warning) {
  return warning.find("extraneous bytes before marker 0xd9") != std::string_view::npos;
}

void check(tjhandle decoder, int status) {
  if (status == 0) return;
  const std::string_view text = tjGetErrorStr2(decoder);
  if (tjGetErrorCode(decoder) == TJERR_WARNING && is_harmless(text)) return;
  if (text.starts_with("Unsupported")) throw_unsupported("JPEG: " + one_line(text));
  if (text.find("Insufficient memory") != std::string_view::npos) throw std::bad_alloc();
  throw_corrupt("JPEG is damaged or cut off: " + one_line(text));
}

// `inverted`: as Adobe's programs store CMYK, 255 is no ink.
PixelBuffer bgr_from_cmyk(const PixelBuffer& cmyk, bool inverted) {
  PixelBuffer bgr{cmyk.width, cmyk.height, 3, {}};
  const std::size_t count = cmyk.pixels.size() / 4;
  bgr.pixels.resize(3 * count);
  const int flip = inverted ? 0 : 255;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* from = &cmyk.pixels[4 * i];
    std::uint8_t* to = &bgr.pixels[3 * i];
    const int light = from[3] ^ flip;
    for (std::size_t c = 0; c < 3; ++c) {
      to[2 - c] = static_cast<std::uint8_t>(((from[c] ^ flip) * light + 127) / 255);
    }
  }
  return bgr;
}

}  // namespace

PixelBuffer decode_jpeg(ByteSpan bytes, const Header& header, int reduction) {
  const JpegHeader parsed = parse_jpeg_header(bytes);
  Bytes joined;
  if (parsed.gaps) joined = without_gaps(parsed);
  const ByteSpan source = parsed.gaps ? ByteSpan(joined) : bytes;

  PixelBuffer pixels;
  pixels.width = (header.width + reduction - 1) / reduction;
  pixels.height = (header.height + reduction - 1) / reduction;
  pixels.channels = parsed.components;
  const int pixel_format = parsed.components == 1   ? TJPF_GRAY
                           : parsed.components == 3 ? TJPF_BGR
                                                    : TJPF_CMYK;
  pixels.pixels.resize(static_cast<std::size_t>(pixels.width) *
                       static_cast<std::size_t>(pixels.height) *
                       static_cast<std::size_t>(pixels.channels));
  const Decoder decoder(tjInitDecompress());
  if (!decoder) throw std::bad_alloc();
  // The accurate transform gives the same pixels with and without SIMD. The limit on scans refuses
  // files that are small but take minutes.
  check(decoder.get(),
        tjDecompress2(decoder.get(), source.data(), static_cast<unsigned long>(source.size()),
                      pixels.pixels.data(), pixels.width, 0, pixels.height, pixel_format,
                      TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS));
  return parsed.components == 4 ? bgr_from_cmyk(pixels, parsed.adobe) : std::move(pixels);
}

}  // namespace pressmark::image
