// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <limits>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/report/json_values.hpp"
#include "engine/report/output_file.hpp"
#include "engine/seizure/output.hpp"
#include "pressmark/error.hpp"

namespace pressmark::seizure {
namespace {

constexpr std::string_view kBefore = "{\"check\":\"", kBetween = "\",\"record\":", kAfter = "}";
constexpr std::size_t kDigits = 16;

[[noreturn]] void fail(const char* action, const std::filesystem::path& file) {
  throw Error(ErrorCode::kIo,
              fmt::format("cannot {} {}: {}", action, file.native(),
                          std::error_code(errno, std::generic_category()).message()));
}

// The record of a line without its end, or nothing where the line is not sound.
std::optional<Json> parse_line(std::string_view line) {
  const std::size_t head = kBefore.size() + kDigits + kBetween.size();
  if (line.size() < head + kAfter.size() || !line.starts_with(kBefore) || !line.ends_with(kAfter) ||
      line.substr(kBefore.size() + kDigits, kBetween.size()) != kBetween) {
    return std::nullopt;
  }
  const std::string_view text = line.substr(head, line.size() - head - kAfter.size());
  if (check_of(text) != line.substr(kBefore.size(), kDigits)) return std::nullopt;
  Json record = Json::parse(text, nullptr, false);
  if (record.is_discarded()) return std::nullopt;
  return record;
}

// The next line without its end; nothing at the end of the file or where the last line has none.
std::optional<std::string> next_line(std::ifstream& stream) {
  std::string line;
  if (!std::getline(stream, line) || stream.eof()) return std::nullopt;
  return line;
}

}  // namespace

std::string check_of(std::string_view bytes) {
  return fmt::format("{:016x}", XXH3_64bits(bytes.data(), bytes.size()));
}

struct CheckSum::State {
  XXH3_state_t* const xxh3 = XXH3_createState();
  State() {
    if (xxh3 == nullptr) throw std::bad_alloc();
    XXH3_64bits_reset(xxh3);
  }
  ~State() { XXH3_freeState(xxh3); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

CheckSum::CheckSum() : state_(std::make_unique<State>()) {}
CheckSum::~CheckSum() = default;

void CheckSum::add(std::string_view bytes) {
  XXH3_64bits_update(state_->xxh3, bytes.data(), bytes.size());
}

std::string CheckSum::digits() const {
  return fmt::format("{:016x}", XXH3_64bits_digest(state_->xxh3));
}

std::string journal_line(const Json& record) {
  const std::string text = report::serialise(record);
  return fmt::format("{}{}{}{}{}\n", kBefore, check_of(text), kBetween, text, kAfter);
}

JournalReader::JournalReader(std::filesystem::path file)
    : file_(std::move(file)), stream_(file_, std::ios::binary) {
  if (!stream_) fail("read", file_);
}

std::optional<Json> JournalReader::next() {
  std::string line;
  ++line_;
  const bool is_line = static_cast<bool>(std::getline(stream_, line));
  if (stream_.bad()) fail("read", file_);
  if (!is_line) return std::nullopt;
  std::optional<Json> record = stream_.eof() ? std::nullopt : parse_line(line);
  if (!record) {
    throw Error(ErrorCode::kCorruptData, fmt::format("{}:{} is damaged", file_.native(), line_));
  }
  return record;
}

Journal::Journal(std::filesystem::path file) : file_(std::move(file)) {
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("open", file_);
  try {
    sync_directory(file_.has_parent_path() ? file_.parent_path() : ".");
    size_ = recover(std::numeric_limits<std::int64_t>::max());
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

Journal::~Journal() {
  ::close(descriptor_);
}

// Leaves the first sound records, `most` at most.
std::int64_t Journal::recover(std::int64_t most) {
  std::ifstream stream(file_, std::ios::binary);
  if (!stream) fail("read", file_);
  std::int64_t records = 0;
  off_t sound = 0;
  while (records < most) {
    const std::optional<std::string> line = next_line(stream);
    if (!line || !parse_line(*line)) break;
    sound += static_cast<off_t>(line->size() + 1);
    ++records;
  }
  if (stream.bad()) fail("read", file_);
  if (::ftruncate(descriptor_, sound) != 0) fail("shorten", file_);
  if (::lseek(descriptor_, sound, SEEK_SET) < 0) fail("write", file_);
  if (::fsync(descriptor_) != 0) fail("sync", file_);
  return records;
}

void Journal::append(std::span<const Json> records) {
  // A directory that was removed or replaced would take what is written with it, without an error.
  struct stat opened {
  }, present{};
  if (::fstat(descriptor_, &opened) != 0) fail("write", file_);
  if (::stat(file_.c_str(), &present) != 0) fail("write", file_);
  if (opened.st_dev != present.st_dev || opened.st_ino != present.st_ino) {
    throw Error(ErrorCode::kIo,
                fmt::format("{} was replaced while it was written", file_.native()));
  }
  std::string text;
  for (const Json& record : records) text += journal_line(record);
  if (!report::write_all(descriptor_, text)) fail("write", file_);
  if (::fdatasync(descriptor_) != 0) fail("sync", file_);
  size_ += static_cast<std::int64_t>(records.size());
}

void Journal::cut(std::int64_t records) {
  size_ = recover(records);
}

}  // namespace pressmark::seizure
