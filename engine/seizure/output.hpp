// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "pressmark/types.hpp"

namespace pressmark::seizure {

// A whole small file, complete or not there at all. Throws Error(kIo).
void write_file(const std::filesystem::path& file, std::string_view bytes);

// Throws Error: kNotFound, kIo.
std::string read_file(const std::filesystem::path& file);

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
