// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <cstring>

#include <fmt/format.h>

#include "engine/store/part_file.hpp"
#include "engine/store/segment.hpp"

namespace pressmark::store {
namespace {

constexpr std::byte kZeros[kPartAlignment] = {};

}  // namespace

std::string part_file_name(std::uint64_t number) {
  return fmt::format("{:08}{}", number, kPartSuffix);
}

PartWriter::PartWriter(const std::filesystem::path& file, std::uint64_t number,
                       const PartOwner& owner)
    : file_(file),
      temporary_(file.native() + kTemporarySuffix),
      descriptor_(create_file(temporary_)),
      guard_(temporary_) {
  std::memcpy(header_.magic, kPartMagic, sizeof kPartMagic);
  header_.format_version = kPartFormatVersion;
  header_.header_size = sizeof header_;
  header_.number = number;
  std::memcpy(header_.model_id, owner.model_id.data(),
              std::min(owner.model_id.size(), sizeof header_.model_id));
  std::ranges::copy(owner.catalogue_id, header_.catalogue_id);
  written_ = align_up(sizeof header_);
  block_.reserve(kPartBlock);
}

void PartWriter::begin_section(std::uint32_t kind) {
  end_section();
  assert(std::ranges::none_of(sections_, [&](const PartSection& s) { return s.kind == kind; }));
  PartSection section;
  section.kind = kind;
  section.offset = written_;
  sections_.push_back(section);
}

void PartWriter::append(std::span<const std::byte> bytes) {
  assert(!sections_.empty());
  sections_.back().bytes += bytes.size();
  while (!bytes.empty()) {
    const std::size_t taken = std::min(bytes.size(), kPartBlock - block_.size());
    block_.insert(block_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    if (block_.size() == kPartBlock) flush();
  }
}

// The section's last block may be short.
void PartWriter::flush() {
  if (block_.empty()) return;
  write_at(descriptor_, block_, written_, temporary_);
  checksums_.push_back(xxh3_64(block_));
  ++sections_.back().blocks;
  written_ += block_.size();
  block_.clear();
}

void PartWriter::end_section() {
  flush();
  const std::uint64_t aligned = align_up(written_);
  if (aligned > written_) {
    write_at(descriptor_, std::span(kZeros).first(aligned - written_), written_, temporary_);
  }
  written_ = aligned;
}

std::uint64_t PartWriter::finish(std::uint32_t rows, std::span<const CoveredSegment> segments) {
  end_section();
  std::vector<std::byte> tables;
  const auto add = [&](std::span<const std::byte> bytes) {
    tables.insert(tables.end(), bytes.begin(), bytes.end());
  };
  add(std::as_bytes(segments));
  add(std::as_bytes(std::span(sections_)));
  add(std::as_bytes(std::span(checksums_)));
  write_at(descriptor_, tables, written_, temporary_);
  header_.rows = rows;
  header_.segments = static_cast<std::uint32_t>(segments.size());
  header_.sections = static_cast<std::uint32_t>(sections_.size());
  header_.tables_offset = written_;
  header_.file_size = written_ + tables.size();
  header_.tables_checksum = xxh3_64(tables);
  const auto header = std::as_bytes(std::span(&header_, 1));
  header_.header_checksum = xxh3_64(header.first(offsetof(PartHeader, header_checksum)));
  write_at(descriptor_, header, 0, temporary_);
  sync_file(descriptor_, temporary_);
  rename_file(temporary_, file_);
  guard_.keep();
  sync_directory(file_.parent_path());
  return header_.header_checksum;
}

}  // namespace pressmark::store
