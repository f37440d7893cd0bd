// SPDX-License-Identifier: Apache-2.0
//
// Buffered writing to disk in the two ways that a streamed report needs: a nameless spool for
// parts whose place in the document comes later, and a file that appears under its name only when
// it is complete. Both throw Error(kIo) naming the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace pressmark::report {

// False, with errno, where not all could be written.
bool write_all(int descriptor, std::string_view bytes);

// A temporary file beside `target`, unlinked at once: even a killed process leaves nothing behind.
class SpoolFile {
 public:
  explicit SpoolFile(const std::filesystem::path& target);
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  void write(std::string_view bytes);

 private:
  friend class AtomicFile;
  void flush();

  std::filesystem::path target_;
  int descriptor_ = -1;
  std::string buffer_;
};

// When a file must have reached the disk: before it has its name; or when its maker waits for all
// of many files at once, before anything relies on them.
enum class Durability { kAtOnce, kLater };

// A file beside its target, renamed onto it by commit(), removed if that never happens.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void append(SpoolFile& spool);  // its whole content
  void commit(Durability durability = Durability::kAtOnce);

 private:
  void flush();

  std::filesystem::path target_, temporary_;
  int descriptor_ = -1;
  std::string buffer_;
};

}  // namespace pressmark::report
