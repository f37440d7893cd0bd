// SPDX-License-Identifier: Apache-2.0
#include "evaluate_fixture.hpp"
#include "pressmark/json.hpp"

namespace pressmark {
namespace {

using EvaluateThreadsTest = test::EvaluateTest;

TEST_F(EvaluateThreadsTest, FiguresDoNotDependOnThreads) {
  for (int photo = 0; photo < 2; ++photo) {
    for (int scene = 0; scene < 4; ++scene) add(scene, photo, scene < 2 ? "d1" : "d2");
  }
  for (std::size_t i = 0; i < set_.images.size(); ++i) {
    set_.images[i].light_azimuth_deg = 40.0 * static_cast<double>(i);
  }
  for (const bool both : {false, true}) {
    for (const int candidates : {3, 100}) {
      options_.both_directions = both;
      options_.search.candidates = candidates;
      EvaluationResult one = run(1), three = run(3);
      one.timings = three.timings = {};
      EXPECT_EQ(to_json(one), to_json(three)) << both << " " << candidates;
    }
  }
}

}  // namespace
}  // namespace pressmark
