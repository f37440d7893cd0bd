// SPDX-License-Identifier: Apache-2.0
//
// Which index files count: index/parts, replaced as a whole (docs/format.md). Files that it does
// not name are leavings. All of index/ is derived; where the list cannot be read there is no index.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/store/part_file.hpp"

namespace pressmark::store {

inline constexpr const char* kIndexName = "index";
inline constexpr const char* kPartListName = "parts";

struct PartEntry {
  std::uint64_t number = 0, header_checksum = 0;
  bool operator==(const PartEntry&) const = default;
};

struct PartList {
  std::uint64_t next_number = 1;  // of the next file; none is used twice
  std::vector<PartEntry> parts;
  std::string problem;  // why there is nothing although there should be; one line
};

// index: the directory. Nothing, and no problem, where it was never written. Throws Error(kIo)
// where it is there but cannot be opened.
PartList read_part_list(const std::filesystem::path& index, const PartOwner& owner);

// Writes, syncs and renames the list; creates the directory.
void write_part_list(const std::filesystem::path& index, const PartList& list,
                     const PartOwner& owner);

// Removes files in the directory that the list does not name; for the writer. Those that cannot be
// removed do no harm.
void remove_unnamed_parts(const std::filesystem::path& index, const PartList& list);

// The highest number of a file in the directory, 0 where there is none.
std::uint64_t highest_part_number(const std::filesystem::path& index);

}  // namespace pressmark::store
