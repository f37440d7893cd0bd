// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/picture_files.hpp"

#include <fmt/format.h>

#include <system_error>

#include "engine/image/image.hpp"
#include "engine/seizure/output.hpp"

namespace pressmark::seizure {
namespace {

constexpr const char* kFolder = "pictures";
constexpr int kSmallPx = 256, kLargePx = 640;

void write_jpeg(const std::filesystem::path& file, const image::Bytes& jpeg) {
  write_file(file, {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
}

}  // namespace

PictureFiles::PictureFiles(const std::filesystem::path& report_directory,
                           const DecodeOptions& decode)
    : directory_(report_directory), decode_(decode) {
  make_directory(directory_ / kFolder);
}

PictureFiles::Small PictureFiles::small(const std::filesystem::path& file, const PhotoInfo& info) {
  const std::string name = fmt::format("{}/{}-s.jpg", kFolder, info.sha256.hex());
  std::error_code ignored;
  if (std::filesystem::exists(directory_ / name, ignored)) return {name, {}};
  const report::LoadedPicture picture = report::load_picture(file, info, decode_, kSmallPx);
  if (!picture.reason.empty()) return {{}, picture.reason};
  write_jpeg(directory_ / name, picture.jpeg);
  return {name, {}};
}

const PictureFiles::Large& PictureFiles::large(const std::filesystem::path& file,
                                               const PhotoInfo& info) {
  const auto [place, is_new] = large_.try_emplace(info.sha256);
  Large& large = place->second;
  if (!is_new) return large;
  const report::LoadedPicture picture = report::load_picture(file, info, decode_, kLargePx);
  if (!picture.reason.empty()) {
    large.picture.reason = picture.reason;
    return large;
  }
  const std::string name = fmt::format("{}/{}-l.jpg", kFolder, info.sha256.hex());
  write_jpeg(directory_ / name, picture.jpeg);
  large.picture.id = report::picture_id(info);
  large.definition = report::picture_definition(
      large.picture.id, picture, report::display_frame(info.width_px, info.height_px),
      "../" + name);
  return large;
}

}  // namespace pressmark::seizure
