// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "training_photos.hpp"

namespace pressmark {
namespace {

TEST(TrainThreadsTest, TheModelDoesNotDependOnThreadsButOnTheSeed) {
  const test::TemporaryDirectory directory;
  const auto photos = test::training_photos(directory, 28);
  const auto marks = test::training_marks(directory, 4);
  TrainOptions options = test::small_training();
  RunControl one, two;
  one.threads = 1;
  two.threads = 2;
  const TrainResult alone = train_model(photos, marks, options, one);
  const TrainResult together = train_model(photos, marks, options, two);
  EXPECT_EQ(alone.model.id(), together.model.id());
  EXPECT_EQ(alone.model.manifest_json(), together.model.manifest_json());
  EXPECT_EQ(alone.matching_pairs, together.matching_pairs);
  EXPECT_EQ(alone.compared_non_mates, together.compared_non_mates);
  options.seed = 2;
  EXPECT_NE(train_model(photos, marks, options, two).model.id(), alone.model.id());
}

}  // namespace
}  // namespace pressmark
