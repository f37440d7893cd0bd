// SPDX-License-Identifier: Apache-2.0
#include <libexif/exif-data.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>

#include "engine/image/formats.hpp"

namespace pressmark::image {
namespace {

struct ExifDelete {
  void operator()(ExifData* data) const { exif_data_unref(data); }
};

int orientation_of(const ExifData& data) {
  ExifEntry* entry = exif_content_get_entry(data.ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->data == nullptr || entry->components < 1) return 1;
  const ExifByteOrder order = exif_data_get_byte_order(const_cast<ExifData*>(&data));
  std::uint32_t value = 0;
  if (entry->format == EXIF_FORMAT_SHORT && entry->size >= 2) {
    value = exif_get_short(entry->data, order);
  } else if (entry->format == EXIF_FORMAT_LONG && entry->size >= 4) {
    value = exif_get_long(entry->data, order);
  }
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

}  // namespace

int exif_orientation(ByteSpan block) {
  static constexpr std::array<std::uint8_t, 6> kPrefix{'E', 'x', 'i', 'f', 0, 0};
  // Real blocks are below 64 KiB in JPEG and rarely larger elsewhere; libexif copies them.
  constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
  if (block.size() > kMaxBytes) return 1;

  Bytes prefixed;
  prefixed.reserve(block.size() + kPrefix.size());
  if (!std::ranges::equal(block.first(std::min(block.size(), kPrefix.size())), kPrefix)) {
    prefixed.assign(kPrefix.begin(), kPrefix.end());
  }
  prefixed.insert(prefixed.end(), block.begin(), block.end());

  const std::unique_ptr<ExifData, ExifDelete> data(exif_data_new());
  if (!data) throw std::bad_alloc();
  // The block is read, not repaired; nothing is logged, because no log is attached.
  exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
  exif_data_set_option(data.get(), EXIF_DATA_OPTION_DONT_CHANGE_MAKER_NOTE);
  exif_data_load_data(data.get(), prefixed.data(), static_cast<unsigned int>(prefixed.size()));
  return orientation_of(*data);
}

}  // namespace pressmark::image
