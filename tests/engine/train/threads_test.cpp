// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "training_photos.hpp"

namespace pressmark {
namespace {

TEST(TrainThreadsTest, TheModelDoesNotDependOnThreadsButOnTheSeed) {
  const test::TemporaryDirectory directory;
  const auto photos = test::training_photos(directory, 20);
  TrainOptions options = test::small_training();
  RunControl one, two;
  one.threads = 1;
  two.threads = 2;
  const TrainResult alone = train_model(photos, options, one);
  const TrainResult together = train_model(photos, options, two);
  EXPECT_EQ(alone.model.id(), together.model.id());
  EXPECT_EQ(alone.model.manifest_json(), together.model.manifest_json());
  EXPECT_EQ(alone.matching_pairs, together.matching_pairs);
  options.seed = 2;
  EXPECT_NE(train_model(photos, options, two).model.id(), alone.model.id());
}

}  // namespace
}  // namespace pressmark
