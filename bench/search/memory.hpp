// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

namespace pressmark::bench {

// Memory of this program's own, or of a file that is gone with the program.
class Memory {
 public:
  Memory(const std::string& folder, const char* name, std::size_t bytes) : bytes_(bytes) {
    int file = -1;
    if (!folder.empty()) {
      const std::string path = folder + "/" + name;
      file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
      if (file < 0 || ftruncate(file, static_cast<off_t>(bytes)) != 0)
        throw std::runtime_error("cannot make " + path);
      unlink(path.c_str());
    }
    data_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                 file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, file, 0);
    if (data_ == MAP_FAILED) throw std::runtime_error("out of memory");
    is_mapped_ = file >= 0;
    if (is_mapped_) close(file);
  }
  ~Memory() { munmap(data_, bytes_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // As if a file were mapped anew: what is read from here on is counted as resident.
  void forget() const {
    if (is_mapped_) madvise(data_, bytes_, MADV_DONTNEED);
  }

  std::span<std::byte> bytes() const { return {static_cast<std::byte*>(data_), bytes_}; }

 private:
  void* data_;
  std::size_t bytes_;
  bool is_mapped_ = false;
};

}  // namespace pressmark::bench
