// SPDX-License-Identifier: Apache-2.0
//
// The formats of stdout: a table for people, or records of pressmark/json.hpp.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <string_view>

#include "pressmark/inputs.hpp"

namespace pressmark::cli {

struct OutputFormat {
  bool json = false;   // one array of records
  bool jsonl = false;  // one record a line
  bool is_table() const { return !json && !jsonl; }
};

// --json and --jsonl, which exclude each other.
void add_format_options(CLI::App& command, OutputFormat& format);

// Writes records as they come. Nothing is printed in table format.
class RecordPrinter {
 public:
  explicit RecordPrinter(const OutputFormat& format) : format_(format) {}
  void print(std::string_view record);
  void finish();  // closes the array, flushes; throws Error(kIo)

 private:
  OutputFormat format_;
  bool any_ = false;
};

// A file that appears under its name only when it is complete; lines are appended. Throws
// Error(kIo).
class LineFile {
 public:
  explicit LineFile(std::filesystem::path file);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  void write(std::string_view line);
  void finish();

 private:
  std::filesystem::path file_, partial_;
  std::FILE* stream_ = nullptr;
};

// Throws Error(kIo) where `file` cannot be created or replaced.
void check_writable(const std::filesystem::path& file);

}  // namespace pressmark::cli
