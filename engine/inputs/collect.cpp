// SPDX-License-Identifier: Apache-2.0
//
// Walks folders. Real folders are walked before symbolic links to folders, so that a folder that
// can be reached both ways appears under its real path; both in the order of their paths, so that
// the result does not depend on the order in which the file system lists names.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "engine/inputs/text.hpp"
#include "pressmark/inputs.hpp"

namespace pressmark {
namespace {

namespace fs = std::filesystem;

bool has_photo_name(const fs::path& file) {
  static constexpr std::array<std::string_view, 9> kExtensions = {
      ".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".bmp", ".webp", ".gif"};
  const std::string extension = inputs::ascii_lower(file.extension().native());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

InputIssue broken_link(const fs::path& link) {
  std::error_code ignored;
  const fs::path target = fs::read_symlink(link, ignored);
  return {link.native(), ErrorCode::kNotFound,
          fmt::format("broken symbolic link to {}", inputs::in_quotes(target.native()))};
}

class FolderWalk {
 public:
  // Photos and issues sorted by path; walks one tree once.
  PhotoList walk(const fs::path& root) {
    enter(root.native(), kNoFolder);
    while (!pending_folders_.empty() || !pending_links_.empty()) {
      auto& pending = pending_folders_.empty() ? pending_links_ : pending_folders_;
      const auto next = pending.extract(pending.begin());
      enter(next.key(), next.mapped());
    }
    const auto file_of = [](const PhotoInput& photo) -> const std::string& {
      return photo.file.native();
    };
    std::ranges::sort(list_.photos, {}, file_of);
    std::ranges::stable_sort(list_.issues, {}, &InputIssue::file);
    if (list_.photos.empty() && root_was_read_) {
      add_issue(root, ErrorCode::kNotFound,
                fmt::format("no photos in this folder ({} other {} skipped)", list_.skipped_files,
                            list_.skipped_files == 1 ? "file" : "files"));
    }
    return std::move(list_);
  }

 private:
  static constexpr std::size_t kNoFolder = static_cast<std::size_t>(-1);
  struct Folder {
    std::string path;
    std::size_t parent;  // index into folders_, kNoFolder for the root
  };

  void add_issue(const fs::path& path, ErrorCode code, std::string reason) {
    list_.issues.push_back({path.native(), code, std::move(reason)});
  }

  bool is_ancestor_or_self(std::size_t ancestor, std::size_t folder) const {
    while (folder != kNoFolder && folder != ancestor) folder = folders_[folder].parent;
    return folder == ancestor;
  }

  void enter(const std::string& path, std::size_t parent) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      const std::error_code error(errno, std::generic_category());
      add_issue(path, ErrorCode::kIo,
                fmt::format("this folder cannot be read: {}", error.message()));
      return;
    }
    const std::size_t index = folders_.size();
    const auto [known, is_new] =
        index_by_identity_.try_emplace({status.st_dev, status.st_ino}, index);
    if (!is_new) {
      // A second way to a folder loses nothing; only a way back up is worth a word.
      if (is_ancestor_or_self(known->second, parent) && reported_.insert(known->second).second) {
        add_issue(path, ErrorCode::kInvalidArgument,
                  fmt::format("directory loop: already visited as {}",
                              inputs::in_quotes(folders_[known->second].path)));
      }
      return;
    }
    folders_.push_back({path, parent});
    std::error_code error;
    fs::directory_iterator entry(path, error);
    if (parent == kNoFolder) root_was_read_ = !error;
    while (!error && entry != fs::directory_iterator()) {
      take(*entry, index);
      entry.increment(error);
    }
    if (error) {
      add_issue(path, ErrorCode::kIo,
                fmt::format("this folder cannot be read: {}", error.message()));
    }
  }

  void take(const fs::directory_entry& entry, std::size_t folder) {
    const fs::path& path = entry.path();
    if (path.filename().native().starts_with('.')) {  // also the "._" resource forks of macOS
      ++list_.skipped_files;
      return;
    }
    std::error_code error;
    const bool is_link = entry.symlink_status(error).type() == fs::file_type::symlink;
    const fs::file_type type =
        is_link ? entry.status(error).type() : entry.symlink_status(error).type();
    const bool photo_name = has_photo_name(path);
    if (type == fs::file_type::directory) {
      (is_link ? pending_links_ : pending_folders_).emplace(path.native(), folder);
    } else if (type == fs::file_type::none) {
      add_issue(path, ErrorCode::kIo, fmt::format("cannot be read: {}", error.message()));
    } else if (is_link && type == fs::file_type::not_found &&
               (photo_name || !path.has_extension())) {
      // Without an extension it may have led to a folder full of photos, on a disk that is not
      // mounted.
      list_.issues.push_back(broken_link(path));
    } else if (!photo_name) {
      ++list_.skipped_files;
    } else if (type == fs::file_type::regular) {
      list_.photos.push_back({path, {}, {}});
    } else {
      add_issue(path, ErrorCode::kInvalidArgument, "not a regular file");
    }
  }

  PhotoList list_;
  bool root_was_read_ = false;
  std::vector<Folder> folders_;
  std::map<std::pair<dev_t, ino_t>, std::size_t> index_by_identity_;
  std::set<std::size_t> reported_;                      // folders that a reported loop leads to
  std::map<std::string, std::size_t> pending_folders_;  // path to the folder that holds it
  std::map<std::string, std::size_t> pending_links_;
};

PhotoList collect_one(const fs::path& input) {
  PhotoList list;
  std::error_code error;
  const fs::file_status status = fs::status(input, error);
  switch (status.type()) {
    case fs::file_type::directory:
      return FolderWalk().walk(input);
    case fs::file_type::regular:
      list.photos.push_back({input, {}, {}});
      break;
    case fs::file_type::not_found: {
      std::error_code ignored;
      if (fs::is_symlink(input, ignored)) {
        list.issues.push_back(broken_link(input));
      } else {
        list.issues.push_back({input.native(), ErrorCode::kNotFound, "no such file or folder"});
      }
      break;
    }
    case fs::file_type::none:
      list.issues.push_back(
          {input.native(), ErrorCode::kIo, fmt::format("cannot be read: {}", error.message())});
      break;
    default:
      list.issues.push_back(
          {input.native(), ErrorCode::kInvalidArgument, "neither a regular file nor a folder"});
  }
  return list;
}

}  // namespace

PhotoList collect_photos(std::span<const fs::path> inputs) {
  PhotoList all;
  std::unordered_set<std::string> named, files;
  for (const fs::path& input : inputs) {
    if (!named.insert(input.native()).second) continue;
    PhotoList list = collect_one(input);
    for (PhotoInput& photo : list.photos) {
      if (files.insert(photo.file.native()).second) all.photos.push_back(std::move(photo));
    }
    std::move(list.issues.begin(), list.issues.end(), std::back_inserter(all.issues));
    all.skipped_files += list.skipped_files;
  }
  return all;
}

}  // namespace pressmark
