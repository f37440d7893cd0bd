// SPDX-License-Identifier: Apache-2.0
//
// A segment of format version 1, byte for byte: number 7, two images, global vectors of 4 values.
// It must stay readable, and writing the same images must give the same bytes, for ever.
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

inline constexpr std::uint64_t kGoldenChecksum = 0x68301d3c35a275a0ull;
inline const std::string kGoldenSegmentHex =
    "504d5345470d0a1a0100000080000000070000000000000030313233343536373839616263646566"
    "00000000000000000000000000000000020000000400000040000000600000008000000000000000"
    "400100000000000080010000000000000002000000000000000000000000000069435d39eaeab232"
    "a075a2353c1d3068000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "00000000000004400000000000002440000000000000d0bf8001000000000000eb9acd77afb07c7e"
    "2b8fb0b02457220800020000800100000100000000000000fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0"
    "efeeedecebeae9e8e7e6e5e4e3e2e1e0000000000000f03f00000000000000000000000000000000"
    "0002000000000000c294d3380580062d688952c7656aa6d001000000000400000000000000000000"
    "0000803f00000000000000bf0000803e000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000020191005000300400000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000008084888c9094989ca0a4a8acb0b4b8bcc0c4c8ccd0d4d8dce0e4e8ecf0f4f8fc"
    "0004080c1014181c2024282c3034383c4044484c5054585c6064686c7074787c";

}  // namespace pressmark::store
