// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <system_error>

#include "engine/image/formats.hpp"

namespace pressmark::image {
namespace {

class FileHandle {
 public:
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  ~FileHandle() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void throw_system_error(const std::filesystem::path& file, int code) {
  if (code == ENOENT || code == ENOTDIR) {
    struct stat link {};
    const bool broken_link = ::lstat(file.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
    throw Error(ErrorCode::kNotFound, broken_link ? "broken symbolic link" : "no such file");
  }
  if (code == ENOMEM) throw Error(ErrorCode::kOutOfMemory, "not enough memory for this file");
  throw Error(ErrorCode::kIo, "cannot be read: " + std::generic_category().message(code));
}

void require_regular(const struct stat& status) {
  if (S_ISREG(status.st_mode)) return;
  const char* kind = "a device";
  if (S_ISDIR(status.st_mode)) kind = "a directory";
  if (S_ISFIFO(status.st_mode)) kind = "a pipe";
  if (S_ISSOCK(status.st_mode)) kind = "a socket";
  throw Error(ErrorCode::kIo, fmt::format("not a regular file but {}", kind));
}

Bytes read_open_file(const std::filesystem::path& file, int descriptor, std::int64_t size) {
  // One byte more than expected, so that the end of the file is seen.
  Bytes bytes(static_cast<std::size_t>(size) + 1);
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::read(descriptor, bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error(file, errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  if (filled != static_cast<std::size_t>(size)) {
    throw Error(ErrorCode::kIo, "the file changed while it was read");
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

Bytes read_file(const std::filesystem::path& file, std::int64_t max_bytes) {
  // Looked at before it is opened, since opening a device can have effects; and again afterwards,
  // since the name may mean another file by then. O_NONBLOCK keeps a pipe from blocking that race.
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) throw_system_error(file, errno);
  require_regular(status);
  const FileHandle handle(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (handle.get() < 0) throw_system_error(file, errno);
  if (::fstat(handle.get(), &status) != 0) throw_system_error(file, errno);
  require_regular(status);

  const std::int64_t size = status.st_size;
  if (size == 0) throw_corrupt("empty file");
  if (size > max_bytes) {
    throw_unsupported(
        fmt::format("file of {} bytes is over the limit of {} bytes", size, max_bytes));
  }
  return with_memory_errors([&] { return read_open_file(file, handle.get(), size); });
}

}  // namespace pressmark::image
