// SPDX-License-Identifier: Apache-2.0
//
// Random numbers whose bits are the same on every platform: one generator per thing that is made,
// seeded by a key (xoshiro256** by Blackman and Vigna, seeded by splitmix64). The distributions of
// <random> are not used, because their output is left to the library.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace pressmark::render {

inline std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// FNV-1a, then mixed so that every bit depends on every byte.
inline std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return mix(hash);
}

class Rng {
 public:
  Rng(std::initializer_list<std::uint64_t> key) {
    std::uint64_t hash = 0x5052455353u;
    for (const std::uint64_t word : key) hash = mix(hash ^ mix(word));
    for (std::uint64_t& word : state_) word = hash = mix(hash);
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  float uniform_f(double low, double high) { return static_cast<float>(uniform(low, high)); }
  // In [low, high].
  int integer(int low, int high) {
    return low + static_cast<int>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(double probability) { return uniform() < probability; }

  // Mean 0, variance 1: the number of ones among 64 random bits, dithered by eight of them (which
  // brings the variance of the sum to 16.53).
  float gaussian() {
    const std::uint64_t x = next();
    const auto fraction = static_cast<float>((x >> 20) & 255) * (1.0F / 256) - 0.498F;
    return (static_cast<float>(std::popcount(x)) - 32.0F + fraction) * 0.246F;
  }

  template <typename T>
  const T& pick(const std::vector<T>& items) {
    return items[static_cast<std::size_t>(next() % items.size())];
  }

 private:
  std::uint64_t state_[4];
};

}  // namespace pressmark::render
