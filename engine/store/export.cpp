// SPDX-License-Identifier: Apache-2.0
//
// A part of a catalogue as a catalogue of its own: built beside the target and renamed when it is
// complete, so that nobody takes half an export for a whole one.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "engine/store/file_io.hpp"
#include "engine/store/names.hpp"
#include "engine/store/store_impl.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

class RemovedDirectory {
 public:
  explicit RemovedDirectory(fs::path path) : path_(std::move(path)) {}
  ~RemovedDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  RemovedDirectory(const RemovedDirectory&) = delete;
  RemovedDirectory& operator=(const RemovedDirectory&) = delete;
  void keep() { path_.clear(); }

 private:
  fs::path path_;
};

[[noreturn]] void throw_exists(const fs::path& target) {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{} exists and is not an empty directory", target.native()));
}

fs::path checked_target(const fs::path& directory) {
  std::error_code error;
  fs::path target = fs::absolute(directory, error).lexically_normal();
  if (error || directory.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}' cannot be a catalogue's directory", directory.native()));
  }
  if (!target.has_filename()) target = target.parent_path();
  const auto status = fs::status(target, error);
  if (status.type() == fs::file_type::not_found) return target;
  if (status.type() != fs::file_type::directory || !fs::is_empty(target, error)) {
    throw_exists(target);
  }
  return target;
}

}  // namespace

ImportReport Store::export_to(const fs::path& directory, std::span<const ImageId> ids, bool whole,
                              const RunControl& control) const {
  const fs::path target = checked_target(directory);
  const fs::path parent = target.parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) throw_io("create", parent, error.value());
  const fs::path staging =
      parent / fmt::format(".{}.exporting-{}", target.filename().native(), ::getpid());
  fs::remove_all(staging, error);  // of a process that had our number and was killed
  create(staging, settings(), impl_->directory / kModelName);
  RemovedDirectory guard(staging);
  ImportReport report;
  {
    Store made(staging, Catalogue::Access::kWrite);
    report = made.import_from(*this, ids, whole, {}, control, {});
  }
  if (report.interrupted) {
    throw Error(ErrorCode::kInterrupted,
                fmt::format("interrupted; {} was not written", target.native()));
  }
  if (::rename(staging.c_str(), target.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) throw_exists(target);
    throw_io("create", target, errno);
  }
  guard.keep();
  sync_directory(parent);
  return report;
}

}  // namespace pressmark::store
