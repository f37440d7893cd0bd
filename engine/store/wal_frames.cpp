// SPDX-License-Identifier: Apache-2.0
#include "engine/store/wal_frames.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace pressmark::store {
namespace {

constexpr int kLogHeaderSize = 32;
constexpr int kFrameHeaderSize = 24;
constexpr std::size_t kSmallestPage = 512;

// Of the log's header: magic number, whose lowest bit tells the byte order of checksums, and where
// the header's own checksum stands. Of a frame's header: what the checksum covers of it, and where
// the checksum stands.
constexpr std::size_t kLogChecksumOffset = 24;
constexpr std::size_t kFrameCovered = 8;
constexpr std::size_t kFrameChecksumOffset = 16;

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

struct Checksum {
  std::uint32_t first, second;
  bool operator==(const Checksum&) const = default;
};

Checksum checksum_at(const std::uint8_t* bytes) {
  return {big_endian(bytes), big_endian(bytes + 4)};
}

// SQLite's walChecksumBytes: pairs of 32-bit words in the order that the log states.
Checksum continued(Checksum sum, std::span<const std::uint8_t> bytes, bool is_big_endian) {
  for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    std::uint32_t first, second;
    if (is_big_endian) {
      first = big_endian(&bytes[i]);
      second = big_endian(&bytes[i + 4]);
    } else {
      std::memcpy(&first, &bytes[i], sizeof first);
      std::memcpy(&second, &bytes[i + 4], sizeof second);
    }
    sum.first += first + sum.second;
    sum.second += second + sum.first;
  }
  return sum;
}

}  // namespace

void WalFrames::on_write(std::span<const std::uint8_t> bytes, sqlite3_int64 offset) {
  if (offset == 0) unfinished_.clear();  // a new log begins
  if (bytes.size() == kFrameHeaderSize) {
    last_header_ = offset;
    const auto sums = bytes.subspan(kFrameCovered);
    if (std::ranges::all_of(sums, [](std::uint8_t byte) { return byte == 0; })) {
      unfinished_.insert(offset + kFrameHeaderSize);
    } else {
      unfinished_.erase(offset + kFrameHeaderSize);
    }
    return;
  }
  const bool follows_header = last_header_ >= 0 && offset == last_header_ + kFrameHeaderSize;
  last_header_ = -1;
  if (!follows_header && offset > 0) unfinished_.insert(offset);
}

bool WalFrames::is_page_of_frame(std::size_t size, sqlite3_int64 offset) {
  if (size < kSmallestPage || (size & (size - 1)) != 0) return false;
  const sqlite3_int64 first = kLogHeaderSize + kFrameHeaderSize;
  const auto frame = static_cast<sqlite3_int64>(size) + kFrameHeaderSize;
  return offset >= first && (offset - first) % frame == 0;
}

int WalFrames::verify(sqlite3_file* log, std::span<const std::uint8_t> page,
                      sqlite3_int64 offset) const {
  if (unfinished_.contains(offset)) return SQLITE_OK;
  const auto read = [&](auto& bytes, sqlite3_int64 from) {
    return log->pMethods->xRead(log, bytes.data(), static_cast<int>(bytes.size()), from);
  };
  std::array<std::uint8_t, kLogHeaderSize> log_header{};
  std::array<std::uint8_t, kFrameHeaderSize> header{}, before{};
  if (const int code = read(log_header, 0); code != SQLITE_OK) return code;
  if (const int code = read(header, offset - kFrameHeaderSize); code != SQLITE_OK) return code;

  Checksum sum{};
  const auto frame = static_cast<sqlite3_int64>(page.size()) + kFrameHeaderSize;
  if (offset == kLogHeaderSize + kFrameHeaderSize) {
    sum = checksum_at(&log_header[kLogChecksumOffset]);
  } else {
    if (const int code = read(before, offset - kFrameHeaderSize - frame); code != SQLITE_OK) {
      return code;
    }
    sum = checksum_at(&before[kFrameChecksumOffset]);
  }
  const bool is_big_endian = (log_header[3] & 1) != 0;
  sum = continued(sum, std::span(header).first(kFrameCovered), is_big_endian);
  sum = continued(sum, page, is_big_endian);
  return sum == checksum_at(&header[kFrameChecksumOffset]) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

}  // namespace pressmark::store
