// SPDX-License-Identifier: Apache-2.0
#include "engine/store/rows.hpp"

#include <fmt/format.h>

#include <cstring>
#include <string_view>

#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

enum Column : int {
  kId,
  kFile,
  kSha256,
  kFileBytes,
  kFormat,
  kWidth,
  kHeight,
  kOrientation,
  kSeizure,
  kPackage,
  kKind,
  kScale,
  kRoiX,
  kRoiY,
  kRoiWidth,
  kRoiHeight,
  kMetadata,
  kKeypoints,
  kAddedAt,
};

std::string_view blob(SQLite::Statement& row, int column) {
  const SQLite::Column value = row.getColumn(column);
  const void* data = value.getBlob();
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(value.getBytes())};
}

std::string text(SQLite::Statement& row, int column) {
  return std::string(blob(row, column));
}

}  // namespace

std::string select_images() {
  return "SELECT i.id, i.file, i.sha256, i.file_bytes, i.format, i.width_px, i.height_px, "
         "i.orientation, s.name, p.name, i.kind, i.scale_mm_per_px, i.roi_x, i.roi_y, i.roi_width, "
         "i.roi_height, i.metadata, i.keypoints, i.added_at "
         "FROM images i LEFT JOIN seizures s ON s.id = i.seizure "
         "LEFT JOIN packages p ON p.id = i.package WHERE i.removed_at IS NULL ";
}

CatalogueImage image_from_row(SQLite::Statement& row, const std::filesystem::path& database_file) {
  CatalogueImage image;
  image.id = row.getColumn(kId).getInt64();
  const auto corrupt = [&](std::string_view what) {
    throw Error(ErrorCode::kCorruptData, fmt::format("{} is damaged: {} of image {}",
                                                     database_file.native(), what, image.id));
  };
  image.file = blob(row, kFile);
  const auto sha256 = hash_from_row(row, kSha256);
  if (!sha256) corrupt("hash");
  image.info.sha256 = *sha256;
  image.info.file_bytes = row.getColumn(kFileBytes).getInt64();
  image.info.format = text(row, kFormat);
  image.info.width_px = row.getColumn(kWidth).getInt();
  image.info.height_px = row.getColumn(kHeight).getInt();
  image.info.orientation = row.getColumn(kOrientation).getInt();
  image.facts.seizure = text(row, kSeizure);
  image.facts.package = text(row, kPackage);
  const auto kind = image_kind_from_string(blob(row, kKind));
  if (!kind) corrupt("kind");
  image.facts.kind = *kind;
  if (!row.isColumnNull(kScale)) image.facts.scale_mm_per_px = row.getColumn(kScale).getDouble();
  if (!row.isColumnNull(kRoiX)) {
    image.facts.region =
        RegionOfInterest{row.getColumn(kRoiX).getInt(), row.getColumn(kRoiY).getInt(),
                         row.getColumn(kRoiWidth).getInt(), row.getColumn(kRoiHeight).getInt()};
  }
  image.facts.metadata_json = text(row, kMetadata);
  image.keypoints = row.getColumn(kKeypoints).getInt();
  image.added_at = text(row, kAddedAt);
  return image;
}

std::optional<Sha256> hash_from_row(SQLite::Statement& row, int column) {
  const std::string_view bytes = blob(row, column);
  Sha256 hash;
  if (bytes.size() != hash.bytes.size()) return std::nullopt;
  std::memcpy(hash.bytes.data(), bytes.data(), bytes.size());
  return hash;
}

void bind_bytes(SQLite::Statement& statement, int index, const Sha256& sha256) {
  statement.bind(index, static_cast<const void*>(sha256.bytes.data()),
                 static_cast<int>(sha256.bytes.size()));
}

void bind_bytes(SQLite::Statement& statement, int index, const std::filesystem::path& file) {
  statement.bind(index, static_cast<const void*>(file.native().data()),
                 static_cast<int>(file.native().size()));
}

}  // namespace pressmark::store
