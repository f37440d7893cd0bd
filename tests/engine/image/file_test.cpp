// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "engine/image/image.hpp"
#include "tests/engine/image/expect_error.hpp"
#include "tests/support/image_encoders.hpp"

namespace pressmark::test {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kNoLimit = std::int64_t{1} << 30;

class ReadFile : public testing::Test {
 protected:
  ReadFile() {
    std::string name = (fs::temp_directory_path() / "pressmark_file_XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~ReadFile() override { fs::remove_all(directory_); }

  fs::path path(const char* name) const { return directory_ / name; }

  fs::path write(const char* name, std::string_view content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }

 private:
  fs::path directory_;
};

TEST_F(ReadFile, ReturnsAllBytes) {
  const std::string content("a\0b\xff\n", 5);
  EXPECT_EQ(image::read_file(write("some", content), kNoLimit), bytes_of(content));
}

TEST_F(ReadFile, FollowsSymbolicLinks) {
  fs::create_symlink(write("some", "abc"), path("link"));
  EXPECT_EQ(image::read_file(path("link"), kNoLimit), bytes_of("abc"));
}

TEST_F(ReadFile, AbsentFilesAreNotFound) {
  expect_error([&] { image::read_file(path("absent"), kNoLimit); }, ErrorCode::kNotFound,
               "no such file");
  expect_error([&] { image::read_file(write("some", "x") / "below", kNoLimit); },
               ErrorCode::kNotFound, "no such file");
  fs::create_symlink(path("absent"), path("link"));
  expect_error([&] { image::read_file(path("link"), kNoLimit); }, ErrorCode::kNotFound,
               "broken symbolic link");
}

TEST_F(ReadFile, LoopsOfLinksAreAnError) {
  fs::create_symlink(path("one"), path("two"));
  fs::create_symlink(path("two"), path("one"));
  expect_error([&] { image::read_file(path("one"), kNoLimit); }, ErrorCode::kIo, "cannot be read");
}

TEST_F(ReadFile, WhatIsNoRegularFileIsRefusedAtOnce) {
  expect_error([&] { image::read_file(fs::temp_directory_path(), kNoLimit); }, ErrorCode::kIo,
               "a directory");
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  expect_error([&] { image::read_file(path("pipe"), kNoLimit); }, ErrorCode::kIo, "a pipe");
  expect_error([&] { image::read_file("/dev/zero", kNoLimit); }, ErrorCode::kIo, "a device");
  const int socket_file = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path("socket").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(socket_file, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  expect_error([&] { image::read_file(path("socket"), kNoLimit); }, ErrorCode::kIo, "a socket");
  close(socket_file);
}

TEST_F(ReadFile, ForbiddenFilesAreAnError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const fs::path file = write("secret", "abc");
  fs::permissions(file, fs::perms::none);
  expect_error([&] { image::read_file(file, kNoLimit); }, ErrorCode::kIo, "ermission denied");
}

TEST_F(ReadFile, EmptyFilesAreDamaged) {
  expect_error([&] { image::read_file(write("empty", ""), kNoLimit); }, ErrorCode::kCorruptData,
               "empty file");
}

TEST_F(ReadFile, SizeLimitIsExact) {
  const fs::path file = write("some", "12345");
  EXPECT_EQ(image::read_file(file, 5).size(), 5u);
  expect_error([&] { image::read_file(file, 4); }, ErrorCode::kUnsupported,
               "file of 5 bytes is over the limit of 4 bytes");
}

TEST_F(ReadFile, SparseGiantsAreRefusedByTheirSize) {
  const fs::path file = write("giant", "x");
  fs::resize_file(file, std::uintmax_t{1} << 40);
  expect_error([&] { image::read_file(file, kNoLimit); }, ErrorCode::kUnsupported,
               "over the limit");
}

TEST(Sha256, AgreesWithTheStandard) {
  EXPECT_EQ(image::sha256(bytes_of("abc")).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(image::sha256({}).hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace pressmark::test
