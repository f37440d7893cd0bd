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
