// SPDX-License-Identifier: Apache-2.0
//
// A segment of format version 2, byte for byte: number 7, two images, global vectors of 4 values.
// It must stay readable, and writing the same images must give the same bytes, for ever. The dense
// codes at its end follow a rule instead of filling pages.
#pragma once

#include <cstdint>
#include <string>

namespace pressmark::store {

inline std::string hex_of(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

inline std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

inline constexpr std::uint64_t kGoldenChecksum = 0xbdcff817171858e6ull;
inline const std::string kGoldenHeadHex =
    "504d5345470d0a1a0200000080000000070000000000000030313233343536373839616263646566"
    "00000000000000000000000000000000020000000400000040000000800000008000000000000000"
    "8001000000000000c001000000000000000300000000000000000000000000003e4b05186e28e8fe"
    "e658181717f8cfbd000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "00000000000004400000000000002440000000000000d0bfc001000000000000680c880c33270465"
    "2b8fb0b024572208000200008001000001000000020000000000c03f0000803e0000003f00004843"
    "0000003e0000803d0100000000000000fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8"
    "e7e6e5e4e3e2e1e0000000000000f03f000000000000000000000000000000000003000000000000"
    "c294d3380580062d688952c7656aa6d0010000000004000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000803f00000000000000bf0000803e"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000002019100500030040000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000008084888c9094989c"
    "a0a4a8acb0b4b8bcc0c4c8ccd0d4d8dce0e4e8ecf0f4f8fc0004080c1014181c2024282c3034383c"
    "4044484c5054585c6064686c7074787c40008000c0000080c07fff5f100000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "403f3e3d3c3b3a393837363534333231302f2e2d2c2b2a292827262524232221201f1e1d1c1b1a19"
    "1817161514131211100f0e0d0c0b0a09080706050403020100fffefdfcfbfaf9f8f7f6f5f4f3f2f1"
    "f0efeeedecebeae9e8e7e6e5e4e3e2e1e0dfdedddcdbdad9d8d7d6d5d4d3d2d1d0cfcecdcccbcac9"
    "c8c7c6c5c4c3c2c1";

inline constexpr std::size_t kGoldenHeadBytes = 768;

inline std::string golden_segment() {
  std::string bytes = bytes_of(kGoldenHeadHex);
  for (int i = 0; i < 8192; ++i) bytes += static_cast<char>(i % 251 - 125);
  // Mean 1/4, deviation 1/32, 56 zeros; then nothing, mean 0, deviation 1, 56 zeros.
  bytes += bytes_of("0000803e0000003d") + std::string(56, '\0');
  return bytes + std::string(8192, '\0') + bytes_of("000000000000803f") + std::string(56, '\0');
}

}  // namespace pressmark::store
