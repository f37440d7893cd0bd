// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "pressmark/error.hpp"

namespace pressmark::cli {
namespace {

constexpr const char* kWipeLine = "\r\033[K";
constexpr std::chrono::milliseconds kProgressInterval{100};

bool g_progress_shown = false;

bool wants_colour(int descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* terminal = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

const char* escape_code(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "\033[1m";
    case Style::kDim:
      return "\033[2m";
    case Style::kGreen:
      return "\033[32m";
    case Style::kYellow:
      return "\033[33m";
    case Style::kRed:
      return "\033[31m";
  }
  return "";
}

void write_stderr(std::string_view line) {
  if (g_progress_shown) std::fputs(kWipeLine, stderr);
  g_progress_shown = false;
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fputc('\n', stderr);
}

Error output_error() {
  return Error(ErrorCode::kIo, fmt::format("cannot write to stdout: {}", std::strerror(errno)));
}

}  // namespace

std::string display(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else if (c == '\t') {
      result += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      // U+0080..U+009F: control characters too; U+009B begins an escape sequence.
      result += fmt::format("\\x{:02x}\\x{:02x}", byte, next);
      ++i;
    } else {
      result += c;
    }
  }
  return result;
}

std::string display(const std::filesystem::path& path) {
  return display(std::string_view(path.native()));
}

std::string styled(Style style, std::string_view text, bool on_stderr) {
  if (!wants_colour(on_stderr ? STDERR_FILENO : STDOUT_FILENO)) return std::string(text);
  return fmt::format("{}{}\033[0m", escape_code(style), text);
}

void print_line(std::string_view line) {
  if (g_progress_shown && ::isatty(STDOUT_FILENO) == 1) {
    std::fputs(kWipeLine, stderr);
    g_progress_shown = false;
  }
  if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size() ||
      std::fputc('\n', stdout) == EOF) {
    throw output_error();
  }
}

void flush_output() {
  if (std::fflush(stdout) != 0) throw output_error();
}

void print_message(std::string_view message) {
  write_stderr(message);
}

void print_error(std::string_view message) {
  write_stderr(fmt::format("{} {}", styled(Style::kRed, "pressmark:", true), message));
}

ProgressLine::ProgressLine() : start_(std::chrono::steady_clock::now()), shown_() {}

ProgressLine::~ProgressLine() {
  if (g_progress_shown) std::fputs(kWipeLine, stderr);
  g_progress_shown = false;
}

void ProgressLine::update(const Progress& progress) {
  if (::isatty(STDERR_FILENO) != 1) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - shown_ < kProgressInterval) return;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(progress.done) / seconds : 0;
  std::string line = fmt::format("  {}/{}", progress.done, progress.total);
  if (progress.total > 0) {
    line += fmt::format("  {} %", 100 * progress.done / progress.total);
  }
  line += fmt::format("  {:.1f}/s", rate);
  if (rate > 0 && progress.total > progress.done) {
    const auto left = static_cast<long>(static_cast<double>(progress.total - progress.done) / rate);
    line += fmt::format("  {}:{:02}:{:02} left", left / 3600, left / 60 % 60, left % 60);
  }
  std::fprintf(stderr, "%s%s", kWipeLine, line.c_str());
  std::fflush(stderr);
  g_progress_shown = true;
}

}  // namespace pressmark::cli
