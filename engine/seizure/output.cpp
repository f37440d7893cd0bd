// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/output.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "engine/report/output_file.hpp"
#include "pressmark/error.hpp"

namespace pressmark::seizure {

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  report::AtomicFile target(file);
  target.write(bytes);
  target.commit();
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const int error = errno;
  if (!stream) {
    throw Error(error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                fmt::format("cannot read {}: {}", file.native(),
                            std::error_code(error, std::generic_category()).message()));
  }
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (stream.bad()) {
    throw Error(ErrorCode::kIo, fmt::format("cannot read {}", file.native()));
  }
  return bytes;
}

void make_directories(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot create {}: {}", directory.native(), error.message()));
  }
}

std::filesystem::path absolute_path(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::path absolute = std::filesystem::absolute(path, ignored).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  return absolute;
}

}  // namespace pressmark::seizure
