// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "engine/image/formats.hpp"

namespace pressmark::image {
namespace {

// Pixels [first, last) of an axis.
struct Interval {
  int first, last;
};

void require_within_cap(const Header& header, std::int64_t max_pixels) {
  if (std::int64_t{header.width} * header.height <= max_pixels) return;
  throw_unsupported(fmt::format("picture of {} x {} pixels is over the limit of {} pixels",
                                header.width, header.height, max_pixels));
}

void require_inside(const RegionOfInterest& region, int width, int height) {
  const bool inside = region.x >= 0 && region.y >= 0 && region.width > 0 && region.height > 0 &&
                      std::int64_t{region.x} + region.width <= width &&
                      std::int64_t{region.y} + region.height <= height;
  if (inside) return;
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("region {} {} {} {} is not inside the upright photo of {} x {} pixels",
                          region.x, region.y, region.width, region.height, width, height));
}

int choose_reduction(const Header& header, int long_side, int enough_px) {
  if (header.format != FileFormat::kJpeg || enough_px <= 0) return 1;
  for (int reduction : {8, 4, 2}) {
    // libjpeg-turbo is asked for a size, not for a scale; below 8 pixels its scales (n/8) coincide.
    const bool distinct = std::max(header.width, header.height) >= 8 * reduction;
    if (distinct && long_side >= std::int64_t{reduction} * enough_px) return reduction;
  }
  return 1;
}

PixelBuffer decode_stored(ByteSpan bytes, const Header& header, int reduction) {
  switch (header.format) {
    case FileFormat::kJpeg:
      return decode_jpeg(bytes, header, reduction);
    case FileFormat::kPng:
      return decode_png(bytes, header);
    case FileFormat::kTiff:
      return decode_tiff(bytes, header);
    case FileFormat::kWebp:
      return decode_webp(bytes, header);
    case FileFormat::kBmp:
      return decode_bmp(bytes, header);
    case FileFormat::kGif:
      return decode_gif(bytes, header);
  }
  throw_unsupported(describe_unknown(bytes));
}

// Whether the stored right or bottom side becomes the upright left or top side: then the partial
// pixel of a reduced picture comes first.
bool starts_at_stored_right(int orientation) {
  return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}
bool starts_at_stored_bottom(int orientation) {
  return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

// The reduced pixels that cover [begin, begin + length), where reduced pixel 0 begins at `origin`.
Interval cover(int begin, int length, int origin, int reduction) {
  return {(begin - origin) / reduction, (begin + length - origin + reduction - 1) / reduction};
}

Photo decode_photo(ByteSpan bytes, const DecodeOptions& options, int enough_px,
                   const std::optional<RegionOfInterest>& region) {
  Photo photo;
  photo.header = read_header(bytes);
  const Header& header = photo.header;
  require_within_cap(header, options.max_pixels);

  const bool swapped = swaps_sides(header.orientation);
  photo.upright_width = swapped ? header.height : header.width;
  photo.upright_height = swapped ? header.width : header.height;
  const RegionOfInterest wanted = region.value_or(RegionOfInterest{
      .x = 0, .y = 0, .width = photo.upright_width, .height = photo.upright_height});
  require_inside(wanted, photo.upright_width, photo.upright_height);

  const int reduction = choose_reduction(header, std::max(wanted.width, wanted.height), enough_px);
  PixelBuffer stored = decode_stored(bytes, header, reduction);

  const auto overhang = [reduction](int side) {
    return (reduction - side % reduction) % reduction;
  };
  const int right = starts_at_stored_right(header.orientation) ? overhang(header.width) : 0;
  const int bottom = starts_at_stored_bottom(header.orientation) ? overhang(header.height) : 0;
  const int origin_x = swapped ? -bottom : -right;
  const int origin_y = swapped ? -right : -bottom;
  const Interval columns = cover(wanted.x, wanted.width, origin_x, reduction);
  const Interval rows = cover(wanted.y, wanted.height, origin_y, reduction);
  const RegionOfInterest crop{.x = columns.first,
                              .y = rows.first,
                              .width = columns.last - columns.first,
                              .height = rows.last - rows.first};

  photo.pixels = turn_upright(std::move(stored), header.orientation, crop);
  photo.reduction = reduction;
  photo.origin_x = origin_x + reduction * crop.x;
  photo.origin_y = origin_y + reduction * crop.y;
  return photo;
}

}  // namespace

Photo decode(std::span<const std::uint8_t> bytes, const DecodeOptions& options, int enough_px,
             const std::optional<RegionOfInterest>& region) {
  options.validate();
  return with_memory_errors([&] { return decode_photo(bytes, options, enough_px, region); });
}

}  // namespace pressmark::image
