// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

#include "engine/image/image.hpp"
#include "tests/support/sample_images.hpp"

namespace pressmark::test {
namespace {

std::optional<image::Photo> try_decode(const Bytes& bytes) {
  try {
    return image::decode(bytes, {});
  } catch (const Error&) {
    return std::nullopt;
  }
}

TEST(Threads, ManyAtOnceDecodeTheSame) {
  const std::vector<SampleFile> good = good_samples(), bad = bad_samples();
  std::vector<Picture> expected;
  for (const SampleFile& file : good) expected.push_back(image::decode(file.bytes, {}).pixels);
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < wrong.size(); ++thread) {
      threads.emplace_back([&, thread] {
        for (std::size_t i = 0; i < good.size(); ++i) {
          const std::size_t which = (i + 10 * thread) % good.size();
          const auto photo = try_decode(good[which].bytes);
          if (!photo || photo->pixels != expected[which]) ++wrong[thread];
          if (try_decode(bad[i % bad.size()].bytes)) ++wrong[thread];
        }
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace pressmark::test
