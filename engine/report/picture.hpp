// SPDX-License-Identifier: Apache-2.0
//
// Pictures of a report: read from the original files, checked against the SHA-256 that the result
// was computed from, reduced and embedded once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "engine/image/image.hpp"
#include "engine/report/output_file.hpp"
#include "engine/report/overlay.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/options.hpp"

namespace pressmark::report {

// A picture that the document holds (the id of its element), or one line why it does not.
struct EmbeddedPicture {
  std::string id;      // empty where there is no picture
  std::string reason;  // for people
};

// A reduced photo as JPEG, with the rectangle of photo pixels that it covers; or why there is none.
struct LoadedPicture {
  image::Bytes jpeg;
  double x = 0, y = 0, width = 0, height = 0;
  std::string reason;  // for people; empty where there is a picture
};

// The file must still be the one whose SHA-256 `info` states.
LoadedPicture load_picture(const std::filesystem::path& file, const PhotoInfo& info,
                           const DecodeOptions& decode, int long_side_px);

// The id of a picture's element. All 64 digits: with a short prefix, somebody could craft two
// photos that share an id, and one would be shown in place of the other.
std::string picture_id(const PhotoInfo& info);

// The element, to be written once in a document; `address` is where its JPEG is.
std::string picture_definition(const std::string& id, const LoadedPicture& picture,
                               const DisplayFrame& frame, const std::string& address);

class PictureBook {
 public:
  PictureBook(const DecodeOptions& decode, int long_side_px);

  // Writes the picture's definition to `out` unless the document has it already. A picture is
  // known by its SHA-256, so one photo that is found by many queries, or that is query and hit at
  // once, is embedded once.
  EmbeddedPicture embed(const std::filesystem::path& file, const PhotoInfo& info,
                        const DisplayFrame& frame, SpoolFile& out);

 private:
  // Bounds the memory of this class to a few megabytes. Beyond it, pictures that are not
  // remembered may be embedded again, under new ids.
  static constexpr std::size_t kRemembered = 50'000;

  DecodeOptions decode_;
  int long_side_px_;
  std::set<Sha256> embedded_;
  std::size_t repeats_ = 0;
};

}  // namespace pressmark::report
