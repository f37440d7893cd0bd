// SPDX-License-Identifier: Apache-2.0
//
// A temporary directory with a catalogue in it, and images that are a function of a number.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/store/store.hpp"
#include "kernels/math/keypoint_grid.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {

inline std::string file_bytes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << bytes;
  ASSERT_TRUE(stream.flush().good());
}

// Relative name and contents of every file.
inline std::map<std::string, std::string> contents(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const std::string name = entry.path().lexically_relative(directory).native();
    files[name] = entry.is_directory() ? "directory" : file_bytes(entry.path());
  }
  return files;
}

// A third of the keypoints is of the relit channel.
inline Description make_description(int seed, int keypoints, int global_size) {
  std::mt19937 random(static_cast<unsigned>(seed));
  const auto grid = [&] { return static_cast<std::uint16_t>(random() & 0xffffu); };
  Description description;
  description.width_px = 512;
  description.height_px = 300 + seed % 200;
  description.photo_scale = 1.0 + seed / 7.0;
  description.photo_origin_x = seed / 3.0;
  description.photo_origin_y = -seed / 9.0;
  for (int i = 0; i < keypoints; ++i) {
    LocalCodes& local = i % 3 == 2 ? description.relit : description.raw;
    local.keypoints.push_back({kernels::px_from_grid(grid()), kernels::px_from_grid(grid()),
                               kernels::px_from_grid(grid()), kernels::angle_from_grid(grid())});
    for (int j = 0; j < kLocalCodeSize; ++j) {
      local.codes.push_back(static_cast<std::int8_t>(grid() & 0xff));
    }
  }
  for (const Channel channel : kChannels) {
    LocalCodes& local = description.local(channel);
    while (local.words.size() < local.indexed_count()) local.words.push_back(grid());
  }
  for (int i = 0; i < global_size; ++i) {
    description.global.push_back(static_cast<float>(grid()) / 65536.0f - 0.5f);
  }
  const auto share = [&] { return static_cast<float>(grid()) / 65535.0f; };
  description.light = {3 * share(), share(), seed % 2 == 0};
  description.quality = {share(), 255 * share(), share(), share()};
  return description;
}

class StoreTest : public testing::Test {
 protected:
  static constexpr int kGlobalSize = 16;

  StoreTest() {
    std::string name = (std::filesystem::temp_directory_path() / "pressmark-store-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    root_ = name;
    std::filesystem::create_directory(root_ / "model-source");
    write_bytes(root_ / "model-source" / "model.json", "{}");
    write_bytes(root_ / "model-source" / "model.bin", "weights");
    catalogue_ = root_ / "catalogue";
  }
  ~StoreTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  static CatalogueSettings settings() {
    CatalogueSettings settings;
    settings.model_id = "0123456789abcdef";
    settings.global_size = kGlobalSize;
    settings.describe.max_keypoints = 100;
    return settings;
  }
  std::filesystem::path model() const { return root_ / "model-source"; }
  void create() const { Store::create(catalogue_, settings(), model()); }
  Store writer() const { return Store(catalogue_, Catalogue::Access::kWrite); }
  Store reader() const { return Store(catalogue_, Catalogue::Access::kRead); }
  std::filesystem::path database() const { return catalogue_ / "catalogue.sqlite"; }
  std::filesystem::path segment(int number) const {
    char name[32];
    std::snprintf(name, sizeof name, "%08d.pmseg", number);
    return catalogue_ / "segments" / name;
  }

  static NewImage make_image(int seed, int keypoints = 20) {
    NewImage image;
    image.file = "/photos/" + std::to_string(seed) + ".jpg";
    for (std::size_t i = 0; i < 4; ++i) {
      image.info.sha256.bytes[i] = static_cast<std::uint8_t>(seed >> (24 - 8 * i));
    }
    image.info.sha256.bytes[31] = 0xee;
    image.info.file_bytes = 1000 + seed;
    image.info.format = "jpeg";
    image.info.width_px = 4000;
    image.info.height_px = 3000;
    image.info.orientation = 1 + seed % 8;
    image.description = make_description(seed, keypoints, kGlobalSize);
    return image;
  }
  static std::vector<NewImage> make_images(int first, int count, int keypoints = 20) {
    std::vector<NewImage> images;
    for (int i = 0; i < count; ++i) images.push_back(make_image(first + i, keypoints));
    return images;
  }

  std::filesystem::path root_, catalogue_;
};

// Another process, which runs `body` when told to. It must be made while no store is open: SQLite's
// record of its locks would be inherited, and the two would not be strangers.
class OtherProcess {
 public:
  explicit OtherProcess(const std::function<bool()>& body) {
    if (::pipe(pipe_) != 0) throw std::runtime_error("pipe");
    child_ = ::fork();
    if (child_ != 0) return;
    char go = 0;
    int code = 1;
    ::close(pipe_[1]);  // so that the parent's end is also the end of this
    if (::read(pipe_[0], &go, 1) != 1) ::_exit(4);
    try {
      code = body() ? 0 : 2;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "other process: %s\n", error.what());
    }
    ::_exit(code);
  }
  ~OtherProcess() {
    if (child_ > 0) run();
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  // 0 where the body returned true, 2 where false, 1 where it threw. Once only.
  int run() {
    [[maybe_unused]] const ssize_t written = ::write(pipe_[1], "!", 1);
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = 0;
    ::close(pipe_[0]);
    ::close(pipe_[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }

 private:
  int pipe_[2] = {-1, -1};
  pid_t child_ = 0;
};

// The code of the Error that `action` throws, and its text through `message`.
template <typename Action>
ErrorCode error_of(Action&& action, std::string* message = nullptr) {
  try {
    action();
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    return error.code();
  }
  ADD_FAILURE() << "no Error was thrown";
  return ErrorCode::kInterrupted;
}

}  // namespace pressmark::store
