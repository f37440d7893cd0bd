// SPDX-License-Identifier: Apache-2.0
//
// Physical lines of a text file, read in blocks: memory is bounded whatever the file holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace pressmark::inputs {

// Longer lines, and CSV rows of several lines, are no sensible manifest; most often a quote is not
// closed.
inline constexpr std::size_t kMaxRowBytes = std::size_t{1} << 20;

struct Line {
  std::int64_t number = 0;  // from 1
  std::string text;         // with its line end (LF, CR LF or CR); the last one may have none
  bool too_long = false;    // longer than kMaxRowBytes; the text is empty
};

class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& file);

  // False at the end or on a read error. The line is reused, so that its memory is.
  bool next(Line& line);

  bool failed() const;                         // the file could not be opened or read
  bool is_utf16() const { return is_utf16_; }  // known once the reader is constructed

 private:
  bool refill();

  std::ifstream stream_;
  std::vector<char> block_;
  std::size_t position_ = 0;
  std::int64_t lines_ = 0;
  bool is_utf16_ = false;
};

}  // namespace pressmark::inputs
