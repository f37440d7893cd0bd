// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <vector>

#include "relief.hpp"

namespace pressmark::kernels {
namespace {

constexpr std::array<double, 9> kIdentity{1, 0, 0, 0, 1, 0, 0, 0, 1};

GreyImage inverted(GreyImage image) {
  for (std::uint8_t& value : image.pixels) value = static_cast<std::uint8_t>(255 - value);
  return image;
}

class DetailTest : public BackendTest {
 protected:
  std::vector<std::uint8_t> code_of(const GreyImage& image) const {
    std::vector<std::uint8_t> bits{9};  // left over from an earlier call
    backend_->code_details({&image, 1}, {&bits, 1});
    return bits;
  }

  DetailAgreement compare(const GreyImage& query, const GreyImage& hit,
                          const std::array<double, 9>& map = kIdentity) const {
    const auto a = code_of(query), b = code_of(hit);
    return backend_->compare_details({query.width, query.height, a}, {hit.width, hit.height, b},
                                     map);
  }
};
PRESSMARK_ON_ALL_BACKENDS(DetailTest);

TEST_P(DetailTest, TheCodeIsTheSignOfABlobAgainstItsSurroundings) {
  GreyImage image{40, 30, std::vector<std::uint8_t>(1200, 100)};
  for (int y = 14; y < 18; ++y) {
    for (int x = 20; x < 24; ++x) image.pixels[static_cast<std::size_t>(y * 40 + x)] = 200;
  }
  const auto bits = code_of(image);
  ASSERT_EQ(bits.size(), detail_bytes(40, 30));
  const auto bit = [&](int x, int y) {
    const int i = y * 20 + x;
    return bits[static_cast<std::size_t>(i / 8)] >> (i % 8) & 1;
  };
  EXPECT_EQ(bit(10, 7), 1);
  EXPECT_EQ(bit(11, 8), 1);
  EXPECT_EQ(bit(8, 7), 0);  // the dark ring around it
  EXPECT_EQ(bit(11, 10), 0);
}

TEST_P(DetailTest, TheCodeOfTheSmallestImagesIsEmptyOrOneByte) {
  EXPECT_TRUE(code_of({1, 1, {5}}).empty());
  EXPECT_TRUE(code_of({1, 9, std::vector<std::uint8_t>(9, 5)}).empty());
  EXPECT_EQ(code_of({3, 3, std::vector<std::uint8_t>(9, 5)}).size(), 1u);
  EXPECT_EQ(compare({1, 1, {5}}, {1, 1, {5}}).patches, 0);
}

TEST_P(DetailTest, OneReliefAgreesAndAnotherDoesNot) {
  const Relief relief(200, 160, 1), other(200, 160, 2);
  const DetailAgreement itself = compare(relief.lit(0.3), relief.lit(0.3));
  EXPECT_GT(itself.patches, 15);
  EXPECT_EQ(itself.strength, 1);
  EXPECT_EQ(itself.agreement, 1);
  const DetailAgreement near = compare(relief.lit(0.3), relief.lit(0.7));
  EXPECT_GT(near.strength, 0.5);
  EXPECT_EQ(near.patches, itself.patches);
  const DetailAgreement unrelated = compare(relief.lit(0.3), other.lit(0.3));
  EXPECT_LT(unrelated.strength, 0.25);
  EXPECT_LT(std::abs(unrelated.agreement), 0.15);
}

TEST_P(DetailTest, AReliefLitFromTheOtherSideIsAsStrongTheOtherWayRound) {
  const GreyImage lit = Relief(200, 160, 3).lit(1);
  const DetailAgreement opposite = compare(lit, inverted(lit));
  EXPECT_GT(opposite.strength, 0.99);
  EXPECT_LT(opposite.agreement, -0.99);
}

TEST_P(DetailTest, FollowsTheMapWhateverItsFactor) {
  const GreyImage query = Relief(200, 160, 4).lit(0.5);
  // A quarter turn: (x, y) of the query is at (159 - y, x) of the hit.
  GreyImage hit{160, 200, std::vector<std::uint8_t>(32000)};
  for (int y = 0; y < 160; ++y) {
    for (int x = 0; x < 200; ++x) {
      hit.pixels[static_cast<std::size_t>(x * 160 + 159 - y)] =
          query.pixels[static_cast<std::size_t>(y * 200 + x)];
    }
  }
  const std::array<double, 9> map{0, -1, 159, 1, 0, 0, 0, 0, 1};
  EXPECT_GT(compare(query, hit, map).strength, 0.97);
  std::array<double, 9> negative = map;
  for (double& value : negative) value *= -3;
  EXPECT_EQ(compare(query, hit, negative).strength, compare(query, hit, map).strength);
  EXPECT_LT(compare(query, hit).strength, 0.25);
}

TEST_P(DetailTest, ForgivesOneBitAndCountsWhatBothShow) {
  const GreyImage query = Relief(200, 160, 5).lit(0.5);
  const std::array<double, 9> two_pixels{1, 0, 2, 0, 1, -2, 0, 0, 1};
  EXPECT_GT(compare(query, query, two_pixels).strength, 0.99);
  const std::array<double, 9> aside{1, 0, 100, 0, 1, 0, 0, 0, 1};
  EXPECT_LT(compare(query, query, aside).patches, compare(query, query).patches);
  const std::array<double, 9> away{1, 0, 1000, 0, 1, 0, 0, 0, 1};
  EXPECT_EQ(compare(query, query, away).patches, 0);
}

}  // namespace
}  // namespace pressmark::kernels
