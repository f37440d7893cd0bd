// SPDX-License-Identifier: Apache-2.0
//
// Segment files: immutable bundles of descriptions. docs/format.md specifies the bytes; the two
// structs below are those bytes. The database stores each file's header checksum, which covers the
// checksum of the record table, which covers those of all vectors and blocks: a file that was
// altered, replaced or swapped with another one does not pass for the one that was committed.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/store/mapping.hpp"
#include "engine/store/store.hpp"

namespace pressmark::store {

class Segment;

static_assert(std::endian::native == std::endian::little,
              "segment files are little-endian and used as they are mapped");

inline constexpr std::uint32_t kSegmentFormatVersion = 2;
inline constexpr std::size_t kSegmentAlignment = 64;

// Bounds that keep every size computed from a file far from overflow.
inline constexpr std::uint32_t kMaxSegmentImages = 1u << 24;
inline constexpr std::uint32_t kMaxGlobalSize = 1u << 16;
inline constexpr std::uint32_t kMaxImageKeypoints = 4096;  // of one channel
inline constexpr std::uint32_t kMaxCanonicalSide = 1024;   // the keypoint grid ends here

struct SegmentHeader {
  char magic[8];
  std::uint32_t format_version;
  std::uint32_t header_size;
  std::uint64_t number;
  char model_id[32];  // zero-padded
  std::uint32_t image_count;
  std::uint32_t global_size;  // floats per global vector
  std::uint32_t code_size;    // bytes per local code
  std::uint32_t record_size;
  std::uint64_t records_offset;
  std::uint64_t globals_offset;
  std::uint64_t blocks_offset;
  std::uint64_t file_size;
  std::uint64_t reserved;          // 0
  std::uint64_t records_checksum;  // of the record table
  std::uint64_t header_checksum;   // of all bytes before this field
};
static_assert(sizeof(SegmentHeader) == 128);

struct SegmentRecord {
  std::uint8_t sha256[32];
  double photo_scale, photo_origin_x, photo_origin_y;
  std::uint64_t block_offset;
  std::uint64_t block_checksum;
  std::uint64_t global_checksum;
  std::uint32_t width_px, height_px;
  std::uint32_t keypoint_counts[2];  // of the raw and the relit channel
  float light_azimuth_rad, light_coherence;
  float sharpness, contrast, dark_share, bright_share;
  std::uint32_t light_sure;    // 0 or 1
  std::uint32_t detail_bytes;  // of the detail code: all that the canonical size asks for, or 0
};
static_assert(sizeof(SegmentRecord) == 128);

struct StoredKeypoint {
  std::uint16_t x, y, size, angle;  // kernels/math/keypoint_grid.hpp
};
static_assert(sizeof(StoredKeypoint) == 8);

struct StoredDense {
  std::int8_t values[2 * kDenseSide * kDenseSide];
  float cohort_mean, cohort_deviation;
  std::uint8_t reserved[56];  // 0
};
static_assert(sizeof(StoredDense) == 8256 && sizeof(StoredDense) % kSegmentAlignment == 0);

inline constexpr char kSegmentMagic[8] = {'P', 'M', 'S', 'E', 'G', '\r', '\n', '\x1a'};

constexpr std::uint64_t align_up(std::uint64_t offset) {
  return (offset + kSegmentAlignment - 1) / kSegmentAlignment * kSegmentAlignment;
}

// A channel's part of a block: keypoints, zeros up to the alignment, codes, words of the indexed
// codes, zeros up to the alignment.
constexpr std::uint64_t codes_offset_in_part(std::uint64_t keypoints) {
  return align_up(keypoints * sizeof(StoredKeypoint));
}
constexpr std::uint64_t words_offset_in_part(std::uint64_t keypoints) {
  return codes_offset_in_part(keypoints) + keypoints * kLocalCodeSize;
}
constexpr std::uint64_t part_size(std::uint64_t keypoints) {
  const std::uint64_t indexed = std::min<std::uint64_t>(keypoints, kIndexedCodes);
  return words_offset_in_part(keypoints) + align_up(indexed * sizeof(std::uint16_t));
}
// The raw channel's part, the relit channel's, the dense code, the detail code.
constexpr std::uint64_t dense_offset(const SegmentRecord& record) {
  return part_size(record.keypoint_counts[0]) + part_size(record.keypoint_counts[1]);
}
constexpr std::uint64_t detail_offset(const SegmentRecord& record) {
  return dense_offset(record) + sizeof(StoredDense);
}
constexpr std::uint64_t block_size(const SegmentRecord& record) {
  return detail_offset(record) + align_up(record.detail_bytes);
}

// Where the sections of a file with these counts lie; format version 2 has no other layout.
struct SegmentLayout {
  std::uint64_t records_offset, globals_offset, blocks_offset;
};
constexpr SegmentLayout segment_layout(std::uint64_t images, std::uint64_t global_size) {
  SegmentLayout layout{};
  layout.records_offset = sizeof(SegmentHeader);
  layout.globals_offset = align_up(layout.records_offset + images * sizeof(SegmentRecord));
  layout.blocks_offset = align_up(layout.globals_offset + images * global_size * sizeof(float));
  return layout;
}

std::uint64_t xxh3_64(std::span<const std::byte> bytes);

// What the database knows of a segment.
struct SegmentFacts {
  std::int64_t number = 0;
  std::string model_id;
  int images = 0;
  int global_size = 0;
  std::int64_t bytes = 0;
  std::uint64_t checksum = 0;  // SegmentHeader::header_checksum
};

// "00000001.pmseg"; while it is written, the same with ".tmp" behind.
std::string segment_file_name(std::int64_t number);
inline constexpr const char* kSegmentSuffix = ".pmseg";
inline constexpr const char* kTemporarySuffix = ".tmp";

// Writes `file` under a temporary name, syncs, renames, syncs the directory. Throws Error: kIo (no
// file remains), kInvalidArgument (a description that the format cannot hold exactly).
SegmentFacts write_segment(const std::filesystem::path& file, std::int64_t number,
                           const CatalogueSettings& settings, std::span<const NewImage> images);

// One image of an open segment, and a new segment of such images in the given order: the same
// bytes, verified on their way. Errors as write_segment, and kCorruptData.
struct SegmentCopy {
  std::shared_ptr<const Segment> segment;
  int slot = 0;
};
SegmentFacts copy_segment(const std::filesystem::path& file, std::int64_t number,
                          const CatalogueSettings& settings, std::span<const SegmentCopy> images);

// An open segment file. Immutable: safe to use from many threads.
class Segment {
 public:
  // Maps the file and verifies header, record table and all sizes against `expected`. Throws
  // Error: kCorruptData, kUnsupported (newer format), kIo.
  Segment(const std::filesystem::path& file, const SegmentFacts& expected);

  int images() const { return static_cast<int>(header_.image_count); }
  Sha256 sha256(int slot) const;
  SegmentRecord record(int slot) const;  // verified when the file was opened

  // Both verify the checksums of what they read. Throw Error(kCorruptData).
  Description description(int slot) const;
  std::vector<float> globals() const;

  // The stored form: the record, and the bytes of the global vector and the block, whose checksums
  // are verified. Throws Error(kCorruptData).
  struct Stored {
    SegmentRecord record;
    std::span<const std::byte> global, block;  // as long as the segment lives
  };
  Stored stored(int slot) const;

 private:
  void check_header(const SegmentFacts& expected) const;
  void check_records() const;
  SegmentRecord record_at(std::size_t slot) const;

  void copy_global(std::size_t slot, std::span<float> target) const;
  [[noreturn]] void corrupt(const std::string& what) const;

  std::filesystem::path file_;
  Mapping mapping_;
  SegmentHeader header_{};
};

}  // namespace pressmark::store
