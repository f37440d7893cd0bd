// SPDX-License-Identifier: Apache-2.0
//
// Files as they turn up in practice: good ones in all formats, and bad or odd ones with the reason
// that must be given for each. Small, except for what their headers claim.
#pragma once

#include <string>
#include <vector>

#include "pressmark/error.hpp"
#include "tests/support/image_encoders.hpp"

namespace pressmark::test {

struct SampleFile {
  std::string name;  // with the usual ending; unique
  Bytes bytes;
  int width = 0, height = 0;                 // upright; of good ones
  ErrorCode code = ErrorCode::kCorruptData;  // of bad ones
  std::string reason{};                      // of bad ones: a part of the message
};

// All show sample_picture(), the ones named *grey* without colour.
std::vector<SampleFile> good_samples();
std::vector<SampleFile> bad_samples();

// 96 x 64 pixels.
Picture sample_picture();

}  // namespace pressmark::test
