// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/store/segment.hpp"
#include "kernels/math/keypoint_grid.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

LocalCodes read_part(std::span<const std::byte> part, std::size_t count) {
  LocalCodes local;
  local.keypoints.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    StoredKeypoint stored;
    std::memcpy(&stored, part.data() + i * sizeof stored, sizeof stored);
    local.keypoints.push_back({kernels::px_from_grid(stored.x), kernels::px_from_grid(stored.y),
                               kernels::px_from_grid(stored.size),
                               kernels::angle_from_grid(stored.angle)});
  }
  local.codes.resize(count * kLocalCodeSize);
  if (count > 0) {
    std::memcpy(local.codes.data(), part.data() + codes_offset_in_part(count), local.codes.size());
    local.words.resize(local.indexed_count());
    std::memcpy(local.words.data(), part.data() + words_offset_in_part(count),
                local.words.size() * sizeof(std::uint16_t));
  }
  return local;
}

}  // namespace

void Segment::corrupt(const std::string& what) const {
  throw Error(ErrorCode::kCorruptData, fmt::format("{} is damaged: {}", file_.native(), what));
}

Segment::Segment(const std::filesystem::path& file, const SegmentFacts& expected)
    : file_(file), mapping_(file) {
  if (mapping_.bytes().size() < sizeof header_) corrupt("it is too short for a segment");
  std::memcpy(&header_, mapping_.bytes().data(), sizeof header_);
  check_header(expected);
  check_records();
}

// Nothing in the header is used before its checksum and every bound have been tested.
void Segment::check_header(const SegmentFacts& expected) const {
  if (std::memcmp(header_.magic, kSegmentMagic, sizeof kSegmentMagic) != 0) {
    corrupt("it does not start like a segment");
  }
  if (header_.format_version > kSegmentFormatVersion) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{} was written by a newer Pressmark (segment format {}, this build "
                            "reads up to {})",
                            file_.native(), header_.format_version, kSegmentFormatVersion));
  }
  const auto covered = mapping_.bytes().first(offsetof(SegmentHeader, header_checksum));
  if (xxh3_64(covered) != header_.header_checksum) corrupt("the header's checksum is wrong");

  char model_id[sizeof header_.model_id] = {};
  std::memcpy(model_id, expected.model_id.data(),
              std::min(expected.model_id.size(), sizeof model_id));
  if (header_.header_checksum != expected.checksum ||
      header_.number != static_cast<std::uint64_t>(expected.number) ||
      std::memcmp(header_.model_id, model_id, sizeof model_id) != 0 ||
      header_.image_count != static_cast<std::uint32_t>(expected.images) ||
      header_.global_size != static_cast<std::uint32_t>(expected.global_size) ||
      header_.file_size != static_cast<std::uint64_t>(expected.bytes)) {
    corrupt("it is not the file that was committed");
  }
  if (header_.format_version != kSegmentFormatVersion || header_.header_size != sizeof header_ ||
      header_.record_size != sizeof(SegmentRecord) || header_.code_size != kLocalCodeSize ||
      header_.reserved != 0 || header_.image_count == 0 ||
      header_.image_count > kMaxSegmentImages || header_.global_size == 0 ||
      header_.global_size > kMaxGlobalSize) {
    corrupt("impossible values in the header");
  }
  const auto layout = segment_layout(header_.image_count, header_.global_size);
  if (header_.records_offset != layout.records_offset ||
      header_.globals_offset != layout.globals_offset ||
      header_.blocks_offset != layout.blocks_offset) {
    corrupt("impossible offsets in the header");
  }
  if (header_.file_size != mapping_.bytes().size()) {
    corrupt(fmt::format("it has {} bytes and should have {}", mapping_.bytes().size(),
                        header_.file_size));
  }
  if (header_.blocks_offset > header_.file_size) corrupt("its sections do not fit");
}

void Segment::check_records() const {
  const auto table = mapping_.bytes().subspan(
      header_.records_offset, std::size_t{header_.image_count} * sizeof(SegmentRecord));
  if (xxh3_64(table) != header_.records_checksum) corrupt("the record table's checksum is wrong");
  std::uint64_t end = header_.blocks_offset;
  for (std::size_t slot = 0; slot < header_.image_count; ++slot) {
    const SegmentRecord entry = record_at(slot);
    const auto side_ok = [](std::uint32_t side) { return side >= 1 && side <= kMaxCanonicalSide; };
    const auto share_ok = [](float share) { return share >= 0 && share <= 1; };
    const auto detail_ok = [](const SegmentRecord& r) {
      return r.detail_bytes == 0 || r.detail_bytes == detail_bytes(static_cast<int>(r.width_px),
                                                                   static_cast<int>(r.height_px));
    };
    if (entry.block_offset != end || entry.keypoint_counts[0] > kMaxImageKeypoints ||
        entry.keypoint_counts[1] > kMaxImageKeypoints || entry.light_sure > 1 ||
        !side_ok(entry.width_px) || !side_ok(entry.height_px) || !detail_ok(entry) ||
        !(entry.photo_scale > 0) || !std::isfinite(entry.photo_scale) ||
        !std::isfinite(entry.photo_origin_x) || !std::isfinite(entry.photo_origin_y) ||
        !std::isfinite(entry.light_azimuth_rad) || !share_ok(entry.light_coherence) ||
        !share_ok(entry.sharpness) || !(entry.contrast >= 0 && entry.contrast <= 255) ||
        !share_ok(entry.dark_share) || !share_ok(entry.bright_share)) {
      corrupt(fmt::format("impossible values in record {}", slot));
    }
    end += block_size(entry);
  }
  if (end != header_.file_size) corrupt("its blocks do not add up to its size");
}

SegmentRecord Segment::record_at(std::size_t slot) const {
  SegmentRecord entry;
  std::memcpy(&entry,
              mapping_.bytes().data() + header_.records_offset + slot * sizeof(SegmentRecord),
              sizeof entry);
  return entry;
}

SegmentRecord Segment::record(int slot) const {
  if (slot < 0 || slot >= images()) corrupt(fmt::format("it has no image {}", slot));
  return record_at(static_cast<std::size_t>(slot));
}

Sha256 Segment::sha256(int slot) const {
  const SegmentRecord entry = record(slot);
  Sha256 result;
  std::ranges::copy(entry.sha256, result.bytes.begin());
  return result;
}

void Segment::copy_global(std::size_t slot, std::span<float> target) const {
  const auto source = mapping_.bytes().subspan(header_.globals_offset + slot * target.size_bytes(),
                                               target.size_bytes());
  // Checked on the copy: what is returned is what was verified.
  std::memcpy(target.data(), source.data(), source.size());
  if (xxh3_64(std::as_bytes(target)) != record_at(slot).global_checksum) {
    corrupt(fmt::format("the checksum of global vector {} is wrong", slot));
  }
  if (!std::ranges::all_of(target, [](float v) { return std::isfinite(v); })) {
    corrupt(fmt::format("global vector {} is not finite", slot));
  }
}

Description Segment::description(int slot) const {
  const SegmentRecord entry = record(slot);
  const auto index = static_cast<std::size_t>(slot);
  const auto block = mapping_.bytes().subspan(entry.block_offset, block_size(entry));
  if (xxh3_64(block) != entry.block_checksum) {
    corrupt(fmt::format("the checksum of image {} is wrong", slot));
  }
  Description description;
  description.width_px = static_cast<int>(entry.width_px);
  description.height_px = static_cast<int>(entry.height_px);
  description.photo_scale = entry.photo_scale;
  description.photo_origin_x = entry.photo_origin_x;
  description.photo_origin_y = entry.photo_origin_y;
  description.light = {entry.light_azimuth_rad, entry.light_coherence, entry.light_sure == 1};
  description.quality = {entry.sharpness, entry.contrast, entry.dark_share, entry.bright_share};
  const std::uint64_t raw_size = part_size(entry.keypoint_counts[0]);
  description.raw = read_part(block.first(raw_size), entry.keypoint_counts[0]);
  description.relit = read_part(block.subspan(raw_size), entry.keypoint_counts[1]);
  StoredDense dense;
  std::memcpy(&dense, block.data() + dense_offset(entry), sizeof dense);
  if (!std::isfinite(dense.cohort_mean) || !(dense.cohort_deviation > 0) ||
      !std::isfinite(dense.cohort_deviation)) {
    corrupt(fmt::format("impossible cohort statistics of image {}", slot));
  }
  std::ranges::copy(dense.values, description.dense.values.begin());
  description.dense_cohort = {dense.cohort_mean, dense.cohort_deviation};
  description.detail.resize(entry.detail_bytes);
  if (entry.detail_bytes > 0) {
    std::memcpy(description.detail.data(), block.data() + detail_offset(entry), entry.detail_bytes);
  }
  description.global.resize(header_.global_size);
  copy_global(index, description.global);
  return description;
}

Segment::Stored Segment::stored(int slot) const {
  const SegmentRecord entry = record(slot);
  const auto index = static_cast<std::size_t>(slot);
  const std::size_t global_bytes = std::size_t{header_.global_size} * sizeof(float);
  const Stored result{
      entry, mapping_.bytes().subspan(header_.globals_offset + index * global_bytes, global_bytes),
      mapping_.bytes().subspan(entry.block_offset, block_size(entry))};
  if (xxh3_64(result.block) != entry.block_checksum) {
    corrupt(fmt::format("the checksum of image {} is wrong", slot));
  }
  if (xxh3_64(result.global) != entry.global_checksum) {
    corrupt(fmt::format("the checksum of global vector {} is wrong", slot));
  }
  return result;
}

std::vector<float> Segment::globals() const {
  const std::size_t size = header_.global_size;
  std::vector<float> values(size * header_.image_count);
  for (std::size_t slot = 0; slot < header_.image_count; ++slot) {
    copy_global(slot, std::span(values).subspan(slot * size, size));
  }
  return values;
}

}  // namespace pressmark::store
