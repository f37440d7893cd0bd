// SPDX-License-Identifier: Apache-2.0
//
// A set of photos with known truth: cuttings of scenes, which differ by a shift.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "pressmark/evaluate.hpp"
#include "tests/support/image_encoders.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_model.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::test {

class EvaluateTest : public testing::Test {
 protected:
  EvaluateTest() {
    options_.describe.long_side_px = 256;
    options_.describe.max_keypoints = 128;
    options_.query_keypoints = 256;
    set_.directory = directory_.path();
  }

  // The photo of this number of a scene.
  void add(int scene, int photo, const std::string& design = {}) {
    const std::string name = std::to_string(scene) + "_" + std::to_string(photo) + ".png";
    const Picture picture = test_picture(300, 240, static_cast<std::uint64_t>(9000 + scene));
    directory_.write(name, make_png(cut(picture, 7 * photo, 5 * photo, 240, 180)));
    add_row(name, "mould" + std::to_string(scene), design);
  }

  void add_row(const std::string& file, const std::string& identity,
               const std::string& design = {}) {
    TruthRow row;
    row.file = file;
    row.identity = identity;
    row.design = design;
    row.line = static_cast<std::int64_t>(set_.images.size()) + 2;
    set_.images.push_back(row);
  }

  EvaluationResult run(int threads = 0) {
    if (set_.queries.empty()) set_.queries = queries_with_mates(set_.images);
    RunControl control;
    control.threads = threads;
    return evaluate(test_model(), set_, options_, control);
  }

  TemporaryDirectory directory_;
  EvaluationSet set_;
  EvaluateOptions options_;
};

}  // namespace pressmark::test
