// SPDX-License-Identifier: Apache-2.0
#include "engine/store/page_checksums.hpp"

#include <sqlite3.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "engine/store/wal_frames.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

constexpr const char* kName = "pressmark-page-checksums";
constexpr char kMagic[16] = "SQLite format 3";  // with its NUL
constexpr int kHeaderSize = 100;                // of the database, at the start of page 1
constexpr int kReservedOffset = 20;
constexpr int kSmallestPage = 512;

sqlite3_vfs* base_of(sqlite3_vfs* vfs) {
  return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

enum class Kind { kDatabase, kLog };

// What the layer adds to an open file.
struct State {
  explicit State(Kind what) : kind(what) {}

  Kind kind;
  // Databases: pages carry checksums. Once seen it stays: no operation of ours takes them away,
  // and a damaged header must not.
  bool has_checksums = false;
  std::vector<std::byte> scratch;  // a page on its way to the file
  WalFrames frames;                // logs
};

// SQLite allocates it, with the file of the layer below right behind.
struct File {
  sqlite3_file base;  // first: SQLite knows no more of it
  State* state;
};
static_assert(sizeof(File) % 8 == 0);

sqlite3_file* below(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}
State& state_of(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file)->state;
}

bool is_page(int size, sqlite3_int64 offset) {
  return size >= kSmallestPage && (size & (size - 1)) == 0 && offset % size == 0;
}

std::uint32_t page_number(int size, sqlite3_int64 offset) {
  return static_cast<std::uint32_t>(offset / size + 1);
}

bool header_states_checksums(const void* bytes) {
  const auto* header = static_cast<const unsigned char*>(bytes);
  return std::memcmp(header, kMagic, sizeof kMagic) == 0 &&
         header[kReservedOffset] == kPageReservedBytes;
}

// For files that had no checksums when they were last looked at: another connection may have
// brought the catalogue up to date.
void look_again(sqlite3_file* file) {
  State& state = state_of(file);
  if (state.has_checksums) return;
  unsigned char header[kHeaderSize] = {};
  if (below(file)->pMethods->xRead(below(file), header, kHeaderSize, 0) == SQLITE_OK) {
    state.has_checksums = header_states_checksums(header);
  }
}

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
  State& state = state_of(file);
  const int code = below(file)->pMethods->xRead(below(file), bytes, size, offset);
  if (code != SQLITE_OK) return code;
  if (state.kind == Kind::kLog) {
    const auto length = static_cast<std::size_t>(size);
    if (!WalFrames::is_page_of_frame(length, offset)) return SQLITE_OK;
    return state.frames.verify(below(file),
                               std::span(static_cast<const std::uint8_t*>(bytes), length), offset);
  }
  if (offset == 0 && size >= kHeaderSize && header_states_checksums(bytes)) {
    state.has_checksums = true;
  }
  if (!state.has_checksums || !is_page(size, offset)) return SQLITE_OK;
  const std::span page(static_cast<const std::byte*>(bytes), static_cast<std::size_t>(size));
  return page_is_sound(page, page_number(size, offset)) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

// SQLite writes whole pages to the database file only, from its log when it is copied back, and
// directly before the log exists.
int write_page(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  State& state = state_of(file);
  try {
    state.scratch.resize(static_cast<std::size_t>(size));
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
  std::memcpy(state.scratch.data(), bytes, state.scratch.size());
  const std::uint64_t sum = page_checksum(state.scratch, page_number(size, offset));
  std::memcpy(state.scratch.data() + state.scratch.size() - sizeof sum, &sum, sizeof sum);
  return below(file)->pMethods->xWrite(below(file), state.scratch.data(), size, offset);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  State& state = state_of(file);
  if (state.kind == Kind::kLog) {
    try {
      state.frames.on_write(
          {static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size)}, offset);
    } catch (const std::bad_alloc&) {
      return SQLITE_IOERR_NOMEM;
    }
    return below(file)->pMethods->xWrite(below(file), bytes, size, offset);
  }
  if (offset == 0 && size >= kHeaderSize && header_states_checksums(bytes)) {
    state.has_checksums = true;
  }
  if (is_page(size, offset)) {
    look_again(file);
    if (state.has_checksums) return write_page(file, bytes, size, offset);
  }
  return below(file)->pMethods->xWrite(below(file), bytes, size, offset);
}

int close(sqlite3_file* file) {
  const int code = below(file)->pMethods->xClose(below(file));
  delete reinterpret_cast<File*>(file)->state;
  return code;
}

// Everything else is the business of the layer below.
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  return below(file)->pMethods->xTruncate(below(file), size);
}
int sync(sqlite3_file* file, int flags) {
  return below(file)->pMethods->xSync(below(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return below(file)->pMethods->xFileSize(below(file), size);
}
int lock(sqlite3_file* file, int level) {
  return below(file)->pMethods->xLock(below(file), level);
}
int unlock(sqlite3_file* file, int level) {
  return below(file)->pMethods->xUnlock(below(file), level);
}
int check_reserved_lock(sqlite3_file* file, int* result) {
  return below(file)->pMethods->xCheckReservedLock(below(file), result);
}
int file_control(sqlite3_file* file, int operation, void* argument) {
  return below(file)->pMethods->xFileControl(below(file), operation, argument);
}
int sector_size(sqlite3_file* file) {
  return below(file)->pMethods->xSectorSize(below(file));
}
int device_characteristics(sqlite3_file* file) {
  return below(file)->pMethods->xDeviceCharacteristics(below(file));
}
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  return below(file)->pMethods->xShmMap(below(file), page, size, extend, memory);
}
int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  return below(file)->pMethods->xShmLock(below(file), offset, n, flags);
}
void shm_barrier(sqlite3_file* file) {
  below(file)->pMethods->xShmBarrier(below(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
  return below(file)->pMethods->xShmUnmap(below(file), remove);
}

// Version 2: no xFetch, so that SQLite cannot map pages past the verification.
constexpr sqlite3_io_methods kMethods = {2,
                                         close,
                                         read,
                                         write,
                                         truncate,
                                         sync,
                                         file_size,
                                         lock,
                                         unlock,
                                         check_reserved_lock,
                                         file_control,
                                         sector_size,
                                         device_characteristics,
                                         shm_map,
                                         shm_lock,
                                         shm_barrier,
                                         shm_unmap,
                                         nullptr,
                                         nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* base = base_of(vfs);
  const bool is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  if (!is_database && (flags & SQLITE_OPEN_WAL) == 0) {
    return base->xOpen(base, name, file, flags, out_flags);  // journals and temporary files
  }
  file->pMethods = nullptr;
  auto state =
      std::unique_ptr<State>(new (std::nothrow) State(is_database ? Kind::kDatabase : Kind::kLog));
  if (state == nullptr) return SQLITE_NOMEM;
  below(file)->pMethods = nullptr;
  const int code = base->xOpen(base, name, below(file), flags, out_flags);
  if (code != SQLITE_OK) {
    // Whoever opened a file closes it, even where that failed.
    if (below(file)->pMethods != nullptr) below(file)->pMethods->xClose(below(file));
    return code;
  }
  reinterpret_cast<File*>(file)->state = state.release();
  file->pMethods = &kMethods;
  if (is_database) look_again(file);
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  return base_of(vfs)->xDelete(base_of(vfs), name, sync_directory);
}
int access(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
  return base_of(vfs)->xAccess(base_of(vfs), name, flags, result);
}
int full_pathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  return base_of(vfs)->xFullPathname(base_of(vfs), name, size, out);
}
int randomness(sqlite3_vfs* vfs, int size, char* out) {
  return base_of(vfs)->xRandomness(base_of(vfs), size, out);
}
int sleep(sqlite3_vfs* vfs, int microseconds) {
  return base_of(vfs)->xSleep(base_of(vfs), microseconds);
}
int current_time(sqlite3_vfs* vfs, double* out) {
  return base_of(vfs)->xCurrentTime(base_of(vfs), out);
}
int current_time_64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  return base_of(vfs)->xCurrentTimeInt64(base_of(vfs), out);
}
int last_error(sqlite3_vfs* vfs, int size, char* out) {
  return base_of(vfs)->xGetLastError(base_of(vfs), size, out);
}

// Extensions are never loaded, so that the functions for them may be missing.
sqlite3_vfs make_vfs(sqlite3_vfs* base) {
  sqlite3_vfs vfs{};
  vfs.iVersion = 2;
  vfs.szOsFile = static_cast<int>(sizeof(File)) + base->szOsFile;
  vfs.mxPathname = base->mxPathname;
  vfs.zName = kName;
  vfs.pAppData = base;
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.xAccess = access;
  vfs.xFullPathname = full_pathname;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time_64;
  return vfs;
}

bool register_once() {
  sqlite3_vfs* base = sqlite3_vfs_find(nullptr);
  if (base == nullptr || base->iVersion < 2) return false;
  static sqlite3_vfs vfs = make_vfs(base);
  return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
}

}  // namespace

const char* page_checksum_vfs() {
  static const bool registered = register_once();
  if (!registered) throw Error(ErrorCode::kIo, "SQLite takes no layer below its pages");
  return kName;
}

std::uint64_t page_checksum(std::span<const std::byte> page, std::uint32_t number) {
  return XXH3_64bits_withSeed(page.data(), page.size() - sizeof(std::uint64_t), number);
}

bool page_is_sound(std::span<const std::byte> page, std::uint32_t number) {
  std::uint64_t stated = 0;
  std::memcpy(&stated, page.data() + page.size() - sizeof stated, sizeof stated);
  return page_checksum(page, number) == stated;
}

}  // namespace pressmark::store
