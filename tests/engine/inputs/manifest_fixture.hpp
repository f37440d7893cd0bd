// SPDX-License-Identifier: Apache-2.0
//
// Writes a manifest and reads it; what tests of both formats share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pressmark/inputs.hpp"
#include "tests/engine/inputs/temporary_folder.hpp"

namespace pressmark::inputs {

class ManifestTest : public testing::Test {
 protected:
  explicit ManifestTest(std::string name) : manifest_(folder_.path() / name) {}

  PhotoList read(std::string_view content) const {
    return read_manifest(folder_.write(manifest_.filename(), content));
  }

  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string line(int number) const { return manifest_.string() + ":" + std::to_string(number); }

  // Photos relative to the manifest.
  std::vector<std::string> names(const PhotoList& list) const {
    std::vector<std::string> result;
    for (const PhotoInput& photo : list.photos) {
      result.push_back(photo.file.lexically_relative(folder_.path()).string());
    }
    return result;
  }

  // One issue of a row.
  auto row_issue(int number, const std::string& part) const {
    return testing::AllOf(testing::Field(&InputIssue::file, line(number)),
                          testing::Field(&InputIssue::code, ErrorCode::kInvalidArgument),
                          testing::Field(&InputIssue::reason, testing::HasSubstr(part)));
  }

  // The single issue of a manifest that cannot be used.
  void expect_unusable(const PhotoList& list, ErrorCode code, const std::string& part) const {
    EXPECT_TRUE(list.photos.empty());
    EXPECT_TRUE(list.seizures.empty());
    ASSERT_EQ(list.issues.size(), 1u);
    EXPECT_EQ(list.issues[0].file, manifest_.string());
    EXPECT_EQ(list.issues[0].code, code);
    EXPECT_THAT(list.issues[0].reason, testing::HasSubstr(part));
  }

  TemporaryFolder folder_;
  std::filesystem::path manifest_;
};

}  // namespace pressmark::inputs
