// SPDX-License-Identifier: Apache-2.0
//
// Pictures of a report as JPEG files in report/pictures, named by the SHA-256 of the photo that
// they show: small ones for albums, larger ones for pairs. Read from the original files, which must
// still be the ones that were compared.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/report/overlay.hpp"
#include "engine/report/picture.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::seizure {

class PictureFiles {
 public:
  // Throws Error(kIo).
  PictureFiles(const std::filesystem::path& report_directory, const DecodeOptions& decode);

  struct Small {
    std::string name;    // relative to the report; empty where there is none
    std::string reason;  // why
  };
  // An album picture; one that is there already is kept. Throws Error(kIo) where it cannot be
  // written.
  Small small(const std::filesystem::path& file, const PhotoInfo& info);

  // A picture for pages that lie one folder below the report: its SVG definition, to be written
  // once on a page, and the id by which to use it. Empty where there is no picture.
  struct Large {
    report::EmbeddedPicture picture;
    std::string definition;
  };
  const Large& large(const std::filesystem::path& file, const PhotoInfo& info);

 private:
  std::filesystem::path directory_;
  DecodeOptions decode_;
  std::map<Sha256, Large> large_;  // those of pairs that are shown: few
};

}  // namespace pressmark::seizure
