// SPDX-License-Identifier: Apache-2.0
#include "engine/report/picture.hpp"

#include <fmt/format.h>

#include <new>

#include "engine/image/image.hpp"
#include "engine/report/text.hpp"
#include "pressmark/error.hpp"

namespace pressmark::report {
namespace {

constexpr int kJpegQuality = 85;

std::string why_unreadable(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kNotFound:
      return "The file is no longer where it was.";
    case ErrorCode::kOutOfMemory:
      return "There was not enough memory to show the picture.";
    default:
      return "The file cannot be read: " + displayable(error.what()) + ".";
  }
}

}  // namespace

LoadedPicture load_picture(const std::filesystem::path& file, const PhotoInfo& info,
                           const DecodeOptions& decode, int long_side_px) {
  LoadedPicture picture;
  try {
    const image::Bytes bytes = image::read_file(file, decode.max_file_bytes);
    if (image::sha256(bytes) != info.sha256) {
      picture.reason = "The file has changed: its SHA-256 is not the one that was compared.";
      return picture;
    }
    const image::Photo photo = image::decode(bytes, decode, long_side_px);
    picture.jpeg = image::encode_jpeg(image::reduce(photo.pixels, long_side_px), kJpegQuality);
    // A JPEG that was decoded reduced covers whole blocks, which reach a little over the photo.
    picture.x = photo.origin_x;
    picture.y = photo.origin_y;
    picture.width = photo.reduction * photo.pixels.width;
    picture.height = photo.reduction * photo.pixels.height;
  } catch (const Error& error) {
    picture.reason = why_unreadable(error);
  } catch (const std::bad_alloc&) {
    picture.reason = why_unreadable(Error(ErrorCode::kOutOfMemory, ""));
  }
  return picture;
}

std::string picture_id(const PhotoInfo& info) {
  return "p" + info.sha256.hex();
}

std::string picture_definition(const std::string& id, const LoadedPicture& picture,
                               const DisplayFrame& frame, const std::string& address) {
  // The inner <svg> is what is shown elsewhere: it cuts off what reaches over.
  return fmt::format(
      "<svg class=\"store\" aria-hidden=\"true\"><defs><svg id=\"{}\" width=\"{}\" height=\"{}\">"
      "<image x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\" preserveAspectRatio=\"none\" "
      "href=\"{}\"/></svg></defs></svg>\n",
      id, frame.width, frame.height, frame.scale_x * picture.x, frame.scale_y * picture.y,
      frame.scale_x * picture.width, frame.scale_y * picture.height, address);
}

PictureBook::PictureBook(const DecodeOptions& decode, int long_side_px)
    : decode_(decode), long_side_px_(long_side_px) {}

EmbeddedPicture PictureBook::embed(const std::filesystem::path& file, const PhotoInfo& info,
                                   const DisplayFrame& frame, SpoolFile& out) {
  std::string id = picture_id(info);
  if (embedded_.contains(info.sha256)) return {id, {}};
  const LoadedPicture picture = load_picture(file, info, decode_, long_side_px_);
  if (!picture.reason.empty()) return {{}, picture.reason};
  if (embedded_.size() < kRemembered) {
    embedded_.insert(info.sha256);
  } else {
    id += fmt::format("-{}", ++repeats_);
  }
  out.write(
      picture_definition(id, picture, frame, "data:image/jpeg;base64," + base64(picture.jpeg)));
  return {id, {}};
}

}  // namespace pressmark::report
