// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "engine/inputs/manifest_formats.hpp"

namespace pressmark::inputs {
namespace {

namespace fs = std::filesystem;

// Millions of rows are far below this; a file above it is something else.
constexpr std::uintmax_t kMaxTableBytes = std::uintmax_t{1} << 30;

// True if the file can be opened and is small enough; otherwise it has been rejected.
bool is_readable(const fs::path& file, RowSink& rows) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) {
    rows.reject_file("no such file", ErrorCode::kNotFound);
    return false;
  }
  if (status.type() == fs::file_type::none) {
    rows.reject_file(fmt::format("cannot be read: {}", error.message()), ErrorCode::kIo);
    return false;
  }
  if (status.type() != fs::file_type::regular) {
    rows.reject_file("not a regular file");
    return false;
  }
  const std::uintmax_t bytes = fs::file_size(file, error);
  if (error) {
    rows.reject_file(fmt::format("cannot be read: {}", error.message()), ErrorCode::kIo);
    return false;
  }
  if (bytes > kMaxTableBytes) {
    rows.reject_file("larger than 1 GiB; split it", ErrorCode::kUnsupported);
    return false;
  }
  return true;
}

}  // namespace

void read_file_rows(const fs::path& file, RowSink& rows, void (*reader)(LineReader&, RowSink&)) {
  if (!is_readable(file, rows)) return;
  errno = 0;
  LineReader lines(file);
  if (!lines.failed() && lines.is_utf16()) {
    rows.reject_file("UTF-16; save it as UTF-8", ErrorCode::kUnsupported);
  } else if (!lines.failed()) {
    reader(lines, rows);
  }
  if (lines.failed()) {
    const std::error_code error(errno == 0 ? EIO : errno, std::generic_category());
    rows.reject_file(fmt::format("cannot be read: {}", error.message()), ErrorCode::kIo);
  }
}

}  // namespace pressmark::inputs
