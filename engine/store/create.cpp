// SPDX-License-Identifier: Apache-2.0
//
// Creating a catalogue. All is built in a staging directory and renamed into place at the end, so
// that a crash leaves either no catalogue or a whole one.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "engine/store/file_io.hpp"
#include "engine/store/model_card.hpp"
#include "engine/store/names.hpp"
#include "engine/store/schema.hpp"
#include "engine/store/staging.hpp"
#include "engine/store/store.hpp"
#include "engine/store/validate.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStagingMark = ".creating-";

void copy_model(const fs::path& from, const fs::path& to) {
  make_directory(to);
  std::error_code error;
  for (fs::directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) copy_durably(entry->path(), to / entry->path().filename());
  }
  if (error) throw_io("read", from, error.value());
  sync_directory(to);
}

void build(const fs::path& staging, const CatalogueSettings& settings, const fs::path& model) {
  make_directory(staging / kSegmentsName);
  copy_model(model, staging / kModelName);
  sync_file(create_file(staging / kLockName), staging / kLockName);
  create_database(staging / kDatabaseName, settings, model_card_checksum(staging / kModelName));
  sync_directory(staging);
}

void create_beside(const fs::path& directory, const CatalogueSettings& settings,
                   const fs::path& model) {
  const fs::path parent = directory.parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) throw_io("create", parent, error.value());
  StagingDirectory staging(parent / ("." + directory.filename().native()), kStagingMark);
  build(staging.path(), settings, model);
  rename_to_target(staging.path(), directory);
  staging.release();
  sync_directory(parent);
}

// Whether nothing but what a crash of create_inside may have left lies in a directory. Names of the
// catalogue count as such only while the staging directory that they came from is there.
bool has_only_leavings(const fs::path& directory) {
  const std::vector<fs::path> all = entries_with_prefix(directory, "");
  const std::vector<fs::path> staging = entries_with_prefix(directory, kStagingMark);
  const auto is_ours = [&](const fs::path& entry) {
    const std::string name = entry.filename().native();
    return name.starts_with(kStagingMark) || name == kSegmentsName || name == kModelName ||
           name == kLockName;
  };
  const auto is_abandoned = [](const fs::path& entry) { return DirectoryLock(entry).is_held(); };
  return !staging.empty() && std::ranges::all_of(all, is_ours) &&
         std::ranges::all_of(staging, is_abandoned);
}

// The directory may be a mount point or carry permissions of its own, so it is filled, not
// replaced. The database comes last: without it nothing takes the directory for a catalogue.
void create_inside(const fs::path& directory, const CatalogueSettings& settings,
                   const fs::path& model) {
  const char* const names[] = {kSegmentsName, kModelName, kLockName, kDatabaseName};
  // What an earlier creation had moved when it crashed; the database is not there.
  for (const char* name : names) {
    std::error_code error;
    fs::remove_all(directory / name, error);
    if (error) throw_io("remove", directory / name, error.value());
  }
  StagingDirectory staging(directory / "", kStagingMark);
  build(staging.path(), settings, model);
  int moved = 0;
  try {
    for (const char* name : names) {
      if (std::string_view(name) == kDatabaseName) sync_directory(directory);
      rename_file(staging.path() / name, directory / name);
      ++moved;
    }
  } catch (...) {
    std::error_code ignored;
    for (int i = 0; i < moved; ++i) fs::remove_all(directory / names[i], ignored);
    throw;
  }
  sync_directory(directory);
}

}  // namespace

void Store::create(const fs::path& directory, const CatalogueSettings& settings,
                   const fs::path& model_directory) {
  validate_settings(settings);
  std::error_code error;
  if (!fs::is_directory(model_directory, error)) {
    throw Error(ErrorCode::kIo,
                fmt::format("the model {} is not a directory", model_directory.native()));
  }
  const fs::path target = target_of(directory);
  const auto status = fs::status(target, error);
  if (status.type() == fs::file_type::not_found) {
    create_beside(target, settings, model_directory);
    return;
  }
  if (status.type() == fs::file_type::none) throw_io("read", target, error.value());
  if (status.type() != fs::file_type::directory) throw_not_empty(target);
  const bool empty = fs::is_empty(target, error);
  if (error) throw_io("read", target, error.value());
  if (!empty && !has_only_leavings(target)) throw_not_empty(target);
  create_inside(target, settings, model_directory);
}

}  // namespace pressmark::store
