// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "engine/report/output_file.hpp"
#include "pressmark/types.hpp"

namespace pressmark::seizure {

// A whole small file, complete or not there at all. Throws Error(kIo).
void write_file(const std::filesystem::path& file, std::string_view bytes,
                report::Durability durability = report::Durability::kAtOnce);

// Waits until what was written to the directory's file system is on the disk: one wait for
// thousands of files. Throws Error(kIo).
void sync_file_system(const std::filesystem::path& directory);

// Waits until names that were given or removed in the directory are on the disk. Throws Error(kIo).
void sync_directory(const std::filesystem::path& directory);

// Throws Error: kNotFound, kIo.
std::string read_file(const std::filesystem::path& file);

// Calls on_chunk for the bytes of a file of any size, piece by piece. Throws as read_file.
void for_chunks(const std::filesystem::path& file,
                const std::function<void(std::string_view)>& on_chunk);

// Of a file of any size, without holding it in memory. Throws Error(kIo).
Sha256 hash_file(const std::filesystem::path& file);

// Throws Error(kIo).
void make_directories(const std::filesystem::path& directory);

// One directory below one that exists, unless it is there: a run that was moved or removed
// meanwhile is not begun again at its old place. Throws Error(kIo).
void make_directory(const std::filesystem::path& directory);

// The absolute, normal form without a final slash.
std::filesystem::path absolute_path(const std::filesystem::path& path);

}  // namespace pressmark::seizure
