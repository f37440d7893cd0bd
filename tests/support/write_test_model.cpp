// SPDX-License-Identifier: Apache-2.0
//
// Writes the smallest test model as a model directory, for tests that drive the program.
#include <cstdio>
#include <exception>

#include "tests/support/test_model.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_test_model DIR\n", stderr);
    return 2;
  }
  try {
    pressmark::test::test_model({2, 8, 1}).save(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "write_test_model: %s\n", error.what());
    return 1;
  }
  return 0;
}
