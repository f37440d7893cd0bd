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
    if (!folder.empty()) {
      const std::string path = folder + "/" + name;
      file_ = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
      if (file_ < 0 || ftruncate(file_, static_cast<off_t>(bytes)) != 0)
        throw std::runtime_error("cannot make " + path);
      unlink(path.c_str());
    }
    data_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                 file_ < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, file_, 0);
    if (data_ == MAP_FAILED) throw std::runtime_error("out of memory");
  }
  ~Memory() {
    munmap(data_, bytes_);
    if (file_ >= 0) close(file_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // As if a file were mapped anew on a machine that has not read it yet: what is read from here on
  // comes from the disk, and is counted as resident.
  void forget() const {
    if (file_ < 0) return;
    msync(data_, bytes_, MS_SYNC);
    madvise(data_, bytes_, MADV_DONTNEED);
    posix_fadvise(file_, 0, 0, POSIX_FADV_DONTNEED);
  }

  std::span<std::byte> bytes() const { return {static_cast<std::byte*>(data_), bytes_}; }

 private:
  void* data_;
  std::size_t bytes_;
  int file_ = -1;
};

}  // namespace pressmark::bench
