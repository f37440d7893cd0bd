// SPDX-License-Identifier: Apache-2.0
//
// A file that grows by finished records, one on each line: {"check":"...","record":{...}}, the
// check being the XXH3-64 of the record's bytes. What append() wrote is on the disk when it
// returns. After a crash the file may end in the middle of a batch; a line that does not pass its
// check, and all that follow, count as never written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pressmark::seizure {

using Json = nlohmann::ordered_json;

// The XXH3-64 in hexadecimal digits.
std::string check_of(std::string_view bytes);

// The same of bytes that come in pieces.
class CheckSum {
 public:
  CheckSum();
  ~CheckSum();
  CheckSum(const CheckSum&) = delete;
  CheckSum& operator=(const CheckSum&) = delete;
  void add(std::string_view bytes);
  std::string digits() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One line with its end. Invalid UTF-8 is replaced.
std::string journal_line(const Json& record);

// Reads a journal in order, one line at a time. Throws Error: kCorruptData naming file and line,
// kIo.
class JournalReader {
 public:
  explicit JournalReader(std::filesystem::path file);
  std::optional<Json> next();  // nothing at the end

 private:
  std::filesystem::path file_;
  std::ifstream stream_;
  std::int64_t line_ = 0;
};

class Journal {
 public:
  // Creates the file, or cuts off what a crash left behind its last sound record. Throws
  // Error(kIo).
  explicit Journal(std::filesystem::path file);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  std::int64_t size() const { return size_; }  // records

  // All of them or, where it throws Error(kIo), as many as reached the disk: the journal must then
  // be opened again. Also throws where the file is not in its place any more.
  void append(std::span<const Json> records);

  // Forgets all but the first `records`.
  void cut(std::int64_t records);

 private:
  std::int64_t recover(std::int64_t most);

  std::filesystem::path file_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace pressmark::seizure
