// SPDX-License-Identifier: Apache-2.0
#include "engine/store/file_io.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "pressmark/error.hpp"

namespace pressmark::store {

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

RemovedOnFailure::RemovedOnFailure(std::filesystem::path file) : file_(std::move(file)) {}

RemovedOnFailure::~RemovedOnFailure() {
  if (!file_.empty()) ::unlink(file_.c_str());
}

void throw_io(std::string_view action, const std::filesystem::path& path, int error_number) {
  throw Error(ErrorCode::kIo, fmt::format("cannot {} {}: {}", action, path.native(),
                                          std::generic_category().message(error_number)));
}

FileDescriptor create_file(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) throw_io("create", path, errno);
  return file;
}

void write_at(const FileDescriptor& file, std::span<const std::byte> bytes, std::uint64_t offset,
              const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_io("write", path, errno);
    // Zero would loop for ever; POSIX allows it only for a device that takes no more.
    if (written == 0) throw_io("write", path, ENOSPC);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void sync_file(const FileDescriptor& file, const std::filesystem::path& path) {
  if (::fsync(file.get()) != 0) throw_io("sync", path, errno);
}

void sync_directory(const std::filesystem::path& directory) {
  const FileDescriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0) throw_io("open", directory, errno);
  // Some file systems cannot sync a directory and say EINVAL; there is nothing better to do.
  if (::fsync(handle.get()) != 0 && errno != EINVAL) throw_io("sync", directory, errno);
}

void rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw_io("rename a file to", to, errno);
}

void make_directory(const std::filesystem::path& directory) {
  if (::mkdir(directory.c_str(), 0777) != 0) throw_io("create", directory, errno);
}

std::int64_t size_of_file(const std::filesystem::path& file) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(file, ignored);
  return ignored ? 0 : static_cast<std::int64_t>(size);
}

void copy_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  const FileDescriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (source.get() < 0) throw_io("read", from, errno);
  const FileDescriptor target = create_file(to);
  std::vector<std::byte> buffer(std::size_t{1} << 18);
  std::uint64_t offset = 0;
  while (true) {
    const ssize_t count = ::read(source.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_io("read", from, errno);
    if (count == 0) break;
    write_at(target, std::span(buffer).first(static_cast<std::size_t>(count)), offset, to);
    offset += static_cast<std::uint64_t>(count);
  }
  sync_file(target, to);
}

}  // namespace pressmark::store
