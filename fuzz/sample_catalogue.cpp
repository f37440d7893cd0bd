// SPDX-License-Identifier: Apache-2.0
#include "fuzz/sample_catalogue.hpp"

#include <stdlib.h>

#include <fstream>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>

#include "kernels/math/keypoint_grid.hpp"

namespace pressmark::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr int kGlobalSize = 8;

class WorkDirectory {
 public:
  WorkDirectory() {
    std::string pattern = (fs::temp_directory_path() / "pressmark-fuzz-XXXXXX").native();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = pattern;
  }
  ~WorkDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

store::NewImage sample_image(int number) {
  std::mt19937 random(static_cast<unsigned>(number));
  const auto grid = [&] { return static_cast<std::uint16_t>(random() & 0xffffu); };
  store::NewImage image;
  image.file = "/photos/" + std::to_string(number) + ".jpg";
  image.info.sha256.bytes[0] = static_cast<std::uint8_t>(number);
  image.info.file_bytes = 1000;
  image.info.format = "jpeg";
  image.info.width_px = 640;
  image.info.height_px = 480;
  image.info.orientation = 1;
  Description& description = image.description;
  description.width_px = 16;
  description.height_px = 12;
  description.photo_scale = 40;
  for (const Channel channel : kChannels) {
    LocalCodes& local = description.local(channel);
    for (int i = 0; i < number; ++i) {
      local.keypoints.push_back({kernels::px_from_grid(grid()), kernels::px_from_grid(grid()),
                                 kernels::px_from_grid(grid()), kernels::angle_from_grid(grid())});
      for (int j = 0; j < kLocalCodeSize; ++j) {
        local.codes.push_back(static_cast<std::int8_t>(grid() & 0xff));
      }
      local.words.push_back(grid());
    }
  }
  for (int i = 0; i < kGlobalSize; ++i) description.global.push_back(0.5f);
  return image;
}

}  // namespace

const fs::path& work_directory() {
  static const WorkDirectory directory;
  return directory.path();
}

void write_file(const fs::path& file, const void* data, std::size_t size) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
  if (!stream.flush()) throw std::runtime_error("cannot write " + file.native());
}

store::CatalogueSettings sample_settings() {
  store::CatalogueSettings settings;
  settings.model_id = "0123456789abcdef";
  settings.global_size = kGlobalSize;
  return settings;
}

std::vector<store::NewImage> sample_images() {
  std::vector<store::NewImage> images = {sample_image(1), sample_image(2), sample_image(3)};
  images[0].facts.seizure = "S";
  images[0].facts.package = "P";
  images[0].facts.scale_mm_per_px = 0.5;
  images[1].facts.region = RegionOfInterest{1, 2, 300, 400};
  images[1].facts.metadata_json = R"({"note":"x"})";
  return images;
}

void create_sample_catalogue(const fs::path& directory) {
  const fs::path model = work_directory() / "model";
  fs::create_directories(model);
  write_file(model / "model.json", "{}", 2);
  store::Store::create(directory, sample_settings(), model);
  store::Store store(directory, Catalogue::Access::kWrite);
  store.put_seizure({"S", "Porto", "2024", "PJ"});
  const std::vector<store::NewImage> images = sample_images();
  store.commit(std::span(images).first(2));
  store.commit(std::span(images).last(1));
  store.remove(std::vector<ImageId>{2});
}

}  // namespace pressmark::fuzz
