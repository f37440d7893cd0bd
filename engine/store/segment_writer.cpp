// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "engine/store/file_io.hpp"
#include "engine/store/segment.hpp"
#include "kernels/math/keypoint_grid.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

[[noreturn]] void refuse(const NewImage& image, const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("the description of {} cannot be stored: {}", image.file.native(), what));
}

// The grid must give back the same bits; anything else would change silently on its way to disk.
StoredKeypoint stored_keypoint(const NewImage& image, const Keypoint& keypoint) {
  const StoredKeypoint stored{
      kernels::grid_from_px(keypoint.x_px), kernels::grid_from_px(keypoint.y_px),
      kernels::grid_from_px(keypoint.size_px), kernels::grid_from_angle(keypoint.angle_rad)};
  const Keypoint read_back{kernels::px_from_grid(stored.x), kernels::px_from_grid(stored.y),
                           kernels::px_from_grid(stored.size),
                           kernels::angle_from_grid(stored.angle)};
  if (!(read_back == keypoint)) {
    refuse(image, fmt::format("keypoint ({}, {}, size {}, angle {}) is not on the grid",
                              keypoint.x_px, keypoint.y_px, keypoint.size_px, keypoint.angle_rad));
  }
  return stored;
}

void check_description(const NewImage& image, int global_size) {
  const Description& description = image.description;
  const auto side_ok = [](int side) {
    return side >= 1 && side <= static_cast<int>(kMaxCanonicalSide);
  };
  if (!side_ok(description.width_px) || !side_ok(description.height_px)) {
    refuse(image,
           fmt::format("canonical size {} x {}", description.width_px, description.height_px));
  }
  if (!(description.photo_scale > 0) || !std::isfinite(description.photo_scale) ||
      !std::isfinite(description.photo_origin_x) || !std::isfinite(description.photo_origin_y)) {
    refuse(image, "its place in the photo is not finite");
  }
  if (!description.detail.empty() &&
      description.detail.size() != detail_bytes(description.width_px, description.height_px)) {
    refuse(image, fmt::format("a detail code of {} bytes", description.detail.size()));
  }
  for (const Channel channel : kChannels) {
    const LocalCodes& local = description.local(channel);
    if (local.keypoints.size() > kMaxImageKeypoints) refuse(image, "too many keypoints");
    if (local.codes.size() != local.keypoints.size() * kLocalCodeSize) {
      refuse(image, fmt::format("{} code bytes for {} keypoints", local.codes.size(),
                                local.keypoints.size()));
    }
    if (local.words.size() != local.indexed_count()) {
      refuse(image, fmt::format("{} words for {} indexed codes", local.words.size(),
                                local.indexed_count()));
    }
  }
  const Light& light = description.light;
  const Quality& quality = description.quality;
  const auto share_ok = [](float share) { return share >= 0 && share <= 1; };
  if (!std::isfinite(light.azimuth_rad) || !share_ok(light.coherence) ||
      !share_ok(quality.sharpness) || !(quality.contrast >= 0 && quality.contrast <= 255) ||
      !share_ok(quality.dark_share) || !share_ok(quality.bright_share)) {
    refuse(image, "its light or quality is out of range");
  }
  if (!std::isfinite(description.dense_cohort.mean) || !(description.dense_cohort.deviation > 0) ||
      !std::isfinite(description.dense_cohort.deviation)) {
    refuse(image, "its cohort statistics are out of range");
  }
  if (description.global.size() != static_cast<std::size_t>(global_size)) {
    refuse(image, fmt::format("a global vector of {} values where the catalogue has {}",
                              description.global.size(), global_size));
  }
  if (!std::ranges::all_of(description.global, [](float v) { return std::isfinite(v); })) {
    refuse(image, "its global vector is not finite");
  }
}

std::vector<std::byte> block_bytes(const NewImage& image, const SegmentRecord& record) {
  std::vector<std::byte> block(block_size(record));
  std::byte* part = block.data();
  for (const Channel channel : kChannels) {
    const LocalCodes& local = image.description.local(channel);
    const std::size_t count = local.keypoints.size();
    for (std::size_t i = 0; i < count; ++i) {
      const StoredKeypoint stored = stored_keypoint(image, local.keypoints[i]);
      std::memcpy(part + i * sizeof stored, &stored, sizeof stored);
    }
    if (count > 0) {
      std::memcpy(part + codes_offset_in_part(count), local.codes.data(), local.codes.size());
      std::memcpy(part + words_offset_in_part(count), local.words.data(),
                  local.words.size() * sizeof(std::uint16_t));
    }
    part += part_size(count);
  }
  StoredDense dense{};
  std::ranges::copy(image.description.dense.values, dense.values);
  dense.cohort_mean = image.description.dense_cohort.mean;
  dense.cohort_deviation = image.description.dense_cohort.deviation;
  std::memcpy(part, &dense, sizeof dense);
  part += sizeof dense;
  if (record.detail_bytes > 0) {
    std::memcpy(part, image.description.detail.data(), record.detail_bytes);
  }
  return block;
}

SegmentHeader make_header(std::int64_t number, const CatalogueSettings& settings,
                          std::uint64_t images, std::uint64_t file_size,
                          std::span<const SegmentRecord> records) {
  const auto layout = segment_layout(images, static_cast<std::uint64_t>(settings.global_size));
  SegmentHeader header{};
  std::memcpy(header.magic, kSegmentMagic, sizeof header.magic);
  header.format_version = kSegmentFormatVersion;
  header.header_size = sizeof header;
  header.number = static_cast<std::uint64_t>(number);
  std::memcpy(header.model_id, settings.model_id.data(),
              std::min(settings.model_id.size(), sizeof header.model_id));
  header.image_count = static_cast<std::uint32_t>(images);
  header.global_size = static_cast<std::uint32_t>(settings.global_size);
  header.code_size = kLocalCodeSize;
  header.record_size = sizeof(SegmentRecord);
  header.records_offset = layout.records_offset;
  header.globals_offset = layout.globals_offset;
  header.blocks_offset = layout.blocks_offset;
  header.file_size = file_size;
  header.records_checksum = xxh3_64(std::as_bytes(records));
  header.header_checksum =
      xxh3_64(std::as_bytes(std::span(&header, 1)).first(offsetof(SegmentHeader, header_checksum)));
  return header;
}

SegmentRecord record_of(const NewImage& image) {
  const Description& description = image.description;
  SegmentRecord record{};
  std::ranges::copy(image.info.sha256.bytes, record.sha256);
  record.photo_scale = description.photo_scale;
  record.photo_origin_x = description.photo_origin_x;
  record.photo_origin_y = description.photo_origin_y;
  record.width_px = static_cast<std::uint32_t>(description.width_px);
  record.height_px = static_cast<std::uint32_t>(description.height_px);
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    record.keypoint_counts[c] =
        static_cast<std::uint32_t>(description.local(kChannels[c]).keypoints.size());
  }
  record.light_azimuth_rad = description.light.azimuth_rad;
  record.light_coherence = description.light.coherence;
  record.light_sure = description.light.sure;
  record.sharpness = description.quality.sharpness;
  record.contrast = description.quality.contrast;
  record.dark_share = description.quality.dark_share;
  record.bright_share = description.quality.bright_share;
  record.detail_bytes = static_cast<std::uint32_t>(description.detail.size());
  return record;
}

// Places the blocks, writes the file under a temporary name, syncs and renames it.
// contents(i, write) calls write(global vector, block) for image i, after completing its record's
// checksums.
template <typename Contents>
SegmentFacts write_file(const std::filesystem::path& file, std::int64_t number,
                        const CatalogueSettings& settings, std::vector<SegmentRecord>& records,
                        const Contents& contents) {
  if (records.empty() || records.size() > kMaxSegmentImages) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("a segment holds 1 to {} images, not {}",
                                                         kMaxSegmentImages, records.size()));
  }
  const auto layout =
      segment_layout(records.size(), static_cast<std::uint64_t>(settings.global_size));
  std::uint64_t end = layout.blocks_offset;
  for (SegmentRecord& record : records) {
    record.block_offset = end;
    end += block_size(record);
  }
  const std::filesystem::path temporary = file.native() + kTemporarySuffix;
  RemovedOnFailure guard(temporary);
  const FileDescriptor output = create_file(temporary);
  // Fixes the length even where the last section is padding.
  if (::ftruncate(output.get(), static_cast<off_t>(end)) != 0) throw_io("write", temporary, errno);
  for (std::size_t i = 0; i < records.size(); ++i) {
    contents(i, [&](std::span<const std::byte> global, std::span<const std::byte> block) {
      write_at(output, block, records[i].block_offset, temporary);
      write_at(output, global, layout.globals_offset + i * global.size(), temporary);
    });
  }
  const SegmentHeader header = make_header(number, settings, records.size(), end, records);
  write_at(output, std::as_bytes(std::span(records)), layout.records_offset, temporary);
  write_at(output, std::as_bytes(std::span(&header, 1)), 0, temporary);
  sync_file(output, temporary);

  RemovedOnFailure renamed_guard(file);
  rename_file(temporary, file);
  guard.keep();
  sync_directory(file.parent_path());
  renamed_guard.keep();
  return {number,
          settings.model_id,
          static_cast<int>(records.size()),
          settings.global_size,
          static_cast<std::int64_t>(end),
          header.header_checksum};
}

}  // namespace

std::uint64_t xxh3_64(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string segment_file_name(std::int64_t number) {
  return fmt::format("{:08}{}", number, kSegmentSuffix);
}

SegmentFacts write_segment(const std::filesystem::path& file, std::int64_t number,
                           const CatalogueSettings& settings, std::span<const NewImage> images) {
  std::vector<SegmentRecord> records(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    check_description(images[i], settings.global_size);
    records[i] = record_of(images[i]);
  }
  return write_file(file, number, settings, records, [&](std::size_t i, const auto& write) {
    const std::vector<std::byte> block = block_bytes(images[i], records[i]);
    records[i].block_checksum = xxh3_64(block);
    const auto global = std::as_bytes(std::span(images[i].description.global));
    records[i].global_checksum = xxh3_64(global);
    write(global, block);
  });
}

SegmentFacts copy_segment(const std::filesystem::path& file, std::int64_t number,
                          const CatalogueSettings& settings, std::span<const SegmentCopy> images) {
  std::vector<SegmentRecord> records;
  for (const SegmentCopy& image : images) records.push_back(image.segment->record(image.slot));
  return write_file(file, number, settings, records, [&](std::size_t i, const auto& write) {
    const Segment::Stored stored = images[i].segment->stored(images[i].slot);
    write(stored.global, stored.block);
  });
}

}  // namespace pressmark::store
