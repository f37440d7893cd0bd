// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "pressmark/error.hpp"

namespace pressmark::test {

// That `work` throws an Error with this code and one line that contains `text`.
template <typename Work>
void expect_error(Work&& work, ErrorCode code, const std::string& text) {
  try {
    work();
    ADD_FAILURE() << "nothing was thrown; expected: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(text));
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("\n")));
  }
}

}  // namespace pressmark::test
