// SPDX-License-Identifier: Apache-2.0
//
// Directories that appear under their name only when they are complete: built under another name
// beside the target and renamed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/store/file_io.hpp"

namespace pressmark::store {

// An exclusive lock on a directory, which ends with its owner: it tells what is under way from what
// a crash left.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::filesystem::path& directory);
  bool is_held() const { return is_held_; }

 private:
  FileDescriptor directory_;
  bool is_held_ = false;
};

// Entries of `directory` whose names start so; none where it cannot be read.
std::vector<std::filesystem::path> entries_with_prefix(const std::filesystem::path& directory,
                                                       const std::string& prefix);

// A new directory, locked, and removed with all that is in it unless it was renamed. Its name is
// the prefix, the mark and a number of this process; what crashes left under the same prefix and
// mark goes first.
class StagingDirectory {
 public:
  StagingDirectory(const std::filesystem::path& prefix, std::string_view mark);
  ~StagingDirectory();
  StagingDirectory(const StagingDirectory&) = delete;
  StagingDirectory& operator=(const StagingDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }
  void release() { path_.clear(); }

 private:
  std::filesystem::path path_;
  std::optional<DirectoryLock> lock_;
};

// Where a catalogue of this name is made: absolute, without a slash at the end. Throws
// Error(kInvalidArgument).
std::filesystem::path target_of(const std::filesystem::path& directory);

// Throws Error(kInvalidArgument).
[[noreturn]] void throw_not_empty(const std::filesystem::path& target);

// Throws Error: kInvalidArgument where somebody else was quicker, kIo.
void rename_to_target(const std::filesystem::path& staging, const std::filesystem::path& target);

}  // namespace pressmark::store
