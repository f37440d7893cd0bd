// SPDX-License-Identifier: Apache-2.0
//
// A whole file mapped for reading. The size is taken when the file is opened; a file that another
// program shortens while it is mapped raises SIGBUS on access, which no check here can prevent:
// segment files are never changed once they are named, so only tampering can do that.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace pressmark::store {

class Mapping {
 public:
  // Throws Error: kCorruptData where the file is missing or empty (the database names it), kIo.
  explicit Mapping(const std::filesystem::path& path);
  ~Mapping();
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pressmark::store
