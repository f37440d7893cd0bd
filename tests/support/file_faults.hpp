// SPDX-License-Identifier: Apache-2.0
//
// A layer between a program and the system that makes changes of files fail, or ends the process,
// at the n-th of them. It stands in front of the C library's functions (open, pwrite, fsync,
// rename, ...), so that it covers whatever changes a file: ours, SQLite's and the standard
// library's code alike, without a hook in any of them. A program that is linked with it calls the
// functions below; any other is started with it in LD_PRELOAD, and is told by the environment:
//
//   PRESSMARK_FAULTS_BELOW   directory that counts, with all below it
//   PRESSMARK_FAULTS_AT      number of the operation that does not succeed, from 1; absent: none
//   PRESSMARK_FAULTS_ACTION  kill, tear, short, or the name of an error: EIO, ENOSPC, EROFS, ...
//   PRESSMARK_FAULTS_ONWARDS 1: every later operation fails as well
//   PRESSMARK_FAULTS_TRACE   file to which operations are written, one a line (file_faults.cpp)
//
// What does not pass here: writing through memory mappings (SQLite's index of its log, which is
// rebuilt from the log), and what the C library does inside itself (fopen and its kin).
#pragma once

#include <cstdint>
#include <string>

namespace pressmark::test::faults {

enum class Action {
  kNone,   // count only
  kKill,   // SIGKILL to this process, before the operation
  kTear,   // the same, but where the operation writes, half of the bytes are written before
  kShort,  // a write takes half of the bytes and succeeds; other operations are not changed
  kFail,   // the operation fails and changes nothing
};

struct Plan {
  std::string below;    // absolute: this directory and all below it counts, nothing else
  std::int64_t at = 0;  // from 1
  Action action = Action::kNone;
  int error = 0;         // for kFail: errno
  bool onwards = false;  // kFail: later operations too; with ENOSPC those that free space succeed
};

// Counting starts anew. Not to be called while other threads change files.
[[gnu::visibility("default")]] void arm(const Plan& plan);

// Lets everything pass; returns how many operations were counted since arm().
[[gnu::visibility("default")]] std::int64_t disarm();

}  // namespace pressmark::test::faults
