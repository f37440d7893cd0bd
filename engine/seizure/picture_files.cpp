// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/picture_files.hpp"

#include <fmt/format.h>

#include "engine/image/image.hpp"
#include "engine/seizure/output.hpp"

namespace pressmark::seizure {
namespace {

constexpr const char* kFolder = "pictures";
constexpr int kSmallPx = 256, kLargePx = 640;

std::string large_picture_name(const Sha256& sha256) {
  return fmt::format("{}/{}-l.jpg", kFolder, sha256.hex());
}

void write_jpeg(const std::filesystem::path& file, const image::Bytes& jpeg) {
  write_file(file, {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()},
             report::Durability::kLater);
}

}  // namespace

std::string small_picture_name(const Sha256& sha256) {
  return fmt::format("{}/{}-s.jpg", kFolder, sha256.hex());
}

PictureFiles::PictureFiles(const std::filesystem::path& report_directory,
                           const DecodeOptions& decode)
    : directory_(report_directory), decode_(decode) {
  make_directory(directory_ / kFolder);
}

std::string PictureFiles::write_small(const std::filesystem::path& file,
                                      const PhotoInfo& info) const {
  report::LoadedPicture picture = report::load_picture(file, info, decode_, kSmallPx);
  if (picture.reason.empty()) {
    write_jpeg(directory_ / small_picture_name(info.sha256), picture.jpeg);
  }
  return std::move(picture.reason);
}

PictureFiles::Large PictureFiles::large(const std::filesystem::path& file, const PhotoInfo& info) {
  Made* made = nullptr;
  {
    const std::lock_guard lock(mutex_);
    made = &made_[info.sha256];
  }
  const std::string name = large_picture_name(info.sha256);
  std::call_once(made->once, [&] {
    made->picture = report::load_picture(file, info, decode_, kLargePx);
    if (made->picture.reason.empty()) write_jpeg(directory_ / name, made->picture.jpeg);
    made->picture.jpeg = image::Bytes();  // which frees them; {} would not
  });
  Large large;
  large.picture.reason = made->picture.reason;
  if (!large.picture.reason.empty()) return large;
  large.picture.id = report::picture_id(info);
  large.definition = report::picture_definition(
      large.picture.id, made->picture, report::display_frame(info.width_px, info.height_px),
      "../" + name);
  return large;
}

}  // namespace pressmark::seizure
