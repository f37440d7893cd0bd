// SPDX-License-Identifier: Apache-2.0
//
// The writer's lock of a catalogue: an advisory lock (flock) on `writer.lock`, held as long as the
// object lives. The kernel lets go of it when the process ends, however it ends, so a stale file
// never blocks anyone. The file holds the owner's process id, for messages only.
#pragma once

#include <filesystem>

#include "engine/store/file_io.hpp"

namespace pressmark::store {

class WriterLock {
 public:
  // Throws Error: kBusy naming the owner where the lock is taken, kIo.
  explicit WriterLock(const std::filesystem::path& file);
  ~WriterLock();

  // Whether somebody holds it, as far as can be seen: not where the file cannot be opened.
  static bool is_taken(const std::filesystem::path& file);
  WriterLock(WriterLock&&) noexcept = default;
  WriterLock& operator=(WriterLock&&) noexcept = default;

 private:
  FileDescriptor file_;
};

}  // namespace pressmark::store
