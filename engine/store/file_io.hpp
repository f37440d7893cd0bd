// SPDX-License-Identifier: Apache-2.0
//
// The few calls with which files of the catalogue are written durably. Every failure is an
// Error(kIo) that names the file and the system's reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace pressmark::store {

// Owns a file descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Removes a file at the end of the scope unless told to keep it.
class RemovedOnFailure {
 public:
  explicit RemovedOnFailure(std::filesystem::path file);
  ~RemovedOnFailure();
  RemovedOnFailure(const RemovedOnFailure&) = delete;
  RemovedOnFailure& operator=(const RemovedOnFailure&) = delete;
  void keep() { file_.clear(); }

 private:
  std::filesystem::path file_;
};

// Throws Error(kIo): "cannot <action> <path>: <reason>".
[[noreturn]] void throw_io(std::string_view action, const std::filesystem::path& path,
                           int error_number);

// Creates or empties `path` for writing.
FileDescriptor create_file(const std::filesystem::path& path);

// Writes all bytes at `offset`; a gap before it reads as zeros.
void write_at(const FileDescriptor& file, std::span<const std::byte> bytes, std::uint64_t offset,
              const std::filesystem::path& path);

void sync_file(const FileDescriptor& file, const std::filesystem::path& path);

// Makes names that were created, renamed or removed in `directory` durable.
void sync_directory(const std::filesystem::path& directory);

// Replaces `to`, within one file system.
void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);

void make_directory(const std::filesystem::path& directory);

// The file's size; 0 where it cannot be told.
std::int64_t size_of_file(const std::filesystem::path& file);

// Copies contents and syncs them.
void copy_durably(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace pressmark::store
