// SPDX-License-Identifier: Apache-2.0
#include "outputs.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "pressmark/error.hpp"
#include "terminal.hpp"

namespace pressmark::cli {

void add_format_options(CLI::App& command, OutputFormat& format) {
  CLI::Option* json = command.add_flag("--json", format.json, "Print one JSON array of records");
  CLI::Option* jsonl =
      command.add_flag("--jsonl", format.jsonl, "Print one JSON record a line, as they come");
  json->excludes(jsonl);
}

void RecordPrinter::print(std::string_view record) {
  if (format_.is_table()) return;
  if (format_.json) print_line(any_ ? "," : "[");
  print_line(record);
  any_ = true;
}

void RecordPrinter::finish() {
  if (format_.json) print_line(any_ ? "]" : "[]");
  flush_output();
}

LineFile::LineFile(std::filesystem::path file)
    : file_(std::move(file)),
      partial_(fmt::format("{}.{}.partial", file_.native(), ::getpid())),
      stream_(std::fopen(partial_.c_str(), "wb")) {
  if (stream_ == nullptr) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot write {}: {}", display(file_), std::strerror(errno)));
  }
}

LineFile::~LineFile() {
  if (stream_ == nullptr) return;
  std::fclose(stream_);
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
}

void LineFile::write(std::string_view line) {
  if (std::fwrite(line.data(), 1, line.size(), stream_) != line.size() ||
      std::fputc('\n', stream_) == EOF) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot write {}: {}", display(file_), std::strerror(errno)));
  }
}

void LineFile::finish() {
  const bool flushed = std::fflush(stream_) == 0 && ::fsync(::fileno(stream_)) == 0;
  const bool closed = std::fclose(stream_) == 0;
  stream_ = nullptr;
  std::error_code error;
  if (flushed && closed) {
    std::filesystem::rename(partial_, file_, error);
    if (!error) return;
  }
  const std::string reason = error ? error.message() : std::strerror(errno);
  std::filesystem::remove(partial_, error);
  throw Error(ErrorCode::kIo, fmt::format("cannot write {}: {}", display(file_), reason));
}

void check_writable(const std::filesystem::path& file) {
  if (std::filesystem::is_directory(file)) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot write {}: {}", display(file), std::strerror(EISDIR)));
  }
  const LineFile probe(file);  // removed again unfinished
}

}  // namespace pressmark::cli
