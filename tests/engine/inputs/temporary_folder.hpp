// SPDX-License-Identifier: Apache-2.0
//
// A folder of one test, removed with it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace pressmark::inputs {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pressmark-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = pattern;
    // Readable by the unprivileged user that tests of permissions turn into.
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Creates the folders above as needed.
  std::filesystem::path write(const std::filesystem::path& name,
                              std::string_view content = "x") const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  std::filesystem::path path_;
};

// Root reads everything, so tests of permissions put its powers down for a while.
class WithoutRoot {
 public:
  WithoutRoot() {
    if (::geteuid() == 0) is_switched_ = ::seteuid(kNobody) == 0;
  }
  ~WithoutRoot() {
    if (is_switched_ && ::seteuid(0) != 0) std::abort();
  }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;

  static bool is_unprivileged() { return ::geteuid() != 0; }

 private:
  static constexpr uid_t kNobody = 65534;
  bool is_switched_ = false;
};

}  // namespace pressmark::inputs
