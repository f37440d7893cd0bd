// SPDX-License-Identifier: Apache-2.0
//
// Windows and OS/2 bitmaps without compression: 1, 4, 8 (palette), 16, 24, 32 bits per pixel.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdlib>

#include "engine/image/formats.hpp"
#include "engine/image/samples.hpp"

namespace pressmark::image {
namespace {

constexpr std::uint32_t kNoCompression = 0, kBitFields = 3, kAlphaBitFields = 6;
constexpr std::size_t kFileHeader = 14;  // and the second header follows

[[noreturn]] void throw_cut_off() {
  throw_corrupt("BMP is damaged or cut off");
}

struct BmpLayout {
  int width = 0, height = 0;
  bool top_down = false;
  std::uint32_t bits = 0, compression = kNoCompression;
  std::size_t pixel_offset = 0;
  ByteSpan palette;
  std::size_t palette_step = 4;
  std::array<std::uint32_t, 4> masks{};  // blue, green, red, alpha
};

std::array<std::uint32_t, 4> read_masks(ByteSpan bytes, const BmpLayout& layout,
                                        std::uint32_t header_size) {
  if (layout.compression == kNoCompression) {
    if (layout.bits == 16) return {0x1f, 0x1f << 5, 0x1f << 10, 0};
    return {0xff, 0xff << 8, 0xff << 16, 0};
  }
  // Behind a 40-byte header, or at the same place inside a longer one: red, green, blue, alpha.
  if (bytes.size() < 70) throw_cut_off();
  const bool alpha = header_size >= 56 || layout.compression == kAlphaBitFields;
  return {read_le32(&bytes[62]), read_le32(&bytes[58]), read_le32(&bytes[54]),
          alpha ? read_le32(&bytes[66]) : 0};
}

BmpLayout parse(ByteSpan bytes) {
  const std::uint32_t header_size = read_le32(&bytes[kFileHeader]);
  if (bytes.size() < kFileHeader + header_size) throw_corrupt("BMP header is cut off");
  BmpLayout layout;
  layout.pixel_offset = read_le32(&bytes[10]);
  std::int64_t width = 0, height = 0;
  std::size_t palette_begin = kFileHeader + header_size;
  if (header_size == 12) {
    width = read_le16(&bytes[18]);
    height = read_le16(&bytes[20]);
    layout.bits = read_le16(&bytes[24]);
    layout.palette_step = 3;
  } else {
    width = std::bit_cast<std::int32_t>(read_le32(&bytes[18]));
    height = std::bit_cast<std::int32_t>(read_le32(&bytes[22]));
    layout.bits = read_le16(&bytes[28]);
    layout.compression = read_le32(&bytes[30]);
  }
  layout.top_down = height < 0;
  height = std::abs(height);
  if (width <= 0 || height == 0 || height > INT32_MAX) {
    throw_corrupt("BMP header states no usable size");
  }
  layout.width = static_cast<int>(width);
  layout.height = static_cast<int>(height);

  const bool masked = (layout.compression == kBitFields || layout.compression == kAlphaBitFields) &&
                      (layout.bits == 16 || layout.bits == 32);
  if (layout.compression != kNoCompression && !masked) {
    throw_unsupported(fmt::format("BMP with compression {} is not supported", layout.compression));
  }
  constexpr std::uint32_t kDepths[] = {1, 4, 8, 16, 24, 32};
  if (std::ranges::find(kDepths, layout.bits) == std::end(kDepths)) {
    throw_corrupt(fmt::format("BMP header states {} bits per pixel", layout.bits));
  }
  if (layout.bits <= 8) {
    const std::size_t end = std::min(layout.pixel_offset, bytes.size());
    if (end < palette_begin) throw_corrupt("BMP header is damaged");
    layout.palette = bytes.subspan(
        palette_begin, std::min(end - palette_begin, layout.palette_step << layout.bits));
  } else {
    layout.masks = read_masks(bytes, layout, header_size);
  }
  return layout;
}

// Brings the bits under a mask to 8 bits.
class MaskedSample {
 public:
  explicit MaskedSample(std::uint32_t mask) : mask_(mask) {
    if (mask == 0) return;
    shift_ = std::countr_zero(mask);
    largest_ = mask >> shift_;
    if ((largest_ & (largest_ + 1)) != 0) throw_corrupt("BMP header is damaged: colour masks");
  }
  std::uint8_t operator()(std::uint32_t pixel) const {
    if (mask_ == 0) return 0;
    const std::uint64_t value = (pixel & mask_) >> shift_;
    return static_cast<std::uint8_t>((value * 255 + largest_ / 2) / largest_);
  }

 private:
  std::uint32_t mask_;
  int shift_ = 0;
  std::uint32_t largest_ = 0;
};

void unpack_palette_row(const BmpLayout& layout, const std::uint8_t* from, std::uint8_t* to) {
  const std::size_t entries = layout.palette.size() / layout.palette_step;
  for (std::uint32_t x = 0; x < static_cast<std::uint32_t>(layout.width); ++x, to += 3) {
    const std::uint32_t bit = x * layout.bits % 8;
    const std::size_t byte = static_cast<std::size_t>(x) * layout.bits / 8;
    const std::uint32_t index = from[byte] >> (8 - layout.bits - bit) & ((1u << layout.bits) - 1);
    if (index >= entries) throw_corrupt("BMP is damaged: colour outside its palette");
    std::copy_n(&layout.palette[index * layout.palette_step], 3, to);
  }
}

void unpack_masked_row(const BmpLayout& layout, const std::array<MaskedSample, 4>& samples,
                       const std::uint8_t* from, std::uint8_t* to) {
  const std::size_t step = layout.bits / 8;
  for (int x = 0; x < layout.width; ++x, from += step) {
    const std::uint32_t pixel = step == 2 ? read_le16(from) : read_le32(from);
    for (const MaskedSample& sample : samples) *to++ = sample(pixel);
  }
}

bool is_grey_palette(const BmpLayout& layout) {
  for (std::size_t i = 0; i + layout.palette_step <= layout.palette.size();
       i += layout.palette_step) {
    const std::uint8_t* entry = &layout.palette[i];
    if (entry[0] != entry[1] || entry[1] != entry[2]) return false;
  }
  return true;
}

// Alpha counts only where there is any: many programs leave it zero and mean opaque.
void settle_alpha(PixelBuffer& pixels) {
  bool any = false;
  for (std::size_t i = 3; i < pixels.pixels.size() && !any; i += 4) any = pixels.pixels[i] != 0;
  if (any) return;
  for (std::size_t i = 3; i < pixels.pixels.size(); i += 4) pixels.pixels[i] = 255;
}

}  // namespace

Header read_bmp_header(ByteSpan bytes) {
  const BmpLayout layout = parse(bytes);
  return {FileFormat::kBmp, layout.width, layout.height, 1};
}

PixelBuffer decode_bmp(ByteSpan bytes, const Header& header) {
  const BmpLayout layout = parse(bytes);
  const auto width = static_cast<std::size_t>(header.width);
  const auto height = static_cast<std::size_t>(header.height);
  const std::size_t stride = (width * layout.bits + 31) / 32 * 4;
  if (layout.pixel_offset > bytes.size() ||
      (bytes.size() - layout.pixel_offset) / stride < height) {
    throw_cut_off();
  }
  const bool masked = layout.bits == 16 || layout.bits == 32;
  const std::array<MaskedSample, 4> samples{
      MaskedSample(layout.masks[0]), MaskedSample(layout.masks[1]), MaskedSample(layout.masks[2]),
      MaskedSample(layout.masks[3])};

  PixelBuffer result{header.width, header.height, masked ? 4 : 3, {}};
  const std::size_t row_bytes = width * static_cast<std::size_t>(result.channels);
  result.pixels.resize(row_bytes * height);
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t stored_row = layout.top_down ? y : height - 1 - y;
    const std::uint8_t* from = &bytes[layout.pixel_offset + stored_row * stride];
    std::uint8_t* to = &result.pixels[y * row_bytes];
    if (masked) {
      unpack_masked_row(layout, samples, from, to);
    } else if (layout.bits == 24) {
      std::copy_n(from, row_bytes, to);
    } else {
      unpack_palette_row(layout, from, to);
    }
  }
  if (masked) {
    settle_alpha(result);
    return over_white(result);
  }
  return layout.bits <= 8 && is_grey_palette(layout) ? keep_one_channel(result) : result;
}

}  // namespace pressmark::image
