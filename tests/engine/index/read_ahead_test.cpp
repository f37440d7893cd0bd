// SPDX-License-Identifier: Apache-2.0
#include "engine/index/read_ahead.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <span>
#include <string>

namespace pressmark::index {
namespace {

// Whether the system reads single pages there, as it says itself; nothing where it does not say.
std::optional<bool> reads_single_pages(const void* place) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(place);
  bool is_here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0, end = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &first, &end) == 2) {
      is_here = first <= wanted && wanted < end;
    } else if (is_here && line.starts_with("VmFlags:")) {
      return line.find(" rr") != std::string::npos;
    }
  }
  return std::nullopt;
}

TEST(ReadAheadTest, SingleRowsAreExpectedOfThePagesThatLieWithin) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* pages = mmap(nullptr, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  if (!reads_single_pages(pages)) GTEST_SKIP() << "this system does not say how it reads";
  const auto at = [&](std::size_t bytes) { return static_cast<std::byte*>(pages) + bytes; };
  const auto floats = [&](std::size_t first, std::size_t end) {
    return std::span(reinterpret_cast<const float*>(at(first)), (end - first) / sizeof(float));
  };
  expect_single_rows(floats(page + 4, 2 * page - 4));
  expect_single_rows({});
  EXPECT_EQ(reads_single_pages(at(page)), false);
  expect_single_rows(floats(page + 4, 5 * page + 8));
  EXPECT_EQ(reads_single_pages(at(page)), false);
  EXPECT_EQ(reads_single_pages(at(2 * page)), true);
  EXPECT_EQ(reads_single_pages(at(4 * page)), true);
  EXPECT_EQ(reads_single_pages(at(5 * page)), false);
  expect_all(floats(0, 8 * page));
  EXPECT_EQ(*reinterpret_cast<const float*>(at(3 * page)), 0.0f);
  munmap(pages, 8 * page);
}

}  // namespace
}  // namespace pressmark::index
