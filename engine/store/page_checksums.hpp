// SPDX-License-Identifier: Apache-2.0
//
// Checksums of the database's pages, which SQLite itself does not keep: a layer (VFS) between
// SQLite and the system's files. Each page of the database file ends with the XXH3 of its other
// bytes, seeded with its number, so that neither a changed nor a displaced page passes. Pages in
// the write-ahead log keep SQLite's own chained checksums, which SQLite looks at after a crash
// only; here they are verified whenever a page is read. A page that fails is never handed to
// SQLite: the read fails with SQLITE_IOERR_DATA (docs/decisions/0013-page-checksums.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pressmark::store {

// Bytes that a page's checksum takes; the database's header states them in byte 20.
inline constexpr int kPageReservedBytes = 8;

// Adds the layer to SQLite, above its default one, once in a process; returns the name to open
// databases with. Safe from many threads. Throws Error(kIo).
const char* page_checksum_vfs();

// Of a whole page; the bytes of the checksum itself do not take part. Pages count from 1.
std::uint64_t page_checksum(std::span<const std::byte> page, std::uint32_t number);
bool page_is_sound(std::span<const std::byte> page, std::uint32_t number);

}  // namespace pressmark::store
