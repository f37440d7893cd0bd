// SPDX-License-Identifier: Apache-2.0
//
// From what a user names (files, folders, manifests) to a list of photos. Nothing here decodes
// pixels. Whatever cannot be used is returned as an issue, never thrown, so that one bad row or
// link does not stop a run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "pressmark/error.hpp"
#include "pressmark/export.hpp"
#include "pressmark/types.hpp"

namespace pressmark {

struct PhotoInput {
  std::filesystem::path file;
  ImageFacts facts;
  std::string source;  // "manifest.csv:12" where a manifest named the file, else empty
  // Query photos of one name show one mark, e.g. under several lights: see MarkResult. Empty: the
  // photo stands alone.
  std::string mark = {};
};

struct InputIssue {
  std::string file;  // what could not be used: path, or "manifest.csv:12"
  ErrorCode code = ErrorCode::kInvalidArgument;
  std::string reason;  // one line
};

struct PhotoList {
  std::vector<PhotoInput> photos;  // folders: sorted by path (bytes); manifests: in row order
  std::vector<InputIssue> issues;
  std::vector<Seizure> seizures;   // declared by manifests: rows that state place, date or agency
  std::int64_t skipped_files = 0;  // files in folders whose name does not end like a photo's
};

// Folders are walked recursively; symbolic links are followed, a folder is entered once, so loops
// end. In folders only names ending in jpg, jpeg, jpe, png, tif, tiff, bmp, webp or gif (any case)
// count; a file named directly is always tried. A folder without photos is an issue.
PRESSMARK_API PhotoList collect_photos(std::span<const std::filesystem::path> inputs);

// Reads a manifest; relative file names are relative to the manifest. UTF-8, with or without BOM.
//   *.csv: RFC 4180 with a header row. *.jsonl: one object per line.
// Columns or keys: file (required), seizure, package, kind, place, date, agency, scale_mm_per_px,
// roi ("x y w h", also with commas; in JSON an array of four), mark; every other one, and mark too,
// becomes metadata.
// A manifest that cannot be used at all gives one issue; an unusable row gives one issue.
PRESSMARK_API PhotoList read_manifest(const std::filesystem::path& manifest);

}  // namespace pressmark
