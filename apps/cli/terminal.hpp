// SPDX-License-Identifier: Apache-2.0
//
// Data goes to stdout, everything for people to stderr. Colour and progress only on a terminal;
// NO_COLOR (no-color.org) is honoured.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "pressmark/model.hpp"

namespace pressmark::cli {

// A name made safe for one line of a terminal: control characters become \n, \x1b and the like.
std::string display(std::string_view text);
std::string display(const std::filesystem::path& path);

enum class Style { kPlain, kBold, kDim, kGreen, kYellow, kRed };

// The text with colour if `stdout` (or stderr) is a terminal that wants it.
std::string styled(Style style, std::string_view text, bool on_stderr = false);

// One line on stdout. Throws Error(kIo) where it cannot be written (closed pipe, full disk).
void print_line(std::string_view line);
// Written out before the program reports success. Throws Error(kIo).
void flush_output();

// One line on stderr, above the progress line.
void print_message(std::string_view message);
void print_error(std::string_view message);

// "  120/1000  12 %  34.5 photos/s  0:26 left" on stderr, at most ten times a second.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();  // wipes the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void update(const Progress& progress);

 private:
  std::chrono::steady_clock::time_point start_, shown_;
};

}  // namespace pressmark::cli
