// SPDX-License-Identifier: Apache-2.0
#include "engine/store/part_list.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "engine/store/segment.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

constexpr char kListMagic[8] = {'P', 'M', 'P', 'A', 'R', 'T', 'S', '\x1a'};

struct ListHeader {
  char magic[8];
  std::uint32_t format_version;
  std::uint32_t parts;
  std::uint64_t next_number;
  char model_id[32];
  std::uint8_t catalogue_id[16];
};
static_assert(sizeof(ListHeader) == 72 && sizeof(PartEntry) == 16);

ListHeader make_header(const PartOwner& owner) {
  ListHeader header{};
  std::memcpy(header.magic, kListMagic, sizeof kListMagic);
  header.format_version = kPartFormatVersion;
  std::memcpy(header.model_id, owner.model_id.data(),
              std::min(owner.model_id.size(), sizeof header.model_id));
  std::ranges::copy(owner.catalogue_id, header.catalogue_id);
  return header;
}

std::uint64_t number_of(const std::string& name) {
  std::uint64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

}  // namespace

PartList read_part_list(const fs::path& index, const PartOwner& owner) {
  PartList list;
  const fs::path file = index / kPartListName;
  std::error_code error;
  if (!fs::exists(file, error) && !error) return list;
  const auto refuse = [&](std::string_view what) {
    list = {};
    list.problem = fmt::format("{} {}", file.native(), what);
    return list;
  };
  std::vector<std::byte> bytes;
  try {
    const Mapping mapping(file);
    bytes.assign(mapping.bytes().begin(), mapping.bytes().end());
  } catch (const Error& failure) {
    if (failure.code() != ErrorCode::kCorruptData) throw;
    list.problem = failure.what();
    return list;
  }
  ListHeader header{};
  std::uint64_t checksum = 0;
  if (bytes.size() < sizeof header + sizeof checksum) return refuse("is damaged: it is too short");
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto covered = std::span(bytes).first(bytes.size() - sizeof checksum);
  std::memcpy(&checksum, bytes.data() + covered.size(), sizeof checksum);
  if (std::memcmp(header.magic, kListMagic, sizeof kListMagic) != 0) {
    return refuse("is damaged: it does not start like a list of index files");
  }
  if (header.format_version != kPartFormatVersion) {
    return refuse(fmt::format("is of index format {}, this build reads {}", header.format_version,
                              kPartFormatVersion));
  }
  if (xxh3_64(covered) != checksum ||
      covered.size() != sizeof header + header.parts * sizeof(PartEntry)) {
    return refuse("is damaged: its checksum is wrong");
  }
  const ListHeader expected = make_header(owner);
  if (std::memcmp(header.model_id, expected.model_id, sizeof header.model_id) != 0 ||
      std::memcmp(header.catalogue_id, expected.catalogue_id, sizeof header.catalogue_id) != 0) {
    return refuse("belongs to another catalogue");
  }
  list.next_number = header.next_number;
  list.parts.resize(header.parts);
  if (header.parts > 0) {
    std::memcpy(list.parts.data(), bytes.data() + sizeof header,
                list.parts.size() * sizeof(PartEntry));
  }
  return list;
}

void write_part_list(const fs::path& index, const PartList& list, const PartOwner& owner) {
  std::error_code error;
  if (!fs::is_directory(index, error)) {
    make_directory(index);
    sync_directory(index.parent_path());
  }
  ListHeader header = make_header(owner);
  header.parts = static_cast<std::uint32_t>(list.parts.size());
  header.next_number = list.next_number;
  std::vector<std::byte> bytes;
  const auto add = [&](std::span<const std::byte> more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  add(std::as_bytes(std::span(&header, 1)));
  add(std::as_bytes(std::span(list.parts)));
  const std::uint64_t checksum = xxh3_64(bytes);
  add(std::as_bytes(std::span(&checksum, 1)));

  const fs::path temporary = index / (std::string(kPartListName) + kTemporarySuffix);
  const FileDescriptor descriptor = create_file(temporary);
  RemovedOnFailure guard(temporary);
  write_at(descriptor, bytes, 0, temporary);
  sync_file(descriptor, temporary);
  rename_file(temporary, index / kPartListName);
  guard.keep();
  sync_directory(index);
}

void remove_unnamed_parts(const fs::path& index, const PartList& list) {
  std::set<std::string, std::less<>> named;
  for (const PartEntry& part : list.parts) named.insert(part_file_name(part.number));
  std::error_code error;
  for (fs::directory_iterator entry(index, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().native();
    const bool is_ours = name.ends_with(kPartSuffix) || name.ends_with(kTemporarySuffix);
    std::error_code ignored;
    if (is_ours && !named.contains(name)) fs::remove(entry->path(), ignored);
  }
}

std::uint64_t highest_part_number(const fs::path& index) {
  std::uint64_t highest = 0;
  std::error_code error;
  for (fs::directory_iterator entry(index, error), end; !error && entry != end;
       entry.increment(error)) {
    highest = std::max(highest, number_of(entry->path().filename().native()));
  }
  return highest;
}

}  // namespace pressmark::store
