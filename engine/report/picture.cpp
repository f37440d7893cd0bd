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

PictureBook::PictureBook(const DecodeOptions& decode, int long_side_px)
    : decode_(decode), long_side_px_(long_side_px) {}

EmbeddedPicture PictureBook::embed(const std::filesystem::path& file, const PhotoInfo& info,
                                   const DisplayFrame& frame, SpoolFile& out) {
  // All 64 digits: with a short prefix, somebody could craft two photos that share an id, and one
  // would be shown in place of the other.
  std::string id = "p" + info.sha256.hex();
  if (embedded_.contains(info.sha256)) return {id, {}};
  image::Bytes jpeg;
  double x = 0, y = 0, width = 0, height = 0;
  try {
    const image::Bytes bytes = image::read_file(file, decode_.max_file_bytes);
    if (image::sha256(bytes) != info.sha256) {
      return {{}, "The file has changed: its SHA-256 is not the one that was compared."};
    }
    const image::Photo photo = image::decode(bytes, decode_, long_side_px_);
    jpeg = image::encode_jpeg(image::reduce(photo.pixels, long_side_px_), kJpegQuality);
    // A JPEG that was decoded reduced covers whole blocks, which reach a little over the photo.
    x = frame.scale_x * photo.origin_x;
    y = frame.scale_y * photo.origin_y;
    width = frame.scale_x * photo.reduction * photo.pixels.width;
    height = frame.scale_y * photo.reduction * photo.pixels.height;
  } catch (const Error& error) {
    return {{}, why_unreadable(error)};
  } catch (const std::bad_alloc&) {
    return {{}, why_unreadable(Error(ErrorCode::kOutOfMemory, ""))};
  }
  if (embedded_.size() < kRemembered) {
    embedded_.insert(info.sha256);
  } else {
    id += fmt::format("-{}", ++repeats_);
  }
  // The inner <svg> is what is shown elsewhere: it cuts off what reaches over.
  out.write(
      fmt::format("<svg class=\"store\" aria-hidden=\"true\"><defs><svg id=\"{}\" width=\"{}\" "
                  "height=\"{}\"><image x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\" "
                  "preserveAspectRatio=\"none\" href=\"data:image/jpeg;base64,",
                  id, frame.width, frame.height, x, y, width, height));
  out.write(base64(jpeg));
  out.write("\"/></svg></defs></svg>\n");
  return {id, {}};
}

}  // namespace pressmark::report
