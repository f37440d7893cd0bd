// SPDX-License-Identifier: Apache-2.0
//
// What one writer publishes and many readers take, without a lock: readers never wait, not for each
// other and not for the writer. The writer waits for readers that are just copying a pointer, not
// for what they do with it. (std::atomic<std::shared_ptr> of GCC 12 spins on a lock bit, which
// ThreadSanitizer cannot follow.)
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

namespace pressmark::index {

template <typename T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> first) : slots_{std::move(first), nullptr} {}
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;

  // From any thread. What was published last, or is being published now; unchanged while it is
  // held.
  std::shared_ptr<const T> load() const {
    for (;;) {
      const unsigned side = current_.load();
      readers_[side].fetch_add(1);
      // The writer writes a slot only after it saw that the slot has no readers, and makes it
      // current afterwards: who finds the side still current may read it.
      if (current_.load() == side) {
        std::shared_ptr<const T> taken = slots_[side];
        readers_[side].fetch_sub(1);
        return taken;
      }
      readers_[side].fetch_sub(1);
    }
  }

  // From one thread at a time.
  void store(std::shared_ptr<const T> next) {
    const unsigned old = current_.load(), other = 1 - old;
    wait_for_readers(other);
    slots_[other] = std::move(next);
    current_.store(other);
    // So that what was published before lives no longer than who reads it.
    wait_for_readers(old);
    slots_[old].reset();
  }

 private:
  void wait_for_readers(unsigned side) const {
    while (readers_[side].load() != 0) std::this_thread::yield();
  }

  std::array<std::shared_ptr<const T>, 2> slots_;
  std::atomic<unsigned> current_ = 0;
  mutable std::array<std::atomic<int>, 2> readers_{};
};

}  // namespace pressmark::index
