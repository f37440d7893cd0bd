// SPDX-License-Identifier: Apache-2.0
//
// Frames of SQLite's write-ahead log (https://www.sqlite.org/fileformat.html#walformat), as far as
// verifying one page of it needs them.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <set>
#include <span>

namespace pressmark::store {

// What one connection has done to its log, and whether frames of it are sound. Used by one thread
// at a time, as SQLite uses the file.
class WalFrames {
 public:
  // To be told of each write before it is made.
  void on_write(std::span<const std::uint8_t> bytes, sqlite3_int64 offset);

  // Whether the read of `page` from `offset` is that of a frame's page.
  static bool is_page_of_frame(std::size_t size, sqlite3_int64 offset);

  // Verifies the page of a frame by the chain of checksums: that of the frame before, or of the
  // log's header, leads to that of this frame. Returns SQLITE_OK, SQLITE_IOERR_DATA, or why the
  // file cannot be read.
  int verify(sqlite3_file* log, std::span<const std::uint8_t> page, sqlite3_int64 offset) const;

 private:
  sqlite3_int64 last_header_ = -1;
  // Pages whose frame's header is out of date, by offset: a transaction too large for memory wrote
  // the page again, or a further one behind such a page. SQLite brings these headers up to date
  // when the transaction commits; until then nobody else reads the pages.
  std::set<sqlite3_int64> unfinished_;
};

}  // namespace pressmark::store
