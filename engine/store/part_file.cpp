// SPDX-License-Identifier: Apache-2.0
#include "engine/store/part_file.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "engine/store/segment.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

constexpr std::uint64_t blocks_of(std::uint64_t bytes) {
  return (bytes + kPartBlock - 1) / kPartBlock;
}

template <typename T>
std::vector<T> take(std::span<const std::byte>& bytes, std::size_t count) {
  std::vector<T> values(count);
  if (count > 0) std::memcpy(values.data(), bytes.data(), count * sizeof(T));
  bytes = bytes.subspan(count * sizeof(T));
  return values;
}

}  // namespace

void PartFile::corrupt(const std::string& what) const {
  throw Error(ErrorCode::kCorruptData, fmt::format("{} is damaged: {}", file_.native(), what));
}

PartFile::PartFile(const std::filesystem::path& file, std::uint64_t number,
                   std::uint64_t header_checksum, const PartOwner& owner)
    : file_(file), mapping_(file) {
  if (mapping_.bytes().size() < sizeof header_) corrupt("it is too short for an index file");
  std::memcpy(&header_, mapping_.bytes().data(), sizeof header_);
  check_header(number, header_checksum, owner);
  read_tables();
}

void PartFile::check_header(std::uint64_t number, std::uint64_t header_checksum,
                            const PartOwner& owner) const {
  if (std::memcmp(header_.magic, kPartMagic, sizeof kPartMagic) != 0) {
    corrupt("it does not start like an index file");
  }
  if (header_.format_version > kPartFormatVersion) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{} was written by a newer Pressmark (index format {}, this build "
                            "reads up to {})",
                            file_.native(), header_.format_version, kPartFormatVersion));
  }
  const auto covered = mapping_.bytes().first(offsetof(PartHeader, header_checksum));
  if (xxh3_64(covered) != header_.header_checksum) corrupt("the header's checksum is wrong");
  char model_id[sizeof header_.model_id] = {};
  std::memcpy(model_id, owner.model_id.data(), std::min(owner.model_id.size(), sizeof model_id));
  if (header_.header_checksum != header_checksum || header_.number != number ||
      std::memcmp(header_.model_id, model_id, sizeof model_id) != 0 ||
      !std::ranges::equal(header_.catalogue_id, owner.catalogue_id)) {
    corrupt("it is not the file that was written for this catalogue");
  }
  if (header_.file_size != mapping_.bytes().size()) {
    corrupt(fmt::format("it has {} bytes and should have {}", mapping_.bytes().size(),
                        header_.file_size));
  }
  if (header_.format_version != kPartFormatVersion || header_.header_size != sizeof header_ ||
      header_.reserved != 0 || header_.rows == 0 || header_.tables_offset > header_.file_size ||
      header_.tables_offset < sizeof header_) {
    corrupt("impossible values in the header");
  }
}

// Nothing in the tables is used before their checksum and every bound have been tested.
void PartFile::read_tables() {
  std::span<const std::byte> tables = mapping_.bytes().subspan(header_.tables_offset);
  if (xxh3_64(tables) != header_.tables_checksum) corrupt("the tables' checksum is wrong");
  const std::uint64_t fixed = header_.segments * std::uint64_t{sizeof(CoveredSegment)} +
                              header_.sections * std::uint64_t{sizeof(PartSection)};
  if (fixed > tables.size()) corrupt("its tables do not fit");
  segments_ = take<CoveredSegment>(tables, header_.segments);
  sections_ = take<PartSection>(tables, header_.sections);
  std::uint64_t end = align_up(sizeof header_), blocks = 0;
  for (const PartSection& section : sections_) {
    first_blocks_.push_back(blocks);
    if (section.offset != end || section.bytes > header_.tables_offset - end ||
        section.blocks != blocks_of(section.bytes)) {
      corrupt("its sections do not fit");
    }
    end = align_up(end + section.bytes);
    blocks += section.blocks;
    if (end > header_.tables_offset) corrupt("its sections do not fit");
  }
  if (end != header_.tables_offset || tables.size() != blocks * sizeof(std::uint64_t)) {
    corrupt("its tables do not fit");
  }
  checksums_ = take<std::uint64_t>(tables, blocks);
  is_tested_ = std::vector<std::atomic<bool>>(blocks);
}

const PartSection* PartFile::find(std::uint32_t kind) const {
  const auto found = std::ranges::find(sections_, kind, &PartSection::kind);
  return found == sections_.end() ? nullptr : &*found;
}

std::span<const std::byte> PartFile::bytes_of(const PartSection& section) const {
  return mapping_.bytes().subspan(section.offset, section.bytes);
}

std::size_t PartFile::first_block(const PartSection& section) const {
  return first_blocks_[static_cast<std::size_t>(&section - sections_.data())];
}

bool PartFile::is_block_sound(const PartSection& section, std::size_t first,
                              std::size_t block) const {
  const std::size_t offset = block * kPartBlock;
  const auto bytes =
      bytes_of(section).subspan(offset, std::min<std::size_t>(kPartBlock, section.bytes - offset));
  return xxh3_64(bytes) == checksums_[first + block];
}

bool PartFile::is_sound(const PartSection& section, std::size_t offset, std::size_t size) const {
  if (size == 0) return true;
  const std::size_t first = first_block(section);
  const std::size_t last = (offset + size - 1) / kPartBlock;
  for (std::size_t block = offset / kPartBlock; block <= last; ++block) {
    // Two threads may test the same block; both find the same.
    if (is_tested_[first + block].load(std::memory_order_relaxed)) continue;
    if (!is_block_sound(section, first, block)) return false;
    is_tested_[first + block].store(true, std::memory_order_relaxed);
  }
  return true;
}

std::string PartFile::check() const {
  for (const PartSection& section : sections_) {
    const std::size_t first = first_block(section);
    for (std::size_t block = 0; block < section.blocks; ++block) {
      if (is_block_sound(section, first, block)) continue;
      return fmt::format("{} is damaged: the checksum of bytes {} to {} is wrong", file_.native(),
                         section.offset + block * kPartBlock,
                         section.offset + std::min((block + 1) * kPartBlock, section.bytes) - 1);
    }
  }
  return {};
}

}  // namespace pressmark::store
