// SPDX-License-Identifier: Apache-2.0
//
// Pictures of a report as JPEG files in report/pictures, named by the SHA-256 of the photo that
// they show: small ones for albums, larger ones for pairs. Read from the original files, which must
// still be the ones that were compared. They reach the disk when their user waits for it
// (sync_file_system).
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "engine/report/overlay.hpp"
#include "engine/report/picture.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::seizure {

// Relative to the report.
std::string small_picture_name(const Sha256& sha256);

// Safe from many threads.
class PictureFiles {
 public:
  // Throws Error(kIo).
  PictureFiles(const std::filesystem::path& report_directory, const DecodeOptions& decode);

  // Writes an album picture; one thread at a time for one photo. Returns why there is none, empty
  // where there is. Throws Error(kIo) where it cannot be written.
  std::string write_small(const std::filesystem::path& file, const PhotoInfo& info) const;

  // A picture for pages that lie one folder below the report: its SVG definition, to be written
  // once on a page, and the id by which to use it. Empty where there is no picture.
  struct Large {
    report::EmbeddedPicture picture;
    std::string definition;
  };
  // Made by the first who asks. Throws as write_small.
  Large large(const std::filesystem::path& file, const PhotoInfo& info);

 private:
  // What is kept of a picture, whose JPEG lies in its file.
  struct Made {
    std::once_flag once;
    report::LoadedPicture picture;
  };

  std::filesystem::path directory_;
  DecodeOptions decode_;
  std::mutex mutex_;             // of the map, not of what it holds
  std::map<Sha256, Made> made_;  // those of pairs that are shown: few
};

}  // namespace pressmark::seizure
