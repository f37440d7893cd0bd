// SPDX-License-Identifier: Apache-2.0
#include "engine/store/staging.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "pressmark/error.hpp"

namespace pressmark::store {

namespace fs = std::filesystem;

DirectoryLock::DirectoryLock(const fs::path& directory)
    : directory_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  is_held_ = directory_.get() >= 0 && ::flock(directory_.get(), LOCK_EX | LOCK_NB) == 0;
}

std::vector<fs::path> entries_with_prefix(const fs::path& directory, const std::string& prefix) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().native().starts_with(prefix)) found.push_back(entry->path());
  }
  return found;
}

StagingDirectory::StagingDirectory(const fs::path& prefix, std::string_view mark) {
  const std::string start = prefix.native() + std::string(mark);
  for (const fs::path& left :
       entries_with_prefix(prefix.parent_path(), fs::path(start).filename().native())) {
    std::error_code ignored;
    if (DirectoryLock(left).is_held()) fs::remove_all(left, ignored);
  }
  for (int attempt = 0;; ++attempt) {
    path_ = fmt::format("{}{}-{}", start, ::getpid(), attempt);
    std::error_code error;
    if (fs::exists(fs::symlink_status(path_, error))) continue;  // another process's
    make_directory(path_);
    lock_.emplace(path_);
    return;
  }
}

StagingDirectory::~StagingDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

fs::path target_of(const fs::path& directory) {
  std::error_code error;
  const fs::path target = fs::absolute(directory, error).lexically_normal();
  if (error || directory.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}' cannot be a catalogue's directory", directory.native()));
  }
  return target.has_filename() ? target : target.parent_path();  // "name/"
}

void throw_not_empty(const fs::path& target) {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{} exists and is not an empty directory", target.native()));
}

void rename_to_target(const fs::path& staging, const fs::path& target) {
  if (::rename(staging.c_str(), target.c_str()) == 0) return;
  if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) throw_not_empty(target);
  throw_io("create", target, errno);
}

}  // namespace pressmark::store
