// SPDX-License-Identifier: Apache-2.0
#include "conformance.hpp"

namespace pressmark::kernels {
namespace {

class SimilaritiesTest : public BackendTest {
 protected:
  std::vector<std::int32_t> similarities(const std::vector<std::int8_t>& code,
                                         const std::vector<std::int8_t>& codes) const {
    std::vector<std::int32_t> outputs(codes.size() / kLocalCodeSize);
    backend_->similarities(code, codes, outputs);
    return outputs;
  }
};
PRESSMARK_ON_ALL_BACKENDS(SimilaritiesTest);

TEST_P(SimilaritiesTest, AreDotProducts) {
  std::mt19937_64 random(1);
  const auto code = random_codes(random, 1);
  for (std::size_t count : {0u, 1u, 2u, 77u}) {
    const auto codes = random_codes(random, count);
    std::vector<std::int32_t> expected(count, 0);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      expected[i / kLocalCodeSize] += code[i % kLocalCodeSize] * codes[i];
    }
    EXPECT_EQ(similarities(code, codes), expected);
  }
}

TEST_P(SimilaritiesTest, ExtremeValuesDoNotOverflow) {
  const std::vector<std::int8_t> high(kLocalCodeSize, 127), low(kLocalCodeSize, -128);
  EXPECT_EQ(similarities(high, high).front(), 64 * 127 * 127);
  EXPECT_EQ(similarities(low, high).front(), -64 * 128 * 127);
  EXPECT_EQ(similarities(low, low).front(), 64 * 128 * 128);
}

}  // namespace
}  // namespace pressmark::kernels
