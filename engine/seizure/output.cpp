// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "engine/image/image.hpp"
#include "pressmark/error.hpp"

namespace pressmark::seizure {

namespace {

void sync_opened(const std::filesystem::path& directory, int (*sync)(int descriptor)) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_synced = descriptor >= 0 && sync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (is_synced) return;
  throw Error(ErrorCode::kIo,
              fmt::format("cannot write {}: {}", directory.native(),
                          std::error_code(error, std::generic_category()).message()));
}

}  // namespace

void write_file(const std::filesystem::path& file, std::string_view bytes,
                report::Durability durability) {
  report::AtomicFile target(file);
  target.write(bytes);
  target.commit(durability);
}

void sync_file_system(const std::filesystem::path& directory) {
  sync_opened(directory, ::syncfs);
}

void sync_directory(const std::filesystem::path& directory) {
  sync_opened(directory, ::fsync);
}

void for_chunks(const std::filesystem::path& file,
                const std::function<void(std::string_view)>& on_chunk) {
  std::ifstream stream(file, std::ios::binary);
  const int error = errno;
  if (!stream) {
    throw Error(error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                fmt::format("cannot read {}: {}", file.native(),
                            std::error_code(error, std::generic_category()).message()));
  }
  std::array<char, 65536> chunk{};
  do {
    stream.read(chunk.data(), chunk.size());
    on_chunk({chunk.data(), static_cast<std::size_t>(stream.gcount())});
  } while (stream);
  if (stream.bad()) {
    throw Error(ErrorCode::kIo, fmt::format("cannot read {}", file.native()));
  }
}

std::string read_file(const std::filesystem::path& file) {
  std::string bytes;
  for_chunks(file, [&](std::string_view chunk) { bytes += chunk; });
  return bytes;
}

Sha256 hash_file(const std::filesystem::path& file) {
  const auto fail = [&](int error) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot read {}: {}", file.native(),
                            std::error_code(error, std::generic_category()).message()));
  };
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(errno);
  struct stat facts {};
  const bool is_known = ::fstat(descriptor, &facts) == 0;
  const auto size = static_cast<std::size_t>(is_known ? facts.st_size : 0);
  void* bytes = MAP_FAILED;
  if (size > 0) bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int error = errno;
  ::close(descriptor);
  if (!is_known || (size > 0 && bytes == MAP_FAILED)) fail(error);
  if (size == 0) return image::sha256({});
  const Sha256 hash = image::sha256({static_cast<const std::uint8_t*>(bytes), size});
  ::munmap(bytes, size);
  return hash;
}

namespace {

void require_created(const std::filesystem::path& directory, const std::error_code& error) {
  if (error) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot create {}: {}", directory.native(), error.message()));
  }
}

}  // namespace

void make_directories(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  require_created(directory, error);
}

void make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directory(directory, error);
  require_created(directory, error);
}

std::filesystem::path absolute_path(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::path absolute = std::filesystem::absolute(path, ignored).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  return absolute;
}

}  // namespace pressmark::seizure
