// SPDX-License-Identifier: Apache-2.0
//
// What is told to the system about memory that may be a mapped file, so that it reads as much of
// the file as is used. Hints: nothing fails, and memory that is no file is as it was.
#pragma once

#include <cstddef>
#include <span>

namespace pressmark::index {

// Rows will be read here and there: only the page that is touched is read, not its neighbours.
void expect_single_rows(std::span<const float> vectors);

// These will be read soon, all of them.
void expect_all(std::span<const float> vectors);

}  // namespace pressmark::index
