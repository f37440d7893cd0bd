// SPDX-License-Identifier: Apache-2.0
//
// Index files: immutable, memory-mapped, derived from whole segments (docs/format.md). A file is
// divided into numbered sections whose meaning this layer does not know. Each names the segments
// that it was made from by number and checksum; bulk bytes are tested in blocks of 64 KiB where
// they are first used, because testing whole files would make opening as slow as reading them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/store/file_io.hpp"
#include "engine/store/mapping.hpp"

namespace pressmark::store {

inline constexpr std::uint32_t kPartFormatVersion = 1;
inline constexpr std::size_t kPartAlignment = 64;
inline constexpr std::size_t kPartBlock = std::size_t{64} << 10;
inline constexpr char kPartMagic[8] = {'P', 'M', 'I', 'D', 'X', '\r', '\n', '\x1a'};
inline constexpr const char* kPartSuffix = ".pmidx";

struct PartHeader {
  char magic[8];
  std::uint32_t format_version;
  std::uint32_t header_size;
  std::uint64_t number;
  char model_id[32];  // zero-padded
  std::uint8_t catalogue_id[16];
  std::uint32_t rows;
  std::uint32_t segments, sections;
  std::uint32_t reserved;       // 0
  std::uint64_t tables_offset;  // end of the sections, start of the tables
  std::uint64_t file_size;
  std::uint64_t tables_checksum;
  std::uint64_t header_checksum;  // of all bytes before this field
};
static_assert(sizeof(PartHeader) == 120);

// A segment that a part covers.
struct CoveredSegment {
  std::uint64_t number = 0;
  std::uint64_t checksum = 0;  // of the segment's header, as the database states it
  auto operator<=>(const CoveredSegment&) const = default;
};

struct PartSection {
  std::uint32_t kind = 0;
  std::uint32_t blocks = 0;  // each with a checksum
  std::uint64_t offset = 0, bytes = 0;
};
static_assert(sizeof(CoveredSegment) == 16 && sizeof(PartSection) == 24);

// What ties a part to its catalogue.
struct PartOwner {
  std::string model_id;
  std::array<std::uint8_t, 16> catalogue_id{};
};

// "00000001.pmidx"
std::string part_file_name(std::uint64_t number);

// Writes one file under a temporary name. Unless finish() was called, nothing remains of it.
class PartWriter {
 public:
  PartWriter(const std::filesystem::path& file, std::uint64_t number, const PartOwner& owner);

  // Kinds in any order, each once.
  void begin_section(std::uint32_t kind);
  void append(std::span<const std::byte> bytes);

  // Syncs and renames the file and syncs the directory; returns the header's checksum.
  std::uint64_t finish(std::uint32_t rows, std::span<const CoveredSegment> segments);

 private:
  void end_section();
  void flush();

  std::filesystem::path file_, temporary_;
  FileDescriptor descriptor_;
  RemovedOnFailure guard_;
  PartHeader header_{};
  std::vector<PartSection> sections_;
  std::vector<std::uint64_t> checksums_;  // of all blocks so far
  std::vector<std::byte> block_;          // being filled
  std::uint64_t written_ = 0;             // bytes of the file before the block
};

// An open part. Safe to use from many threads.
class PartFile {
 public:
  // Maps the file and tests header and tables. header_checksum: as the list of parts states it.
  // Throws Error: kCorruptData, kUnsupported (newer format), kIo.
  PartFile(const std::filesystem::path& file, std::uint64_t number, std::uint64_t header_checksum,
           const PartOwner& owner);

  std::uint64_t number() const { return header_.number; }
  std::uint32_t rows() const { return header_.rows; }
  std::span<const CoveredSegment> segments() const { return segments_; }
  std::span<const PartSection> sections() const { return sections_; }
  std::uint64_t bytes() const { return header_.file_size; }
  const std::filesystem::path& file() const { return file_; }

  // Nothing where the part has no section of this kind. Its bytes are not tested.
  const PartSection* find(std::uint32_t kind) const;
  std::span<const std::byte> bytes_of(const PartSection& section) const;

  // Tests the blocks of a range which have not been tested before; false: they are damaged.
  bool is_sound(const PartSection& section, std::size_t offset, std::size_t size) const;

  // Reads all bytes, whether they were tested or not; what is wrong, or nothing.
  std::string check() const;

 private:
  void check_header(std::uint64_t number, std::uint64_t header_checksum,
                    const PartOwner& owner) const;
  void read_tables();
  bool is_block_sound(const PartSection& section, std::size_t first_block, std::size_t block) const;
  std::size_t first_block(const PartSection& section) const;
  [[noreturn]] void corrupt(const std::string& what) const;

  std::filesystem::path file_;
  Mapping mapping_;
  PartHeader header_{};
  std::vector<CoveredSegment> segments_;
  std::vector<PartSection> sections_;
  std::vector<std::size_t> first_blocks_;  // of each section
  std::vector<std::uint64_t> checksums_;
  mutable std::vector<std::atomic<bool>> is_tested_;
};

}  // namespace pressmark::store
