// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gif_lib.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "engine/image/formats.hpp"
#include "engine/image/samples.hpp"

namespace pressmark::image {
namespace {

constexpr std::size_t kScreenBytes = 13;   // signature and logical screen
constexpr std::size_t kPictureBytes = 10;  // a picture's descriptor with its separator
constexpr std::uint8_t kPicture = 0x2c, kExtension = 0x21;

// Size in bytes of the colour table that a packed field announces.
std::size_t table_bytes(std::uint8_t packed) {
  return (packed & 0x80) != 0 ? std::size_t{3} << ((packed & 7) + 1) : 0;
}

// Behind a chain of sub-blocks; the end of the file where it is cut off.
std::size_t skip_sub_blocks(ByteSpan bytes, std::size_t position) {
  while (position < bytes.size()) {
    const std::size_t length = bytes[position++];
    if (length == 0) return position;
    position += length;
  }
  return bytes.size();
}

struct GifLayout {
  int width = 0, height = 0;
  int frames = 0;
};

// Steps over all blocks without decompressing any: memory is never taken for frames.
GifLayout scan(ByteSpan bytes) {
  if (bytes.size() < kScreenBytes) throw_corrupt("GIF header is cut off");
  GifLayout layout{static_cast<int>(read_le16(&bytes[6])), static_cast<int>(read_le16(&bytes[8])),
                   0};
  std::size_t position = kScreenBytes + table_bytes(bytes[10]);
  while (position < bytes.size()) {
    if (bytes[position] == kExtension) {
      position = skip_sub_blocks(bytes, position + 2);
    } else if (bytes[position] == kPicture && bytes.size() - position >= kPictureBytes) {
      const std::uint8_t* picture = &bytes[position];
      // The screen of some files is smaller than their picture, or has no size.
      layout.width =
          std::max(layout.width, static_cast<int>(read_le16(picture + 1) + read_le16(picture + 5)));
      layout.height = std::max(layout.height,
                               static_cast<int>(read_le16(picture + 3) + read_le16(picture + 7)));
      ++layout.frames;
      position = skip_sub_blocks(bytes, position + kPictureBytes + table_bytes(picture[9]) + 1);
    } else {
      break;  // the trailer, or damage that decoding will tell
    }
  }
  return layout;
}

struct Source {
  ByteSpan bytes;
  std::size_t position = 0;
};

int read_source(GifFileType* gif, GifByteType* target, int count) {
  auto* source = static_cast<Source*>(gif->UserData);
  const std::size_t left = source->bytes.size() - source->position;
  const std::size_t taken = std::min(left, static_cast<std::size_t>(std::max(count, 0)));
  if (taken > 0) std::memcpy(target, source->bytes.data() + source->position, taken);
  source->position += taken;
  return static_cast<int>(taken);
}

struct GifDelete {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

[[noreturn]] void throw_damaged(int code) {
  if (code == D_GIF_ERR_NOT_ENOUGH_MEM) throw std::bad_alloc();
  const char* text = GifErrorString(code);
  throw_corrupt("GIF is damaged or cut off: " + one_line(text != nullptr ? text : "unknown error"));
}

// Transparent pixels and those outside the picture are white.
PixelBuffer paint(const GifFileType& gif, const Header& header, int transparent) {
  const SavedImage& picture = gif.SavedImages[0];
  const GifImageDesc& place = picture.ImageDesc;
  const ColorMapObject* map = place.ColorMap != nullptr ? place.ColorMap : gif.SColorMap;
  if (map == nullptr) throw_corrupt("GIF has no colour table");

  PixelBuffer result{header.width, header.height, 3, {}};
  result.pixels.assign(
      3 * static_cast<std::size_t>(header.width) * static_cast<std::size_t>(header.height), 255);
  const GifByteType* index = picture.RasterBits;
  for (int y = place.Top; y < place.Top + place.Height; ++y) {
    std::uint8_t* to =
        &result.pixels[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(header.width) +
                            static_cast<std::size_t>(place.Left))];
    for (int x = 0; x < place.Width; ++x, ++index, to += 3) {
      if (*index == transparent) continue;
      if (*index >= map->ColorCount) throw_corrupt("GIF is damaged: colour outside its table");
      const GifColorType& colour = map->Colors[*index];
      to[0] = colour.Blue;
      to[1] = colour.Green;
      to[2] = colour.Red;
    }
  }
  const bool grey = std::all_of(map->Colors, map->Colors + map->ColorCount, [](const auto& colour) {
    return colour.Red == colour.Green && colour.Green == colour.Blue;
  });
  return grey ? keep_one_channel(result) : result;
}

}  // namespace

Header read_gif_header(ByteSpan bytes) {
  const GifLayout layout = scan(bytes);
  if (layout.frames > 1) throw_unsupported(fmt::format("animated GIF ({} frames)", layout.frames));
  if (layout.frames == 0) throw_corrupt("GIF without a picture");
  if (layout.width == 0 || layout.height == 0) throw_corrupt("GIF header states no size");
  return {FileFormat::kGif, layout.width, layout.height, 1};
}

PixelBuffer decode_gif(ByteSpan bytes, const Header& header) {
  Source source{bytes, 0};
  int code = 0;
  const std::unique_ptr<GifFileType, GifDelete> gif(DGifOpen(&source, read_source, &code));
  if (!gif) throw_damaged(code);
  if (DGifSlurp(gif.get()) != GIF_OK) throw_damaged(gif->Error);
  if (gif->ImageCount != 1 || gif->SavedImages == nullptr) throw_damaged(D_GIF_ERR_IMAGE_DEFECT);
  const GifImageDesc& place = gif->SavedImages[0].ImageDesc;
  if (place.Left < 0 || place.Top < 0 || place.Left + place.Width > header.width ||
      place.Top + place.Height > header.height || place.Width <= 0 || place.Height <= 0) {
    throw_damaged(D_GIF_ERR_IMAGE_DEFECT);
  }
  GraphicsControlBlock control{};
  const bool controlled = DGifSavedExtensionToGCB(gif.get(), 0, &control) == GIF_OK;
  return paint(*gif, header, controlled ? control.TransparentColor : NO_TRANSPARENT_COLOR);
}

}  // namespace pressmark::image
