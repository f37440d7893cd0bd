// SPDX-License-Identifier: Apache-2.0
#include "engine/store/writer_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

// "process 4711", or less where the owner has not written its id yet.
std::string owner_of(const FileDescriptor& file) {
  char text[16];
  const ssize_t count = ::pread(file.get(), text, sizeof text, 0);
  std::string digits;
  for (ssize_t i = 0; i < count && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "another process" : "process " + digits;
}

}  // namespace

WriterLock::WriterLock(const std::filesystem::path& file)
    : file_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (file_.get() < 0) throw_io("open", file, errno);
  while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) throw_io("lock", file, errno);
    throw Error(ErrorCode::kBusy, fmt::format("{} is being written by {}",
                                              file.parent_path().native(), owner_of(file_)));
  }
  // Nothing depends on the id: with a full disk the lock still holds.
  const std::string id = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file_.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(file_.get(), id.data(), id.size(), 0);
  }
}

bool WriterLock::is_taken(const std::filesystem::path& file) {
  const FileDescriptor handle(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  // Let go of at once, when the descriptor is closed.
  return handle.get() >= 0 && ::flock(handle.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

WriterLock::~WriterLock() {
  // Emptied while it is still held, so that a later owner's id is never wiped out.
  if (file_.get() >= 0) [[maybe_unused]]
    const int result = ::ftruncate(file_.get(), 0);
}

}  // namespace pressmark::store
