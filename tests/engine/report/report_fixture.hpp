// SPDX-License-Identifier: Apache-2.0
//
// A temporary folder with photos, results that name them, and the report made of them.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "engine/image/image.hpp"
#include "pressmark/report.hpp"

namespace pressmark::test {

inline std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

inline std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              (std::string("pressmark-report-") + info->name() + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~ReportTest() override { std::filesystem::remove_all(folder_); }

  // A grey ramp; `tint` tells pictures apart.
  std::filesystem::path write_photo(const std::string& name, int width, int height, int tint) {
    image::PixelBuffer pixels{width, height, 3, {}};
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const auto value = static_cast<std::uint8_t>(255 * x / width);
        pixels.pixels.insert(pixels.pixels.end(), {value, value, static_cast<std::uint8_t>(tint)});
      }
    }
    const image::Bytes jpeg = image::encode_jpeg(pixels, 90);
    const std::filesystem::path file = folder_ / name;
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(jpeg.data()),
               static_cast<std::streamsize>(jpeg.size()));
    return file;
  }

  static PhotoInfo info_of(const std::filesystem::path& file) {
    const image::Bytes bytes = image::read_file(file, 1 << 30);
    const image::Header header = image::read_header(bytes);
    return {image::sha256(bytes),
            static_cast<std::int64_t>(bytes.size()),
            "jpeg",
            header.width,
            header.height,
            1};
  }

  static QueryResult query_for(const std::filesystem::path& file) {
    QueryResult result;
    result.file = file;
    result.ok = true;
    result.info = info_of(file);
    result.width_px = 100;
    result.height_px = 75;
    result.keypoints = 50;
    result.candidates = 3;
    return result;
  }

  static Hit hit_for(const std::filesystem::path& file, ImageId id) {
    Hit hit;
    hit.image.id = id;
    hit.image.file = file;
    hit.image.info = info_of(file);
    hit.verification.score = 42.5;
    hit.verification.verified = true;
    hit.verification.evidence = 6.25;
    hit.verification.log_false_alarms = 31.5;
    hit.verification.raw = {12, 3, false};
    hit.verification.relit = {20, 11, true};
    hit.verification.channel = Channel::kRelit;
    hit.verification.registered = true;
    hit.verification.inlier_count = 10;
    hit.verification.dense = {0.5f, 7.25f, 1, {}};
    hit.verification.dense.cells = {{10, 10, 11, 12, 16, 0.75f, true},
                                    {40, 30, 60, 50, 16, 0.25f, false}};
    for (int i = 0; i < 10; ++i) {
      const auto v = static_cast<float>(10 * i);
      hit.verification.inliers.push_back({v, v, v + 1, v + 2});
    }
    return hit;
  }

  std::filesystem::path target() const { return folder_ / "report.html"; }

  std::filesystem::path folder_;
};

}  // namespace pressmark::test
