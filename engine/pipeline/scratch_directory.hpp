// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "engine/store/file_io.hpp"

namespace pressmark::pipeline {

// A directory of our own beside the system's temporary files, with all that is in it as long as
// this lives.
class ScratchDirectory {
 public:
  // Throws Error(kIo).
  explicit ScratchDirectory(std::string_view purpose) {
    std::string path = (std::filesystem::temp_directory_path() / "pressmark-").native();
    path.append(purpose).append("-XXXXXX");
    if (::mkdtemp(path.data()) == nullptr) store::throw_io("create", path, errno);
    path_ = path;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace pressmark::pipeline
