// SPDX-License-Identifier: Apache-2.0
//
// Bytes of an index file that are mapped, not read: whether they are the ones that were written is
// found out where they are first used. An index knows nothing of files; who maps them says how to
// test a range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "pressmark/error.hpp"

namespace pressmark::index {

// Index file `part` is not what was written: the index is derived, so its owner may go on without.
class DamagedPart : public Error {
 public:
  DamagedPart(std::uint64_t part, const std::string& what)
      : Error(ErrorCode::kCorruptData, what), part_(part) {}
  std::uint64_t part() const { return part_; }

 private:
  std::uint64_t part_;
};

// Copies share what has been tested. Safe to use from many threads where `test` is.
class CheckedBytes {
 public:
  // Throws DamagedPart unless `size` bytes from `offset` are sound.
  using Test = std::function<void(std::size_t offset, std::size_t size)>;

  CheckedBytes() = default;
  CheckedBytes(std::span<const std::byte> bytes, Test test)
      : bytes_(bytes), test_(std::move(test)) {}

  std::size_t size() const { return bytes_.size(); }

  // Values `first` to `first + count` of an array of trivial T; tested. They must lie within.
  template <typename T>
  std::span<const T> values(std::size_t first, std::size_t count) const {
    if (test_ && count > 0) test_(first * sizeof(T), count * sizeof(T));
    return {reinterpret_cast<const T*>(bytes_.data()) + first, count};
  }
  template <typename T>
  std::size_t count() const {
    return bytes_.size() / sizeof(T);
  }

 private:
  std::span<const std::byte> bytes_;  // aligned to 64
  Test test_;
};

}  // namespace pressmark::index
