// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/picture_files.hpp"

#include <fmt/format.h>

#include <new>
#include <optional>
#include <string_view>
#include <system_error>

#include "engine/image/image.hpp"
#include "engine/report/text.hpp"
#include "engine/seizure/output.hpp"
#include "pressmark/error.hpp"

namespace pressmark::seizure {
namespace {

constexpr const char* kFolder = "pictures";
constexpr int kSmallPx = 256, kLargePx = 640;
constexpr int kQuality = 85;

struct Loaded {
  std::optional<image::Photo> photo;
  std::string reason;
};

Loaded load(const std::filesystem::path& file, const PhotoInfo& info, const DecodeOptions& decode,
            int enough_px) {
  try {
    const image::Bytes bytes = image::read_file(file, decode.max_file_bytes);
    if (image::sha256(bytes) != info.sha256) {
      return {{}, "The file has changed: its SHA-256 is not the one that was compared."};
    }
    return {image::decode(bytes, decode, enough_px), {}};
  } catch (const Error& error) {
    return {{},
            error.code() == ErrorCode::kNotFound
                ? std::string("The file is no longer where it was.")
                : fmt::format("The file cannot be read: {}.", report::displayable(error.what()))};
  } catch (const std::bad_alloc&) {
    return {{}, "There was not enough memory to show the picture."};
  }
}

void write_jpeg(const std::filesystem::path& file, const image::Photo& photo, int long_side_px) {
  const image::Bytes jpeg = image::encode_jpeg(image::reduce(photo.pixels, long_side_px), kQuality);
  write_file(file, {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
}

}  // namespace

PictureFiles::PictureFiles(const std::filesystem::path& report_directory,
                           const DecodeOptions& decode)
    : directory_(report_directory), decode_(decode) {
  make_directories(directory_ / kFolder);
}

PictureFiles::Small PictureFiles::small(const std::filesystem::path& file, const PhotoInfo& info) {
  const std::string name = fmt::format("{}/{}-s.jpg", kFolder, info.sha256.hex());
  std::error_code ignored;
  if (std::filesystem::exists(directory_ / name, ignored)) return {name, {}};
  const Loaded loaded = load(file, info, decode_, kSmallPx);
  if (!loaded.photo) return {{}, loaded.reason};
  write_jpeg(directory_ / name, *loaded.photo, kSmallPx);
  return {name, {}};
}

const PictureFiles::Large& PictureFiles::large(const std::filesystem::path& file,
                                               const PhotoInfo& info) {
  const auto [place, is_new] = large_.try_emplace(info.sha256);
  Large& large = place->second;
  if (!is_new) return large;
  const Loaded loaded = load(file, info, decode_, kLargePx);
  if (!loaded.photo) {
    large.picture.reason = loaded.reason;
    return large;
  }
  const image::Photo& photo = *loaded.photo;
  const std::string name = fmt::format("{}/{}-l.jpg", kFolder, info.sha256.hex());
  write_jpeg(directory_ / name, photo, kLargePx);
  large.picture.id = "p" + info.sha256.hex();
  const report::DisplayFrame frame = report::display_frame(info.width_px, info.height_px);
  // A JPEG that was decoded reduced covers whole blocks, which reach a little over the photo: the
  // inner <svg> cuts that off.
  large.definition = fmt::format(
      "<svg class=\"store\" aria-hidden=\"true\"><defs><svg id=\"{}\" width=\"{}\" height=\"{}\">"
      "<image x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\" preserveAspectRatio=\"none\" "
      "href=\"../{}\"/></svg></defs></svg>\n",
      large.picture.id, frame.width, frame.height, frame.scale_x * photo.origin_x,
      frame.scale_y * photo.origin_y, frame.scale_x * photo.reduction * photo.pixels.width,
      frame.scale_y * photo.reduction * photo.pixels.height, name);
  return large;
}

}  // namespace pressmark::seizure
