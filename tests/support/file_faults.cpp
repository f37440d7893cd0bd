// SPDX-License-Identifier: Apache-2.0
//
// A line of the trace: the operation (create, truncate, write, sync, rename, remove, mkdir, rmdir),
// its path, then the second path of a rename, or a number (the offset of a write, the size after a
// truncation), then the bytes of a write in hexadecimal; separated by tabs. Bytes of paths that are
// not plain are %xx. It is written once the operation has succeeded: a killed process leaves
// exactly what was done, in the order of the disk.
#include "file_faults.hpp"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace pressmark::test::faults {
namespace {

struct State {
  std::mutex mutex;
  Plan plan;
  bool armed = false;
  std::int64_t count = 0;
  int trace = -1;
};

// Never destroyed: files are still closed and removed while the program ends.
State& state() {
  static State* const instance = new State;
  return *instance;
}

int error_number(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, int>, 5> kErrors = {
      {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EROFS", EROFS}, {"EACCES", EACCES}, {"EDQUOT", EDQUOT}}};
  for (const auto& [known, number] : kErrors) {
    if (known == name) return number;
  }
  std::fprintf(stderr, "PRESSMARK_FAULTS_ACTION is not known\n");
  ::_exit(2);
}

void set_action(Plan& plan, std::string_view name) {
  if (name == "kill") {
    plan.action = Action::kKill;
  } else if (name == "tear") {
    plan.action = Action::kTear;
  } else if (name == "short") {
    plan.action = Action::kShort;
  } else {
    plan.action = Action::kFail;
    plan.error = error_number(name);
  }
}

[[gnu::constructor]] void arm_by_environment() {
  const char* below = std::getenv("PRESSMARK_FAULTS_BELOW");
  if (below == nullptr) return;
  Plan plan;
  plan.below = below;
  if (const char* at = std::getenv("PRESSMARK_FAULTS_AT")) plan.at = std::atoll(at);
  if (const char* action = std::getenv("PRESSMARK_FAULTS_ACTION")) set_action(plan, action);
  const char* onwards = std::getenv("PRESSMARK_FAULTS_ONWARDS");
  plan.onwards = onwards != nullptr && std::string_view(onwards) == "1";
  if (const char* trace = std::getenv("PRESSMARK_FAULTS_TRACE")) {
    state().trace = static_cast<int>(
        ::syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  }
  arm(plan);
}

// Absolute and without links save the last name, which need not exist.
std::string full_path(int directory, const char* path) {
  std::string folder(path);
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  const std::size_t slash = folder.rfind('/');
  const std::string name = slash == std::string::npos ? folder : folder.substr(slash + 1);
  folder.resize(slash == std::string::npos ? 0 : std::max<std::size_t>(slash, 1));
  if (folder.empty() || folder[0] != '/') {
    const std::string base =
        directory == AT_FDCWD ? "." : "/proc/self/fd/" + std::to_string(directory);
    folder = base + "/" + folder;
  }
  char resolved[PATH_MAX];
  if (::realpath(folder.c_str(), resolved) == nullptr) return path;
  return std::string(resolved) + "/" + name;
}

std::string path_of(int fd) {
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), path, sizeof path);
  return length < 0 ? std::string() : std::string(path, static_cast<std::size_t>(length));
}

void append_hex(std::string& text, unsigned char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  text += kDigits[byte >> 4];
  text += kDigits[byte & 15];
}

void append_path(std::string& text, const std::string& path) {
  for (const char c : path) {
    if (c > ' ' && c < 127 && c != '%') {
      text += c;
    } else {
      text += '%';
      append_hex(text, static_cast<unsigned char>(c));
    }
  }
}

// What an operation needs: a full disk refuses what takes space, and lets the rest pass.
enum class Needs { kSpace, kNothing };

// One operation. Made: counted, and decided what becomes of it. The lock is held until it is gone,
// so that operations, count and trace have one order.
class Operation {
 public:
  Operation(const char* name, Needs needs, std::string path, std::string target = {})
      : name_(name), path_(std::move(path)), target_(std::move(target)) {
    State& all = state();
    if (!is_counted(path_) && !is_counted(target_)) return;
    lock_ = std::unique_lock(all.mutex);
    counted_ = true;
    ++all.count;
    const bool here = all.count == all.plan.at;
    const bool later = all.plan.onwards && all.plan.at > 0 && all.count > all.plan.at;
    if (!here && !later) return;
    action_ = all.plan.action;
    const bool no_space = all.plan.error == ENOSPC || all.plan.error == EDQUOT;
    if (action_ == Action::kFail && no_space && needs == Needs::kNothing) action_ = Action::kNone;
    const bool writes = name_ == "write";
    if (action_ == Action::kTear && !writes) action_ = Action::kKill;
    if (action_ == Action::kShort && !writes) action_ = Action::kNone;
    if (action_ == Action::kKill) end_process();
  }

  bool is_counted() const { return counted_; }

  bool fails() const {
    if (action_ != Action::kFail) return false;
    errno = state().plan.error;
    return true;
  }

  // How many of so many bytes shall be written.
  std::size_t bytes(std::size_t size) const {
    const bool half = action_ == Action::kTear || (action_ == Action::kShort && size > 1);
    return half ? size / 2 : size;
  }

  void done(bool succeeded, std::int64_t number = 0, const void* data = nullptr,
            std::size_t size = 0) {
    const int error = errno;
    if (counted_ && succeeded && state().trace >= 0) trace(number, data, size);
    if (action_ == Action::kTear) end_process();
    errno = error;
  }

 private:
  static bool is_counted(const std::string& path) {
    const State& all = state();
    if (!all.armed || !path.starts_with(all.plan.below)) return false;
    const std::size_t length = all.plan.below.size();
    return path.size() == length || path[length] == '/';
  }

  [[noreturn]] static void end_process() {
    ::kill(::getpid(), SIGKILL);
    while (true) ::pause();
  }

  void trace(std::int64_t number, const void* data, std::size_t size) const {
    std::string line(name_);
    line += '\t';
    append_path(line, path_);
    line += '\t';
    if (target_.empty()) {
      line += std::to_string(number);
    } else {
      append_path(line, target_);
    }
    line += '\t';
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i) append_hex(line, bytes[i]);
    line += '\n';
    for (std::size_t at = 0; at < line.size();) {
      const long written = ::syscall(SYS_write, state().trace, line.data() + at, line.size() - at);
      if (written <= 0) ::_exit(2);
      at += static_cast<std::size_t>(written);
    }
  }

  std::string_view name_;
  std::string path_, target_;
  std::unique_lock<std::mutex> lock_;
  bool counted_ = false;
  Action action_ = Action::kNone;
};

int open_file(int directory, const char* path, int flags, mode_t mode) {
  const auto open_it = [&] {
    return static_cast<int>(::syscall(SYS_openat, directory, path, flags, mode));
  };
  if ((flags & (O_CREAT | O_TRUNC)) == 0) return open_it();
  struct stat status {};
  const bool exists = ::fstatat(directory, path, &status, 0) == 0;
  const bool makes = (flags & O_CREAT) != 0 && !exists;
  const bool empties = (flags & O_TRUNC) != 0 && exists && status.st_size > 0;
  if (!makes && !empties) return open_it();
  Operation operation(makes ? "create" : "truncate", makes ? Needs::kSpace : Needs::kNothing,
                      full_path(directory, path));
  if (operation.fails()) return -1;
  const int fd = open_it();
  operation.done(fd >= 0);
  return fd;
}

ssize_t write_at(int fd, const void* data, std::size_t size, off_t offset) {
  Operation operation("write", Needs::kSpace, path_of(fd));
  if (operation.fails()) return -1;
  const long written = ::syscall(SYS_pwrite64, fd, data, operation.bytes(size), offset);
  operation.done(written >= 0, offset, data, written < 0 ? 0 : static_cast<std::size_t>(written));
  return written;
}

// At the file's own position. Pipes and terminals, which have none, pass.
ssize_t write_on(int fd, const void* data, std::size_t size) {
  const off_t here = ::lseek(fd, 0, SEEK_CUR);
  if (here < 0) {
    errno = 0;
    return ::syscall(SYS_write, fd, data, size);
  }
  struct stat status {};
  const bool appends = (::fcntl(fd, F_GETFL) & O_APPEND) != 0 && ::fstat(fd, &status) == 0;
  Operation operation("write", Needs::kSpace, path_of(fd));
  if (operation.fails()) return -1;
  const long written = ::syscall(SYS_write, fd, data, operation.bytes(size));
  operation.done(written >= 0, appends ? status.st_size : here, data,
                 written < 0 ? 0 : static_cast<std::size_t>(written));
  return written;
}

int truncate_file(int fd, off_t size) {
  struct stat status {};
  const bool grows = ::fstat(fd, &status) == 0 && status.st_size < size;
  Operation operation("truncate", grows ? Needs::kSpace : Needs::kNothing, path_of(fd));
  if (operation.fails()) return -1;
  const long result = ::syscall(SYS_ftruncate, fd, size);
  operation.done(result == 0, size);
  return static_cast<int>(result);
}

// What counts is not synced: tests end processes, not machines, and know from the trace what a disk
// would hold.
int sync_file(int fd, long number) {
  Operation operation("sync", Needs::kNothing, path_of(fd));
  if (operation.fails()) return -1;
  const long result = operation.is_counted() ? 0 : ::syscall(number, fd);
  operation.done(result == 0);
  return static_cast<int>(result);
}

int remove_name(int directory, const char* path, int flags) {
  Operation operation(flags == 0 ? "remove" : "rmdir", Needs::kNothing, full_path(directory, path));
  if (operation.fails()) return -1;
  const long result = ::syscall(SYS_unlinkat, directory, path, flags);
  operation.done(result == 0);
  return static_cast<int>(result);
}

int make_directory(int directory, const char* path, mode_t mode) {
  Operation operation("mkdir", Needs::kSpace, full_path(directory, path));
  if (operation.fails()) return -1;
  const long result = ::syscall(SYS_mkdirat, directory, path, mode);
  operation.done(result == 0);
  return static_cast<int>(result);
}

int rename_to(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) {
  Operation operation("rename", Needs::kNothing, full_path(from_directory, from),
                      full_path(to_directory, to));
  if (operation.fails()) return -1;
  const long result = ::syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
  operation.done(result == 0);
  return static_cast<int>(result);
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) == 0 ? 0 : va_arg(arguments, mode_t);
}

}  // namespace

void arm(const Plan& plan) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  all.plan = plan;
  char resolved[PATH_MAX];
  if (::realpath(plan.below.c_str(), resolved) != nullptr) all.plan.below = resolved;
  all.count = 0;
  all.armed = true;
}

std::int64_t disarm() {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  all.armed = false;
  return all.count;
}

}  // namespace pressmark::test::faults

// The C library's functions, as its headers declare them.
namespace faults = pressmark::test::faults;

#pragma GCC visibility push(default)
extern "C" {

#define PRESSMARK_OPEN(function)                           \
  int function(const char* path, int flags, ...) {         \
    va_list arguments;                                     \
    va_start(arguments, flags);                            \
    const mode_t mode = faults::mode_of(flags, arguments); \
    va_end(arguments);                                     \
    return faults::open_file(AT_FDCWD, path, flags, mode); \
  }
#define PRESSMARK_OPENAT(function)                                \
  int function(int directory, const char* path, int flags, ...) { \
    va_list arguments;                                            \
    va_start(arguments, flags);                                   \
    const mode_t mode = faults::mode_of(flags, arguments);        \
    va_end(arguments);                                            \
    return faults::open_file(directory, path, flags, mode);       \
  }
PRESSMARK_OPEN(open)
PRESSMARK_OPEN(open64)
PRESSMARK_OPENAT(openat)
PRESSMARK_OPENAT(openat64)

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return faults::write_at(fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return faults::write_at(fd, data, size, offset);
}
ssize_t write(int fd, const void* data, size_t size) {
  return faults::write_on(fd, data, size);
}
ssize_t writev(int fd, const iovec* pieces, int count) {
  std::vector<char> all;
  for (int i = 0; i < count; ++i) {
    const char* first = static_cast<const char*>(pieces[i].iov_base);
    all.insert(all.end(), first, first + pieces[i].iov_len);
  }
  return faults::write_on(fd, all.data(), all.size());
}
ssize_t sendfile(int to, int from, off_t* offset, size_t size) noexcept {
  std::vector<char> block(std::min<size_t>(size, 1 << 16));
  const ssize_t count = offset == nullptr ? ::read(from, block.data(), block.size())
                                          : ::pread(from, block.data(), block.size(), *offset);
  if (count <= 0) return count;
  const ssize_t written = faults::write_on(to, block.data(), static_cast<size_t>(count));
  const off_t moved = written < 0 ? 0 : written;
  if (offset != nullptr) {
    *offset += moved;
  } else if (moved < count) {
    ::lseek(from, moved - count, SEEK_CUR);
  }
  return written;
}
int ftruncate(int fd, off_t size) noexcept {
  return faults::truncate_file(fd, size);
}
int ftruncate64(int fd, off64_t size) noexcept {
  return faults::truncate_file(fd, size);
}
int fsync(int fd) {
  return faults::sync_file(fd, SYS_fsync);
}
int syncfs(int fd) noexcept {
  return faults::sync_file(fd, SYS_syncfs);
}
int fdatasync(int fd) {
  return faults::sync_file(fd, SYS_fdatasync);
}
int unlink(const char* path) noexcept {
  return faults::remove_name(AT_FDCWD, path, 0);
}
int unlinkat(int directory, const char* path, int flags) noexcept {
  return faults::remove_name(directory, path, flags);
}
int rmdir(const char* path) noexcept {
  return faults::remove_name(AT_FDCWD, path, AT_REMOVEDIR);
}
int remove(const char* path) noexcept {
  struct stat status {};
  const bool folder = ::lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
  return faults::remove_name(AT_FDCWD, path, folder ? AT_REMOVEDIR : 0);
}
int mkdir(const char* path, mode_t mode) noexcept {
  return faults::make_directory(AT_FDCWD, path, mode);
}
int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  return faults::make_directory(directory, path, mode);
}
int rename(const char* from, const char* to) noexcept {
  return faults::rename_to(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  return faults::rename_to(from_directory, from, to_directory, to, 0);
}
int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  return faults::rename_to(from_directory, from, to_directory, to, flags);
}

}  // extern "C"
#pragma GCC visibility pop
