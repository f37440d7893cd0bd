// SPDX-License-Identifier: Apache-2.0
#include "engine/report/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <vector>

#include "engine/report/text.hpp"
#include "pressmark/error.hpp"

namespace pressmark::report {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

[[noreturn]] void fail(const char* action, const std::filesystem::path& path) {
  const int error = errno;  // before anything else can change it
  throw Error(ErrorCode::kIo,
              fmt::format("cannot {} '{}': {}", action, displayable(path.string()),
                          std::error_code(error, std::generic_category()).message()));
}

void write_or_fail(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
  if (!write_all(descriptor, bytes)) fail("write", path);
}

// Opened by hand instead of mkstemp, whose files are private whatever the umask says.
int create_beside(const std::filesystem::path& target, std::filesystem::path& temporary) {
  static std::atomic<unsigned> counter{0};
  for (int attempt = 0; attempt < 1000; ++attempt) {
    temporary = target.parent_path() / fmt::format(".pressmark-{}-{}.tmp", ::getpid(), ++counter);
    const int descriptor =
        ::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor >= 0) return descriptor;
    if (errno != EEXIST) break;
  }
  fail("create a file beside", target);
}

}  // namespace

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

SpoolFile::SpoolFile(const std::filesystem::path& target) : target_(target) {
  std::filesystem::path temporary;
  descriptor_ = create_beside(target_, temporary);
  ::unlink(temporary.c_str());
  buffer_.reserve(kBufferBytes);
}

SpoolFile::~SpoolFile() {
  ::close(descriptor_);
}

void SpoolFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() > kBufferBytes) {
    write_or_fail(descriptor_, bytes, target_);
  } else {
    buffer_ += bytes;
  }
}

void SpoolFile::flush() {
  write_or_fail(descriptor_, buffer_, target_);
  buffer_.clear();
}

AtomicFile::AtomicFile(const std::filesystem::path& target) : target_(target) {
  descriptor_ = create_beside(target_, temporary_);
  buffer_.reserve(kBufferBytes);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() > kBufferBytes) {
    write_or_fail(descriptor_, bytes, target_);
  } else {
    buffer_ += bytes;
  }
}

void AtomicFile::flush() {
  write_or_fail(descriptor_, buffer_, target_);
  buffer_.clear();
}

void AtomicFile::append(SpoolFile& spool) {
  spool.flush();
  flush();
  std::vector<char> chunk(kBufferBytes);
  for (off_t at = 0;;) {
    const ssize_t count = ::pread(spool.descriptor_, chunk.data(), chunk.size(), at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read back", target_);
    if (count == 0) return;
    write_or_fail(descriptor_, {chunk.data(), static_cast<std::size_t>(count)}, target_);
    at += count;
  }
}

void AtomicFile::commit(Durability durability) {
  flush();
  if (durability == Durability::kAtOnce && ::fsync(descriptor_) != 0) fail("write", target_);
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("write", target_);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("write", target_);
  temporary_.clear();
}

}  // namespace pressmark::report
