// SPDX-License-Identifier: Apache-2.0
//
// Reduction of images by area averaging: sizes, and what each source pixel counts for.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace pressmark::kernels {

// ITU-R BT.601, rounded.
constexpr int bt601_grey(int blue, int green, int red) {
  return (3735 * blue + 19235 * green + 9798 * red + (1 << 14)) >> 15;
}

// Width and height reduced so that the long side is min(long_side_px, original).
inline std::pair<int, int> reduced_size(int width, int height, int long_side_px) {
  const int long_side = std::max(width, height);
  if (long_side <= long_side_px) return {width, height};
  const double scale = static_cast<double>(long_side_px) / long_side;
  return {std::max(1, static_cast<int>(std::lround(width * scale))),
          std::max(1, static_cast<int>(std::lround(height * scale)))};
}

// Whether whole blocks of pixels are averaged: their sums are integers that floats hold exactly. A
// factor whose reciprocal's reciprocal is another number (49 is the first one) counts as broken.
inline bool averages_whole_blocks(int width, int height, int reduced_width, int reduced_height) {
  const auto whole = [](int source, int reduced) {
    return source % reduced == 0 &&
           1.0 / (static_cast<double>(reduced) / source) == static_cast<double>(source / reduced);
  };
  return whole(width, reduced_width) && whole(height, reduced_height) &&
         std::int64_t{width / reduced_width} * (height / reduced_height) * 255 < 1 << 24;
}

// What the pixels of a source axis contribute to one pixel of the reduced axis: `count` of them,
// from `first` on. Only those at both ends may be covered in part.
struct AreaShare {
  int first, count;
  float at_first, inside, at_last;

  constexpr float weight(int i) const {
    return i == 0 ? at_first : i + 1 < count ? inside : at_last;
  }
};

// Of pixel i of `reduced` ones.
inline AreaShare area_share(int i, int source, int reduced) {
  const double scale = static_cast<double>(source) / reduced;
  const double begin = i * scale, end = std::min<double>((i + 1) * scale, source);
  const int first = std::min(static_cast<int>(begin), source - 1);
  int count = 1;
  while (first + count < source && first + count < end) ++count;
  const auto weight = [&](int s) {
    const double covered = std::min<double>(end, s + 1) - std::max<double>(begin, s);
    return static_cast<float>(covered / (end - begin));
  };
  return {first, count, weight(first), static_cast<float>(1 / (end - begin)),
          weight(first + count - 1)};
}

inline std::vector<AreaShare> area_shares(int source, int reduced) {
  std::vector<AreaShare> shares;
  shares.reserve(static_cast<std::size_t>(reduced));
  for (int i = 0; i < reduced; ++i) shares.push_back(area_share(i, source, reduced));
  return shares;
}

}  // namespace pressmark::kernels
