// SPDX-License-Identifier: Apache-2.0
#include "engine/store/mapping.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "engine/store/file_io.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {

Mapping::Mapping(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      throw Error(ErrorCode::kCorruptData, fmt::format("{} is missing", path.native()));
    }
    throw_io("open", path, errno);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_io("read", path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::kCorruptData, fmt::format("{} is not a file", path.native()));
  }
  if (status.st_size == 0) {
    throw Error(ErrorCode::kCorruptData, fmt::format("{} is empty", path.native()));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (data == MAP_FAILED) throw_io("map", path, errno);
  data_ = static_cast<const std::byte*>(data);
  size_ = size;
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace pressmark::store
