// SPDX-License-Identifier: Apache-2.0
//
// A part of a catalogue as a catalogue of its own: built beside the target and renamed when it is
// complete, so that nobody takes half an export for a whole one.
#include <fmt/format.h>

#include <system_error>

#include "engine/store/file_io.hpp"
#include "engine/store/names.hpp"
#include "engine/store/staging.hpp"
#include "engine/store/store_impl.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

// Throws Error(kInvalidArgument) where there is something.
void require_nothing(const fs::path& target) {
  std::error_code error;
  const auto status = fs::status(target, error);
  if (status.type() == fs::file_type::not_found) return;
  if (status.type() != fs::file_type::directory || !fs::is_empty(target, error)) {
    throw_not_empty(target);
  }
}

}  // namespace

ImportReport Store::export_to(const fs::path& directory, std::span<const ImageId> ids, bool whole,
                              const RunControl& control) const {
  const fs::path target = target_of(directory);
  require_nothing(target);
  const fs::path parent = target.parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) throw_io("create", parent, error.value());
  const StagingDirectory staging(parent / ("." + target.filename().native()), ".exporting-");
  const fs::path made = staging.path() / "catalogue";
  create(made, settings(), impl_->directory / kModelName);
  const ImportReport report =
      Store(made, Catalogue::Access::kWrite).import_from(*this, ids, whole, {}, control, {});
  if (report.interrupted) {
    throw Error(ErrorCode::kInterrupted,
                fmt::format("interrupted; {} was not written", target.native()));
  }
  rename_to_target(made, target);
  sync_directory(parent);
  return report;
}

}  // namespace pressmark::store
