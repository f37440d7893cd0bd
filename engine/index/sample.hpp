// SPDX-License-Identifier: Apache-2.0
//
// Images that stand for all, where looking at all of them would only tell the same more exactly:
// chosen by their ids alone, whatever parts they are in.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pressmark/types.hpp"

namespace pressmark::index {

// So many images stand for all of twice as many and more, or up to twice as many: of 4096 images
// each code is compared with some 1500 codes, of which 45 may vote.
inline constexpr std::int64_t kLeastSampled = 4096;

// Which images stand for all: a share of 2^-bits, the same whatever else is in the catalogue.
class Sample {
 public:
  explicit Sample(std::int64_t images) {
    while (images >> (bits_ + 1) >= kLeastSampled) ++bits_;
  }
  std::size_t one_of() const { return std::size_t{1} << bits_; }
  bool is_everything() const { return bits_ == 0; }
  bool contains(ImageId id) const { return mixed(id) >> (64 - bits_) == 0; }

 private:
  // The finaliser of splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
  static std::uint64_t mixed(ImageId id) {
    auto bits = static_cast<std::uint64_t>(id) + 0x9e3779b97f4a7c15U;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebU;
    return bits ^ bits >> 31;
  }
  unsigned bits_ = 0;
};

}  // namespace pressmark::index
