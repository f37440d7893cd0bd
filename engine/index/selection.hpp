// SPDX-License-Identifier: Apache-2.0
//
// The images that a filtered search is about: a set of ids, one bit each. Made once for a filter
// and handed to every search; an index asks whether the image of a row is in it, however it has
// arranged its rows. Ids are handed out in order and never reused, so that the bits reach no
// further than the number of images that were ever added: 1.25 MB for ten million.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::index {

// Const methods are safe to call from many threads.
class ImageSelection {
 public:
  // The largest id: as many bits are 512 MiB.
  static constexpr ImageId kMostId = (ImageId{1} << 32) - 1;

  ImageSelection() = default;
  explicit ImageSelection(std::span<const ImageId> ascending_ids);

  // Ids are positive and ascend from call to call. Throws Error(kInvalidArgument) otherwise, and
  // above kMostId.
  void append(ImageId id);

  std::int64_t count() const { return count_; }
  bool is_empty() const { return count_ == 0; }

  bool contains(ImageId id) const {
    const auto word = static_cast<std::size_t>(id) / kWordBits;  // of a negative id: far outside
    return word < words_.size() && (words_[word] >> bit_of(id) & 1) != 0;
  }

  // How many selected ids lie in [first, last]; O(1).
  std::int64_t count_between(ImageId first, ImageId last) const;

  // Calls on_id for each selected id in [first, last], ascending.
  template <typename OnId>
  void for_each_between(ImageId first, ImageId last, const OnId& on_id) const {
    if (first < 0) first = 0;
    if (words_.empty() || first > last) return;
    const auto last_word = static_cast<std::size_t>(last) / kWordBits;
    for (std::size_t w = static_cast<std::size_t>(first) / kWordBits;
         w < words_.size() && w <= last_word; ++w) {
      std::uint64_t bits = words_[w];
      if (w == static_cast<std::size_t>(first) / kWordBits)
        bits &= ~std::uint64_t{0} << bit_of(first);
      if (w == last_word) bits &= ~std::uint64_t{0} >> (kWordBits - 1 - bit_of(last));
      for (; bits != 0; bits &= bits - 1) {
        on_id(static_cast<ImageId>(w * kWordBits) + std::countr_zero(bits));
      }
    }
  }

 private:
  static constexpr std::size_t kWordBits = 64;
  static constexpr unsigned bit_of(ImageId id) {
    return static_cast<unsigned>(static_cast<std::uint64_t>(id) % kWordBits);
  }
  std::int64_t count_below(ImageId id) const;

  std::vector<std::uint64_t> words_;   // bit id % 64 of word id / 64
  std::vector<std::uint32_t> before_;  // selected ids in all words before each
  std::int64_t count_ = 0;
  ImageId last_ = 0;
};

// The rows, ascending, whose images are selected; `ids` ascend, one for each row. Takes time by the
// number of rows or, where few are selected, by the number of selected ones times the logarithm.
std::vector<std::size_t> selected_rows(const ImageSelection& selection,
                                       std::span<const ImageId> ids);

}  // namespace pressmark::index
