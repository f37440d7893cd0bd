// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "engine/inputs/line_reader.hpp"
#include "engine/inputs/manifest_formats.hpp"
#include "engine/inputs/manifest_rows.hpp"
#include "engine/inputs/text.hpp"
#include "pressmark/inputs.hpp"

namespace pressmark {
namespace {

namespace fs = std::filesystem;

// Millions of rows are far below this; a file above it is something else.
constexpr std::uintmax_t kMaxManifestBytes = std::uintmax_t{1} << 30;

// True if the file can be opened and is small enough; otherwise the issue has been added.
bool is_readable(const fs::path& manifest, inputs::ManifestRows& rows) {
  std::error_code error;
  const fs::file_status status = fs::status(manifest, error);
  if (status.type() == fs::file_type::not_found) {
    rows.reject_manifest("no such manifest", ErrorCode::kNotFound);
    return false;
  }
  if (status.type() == fs::file_type::none) {
    rows.reject_manifest(fmt::format("cannot be read: {}", error.message()), ErrorCode::kIo);
    return false;
  }
  if (status.type() != fs::file_type::regular) {
    rows.reject_manifest("a manifest must be a regular file");
    return false;
  }
  const std::uintmax_t bytes = fs::file_size(manifest, error);
  if (error) {
    rows.reject_manifest(fmt::format("cannot be read: {}", error.message()), ErrorCode::kIo);
    return false;
  }
  if (bytes > kMaxManifestBytes) {
    rows.reject_manifest("larger than 1 GiB; split it", ErrorCode::kUnsupported);
    return false;
  }
  return true;
}

}  // namespace

PhotoList read_manifest(const fs::path& manifest) {
  PhotoList list;
  inputs::ManifestRows rows(manifest, list);
  const std::string extension = inputs::ascii_lower(manifest.extension().native());
  if (extension != ".csv" && extension != ".jsonl") {
    rows.reject_manifest("a manifest's name must end in .csv or .jsonl", ErrorCode::kUnsupported);
    return list;
  }
  if (!is_readable(manifest, rows)) return list;

  errno = 0;
  inputs::LineReader lines(manifest);
  if (!lines.failed() && lines.is_utf16()) {
    rows.reject_manifest("UTF-16; save it as UTF-8", ErrorCode::kUnsupported);
  } else if (!lines.failed()) {
    (extension == ".csv" ? inputs::read_csv_rows : inputs::read_jsonl_rows)(lines, rows);
  }
  if (lines.failed()) {
    const std::error_code error(errno == 0 ? EIO : errno, std::generic_category());
    rows.reject_manifest(fmt::format("cannot be read: {}", error.message()), ErrorCode::kIo);
  }
  if (list.photos.empty() && list.issues.empty()) rows.reject_manifest("no rows");
  return list;
}

}  // namespace pressmark
