// SPDX-License-Identifier: Apache-2.0
#include "engine/train/views.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "engine/train/correspondences.hpp"
#include "pressmark/error.hpp"
#include "training_photos.hpp"

namespace pressmark::train {
namespace {

class ViewsTest : public testing::Test {
 protected:
  ViewsTest() {
    options_.describe = {.long_side_px = 240, .max_keypoints = 150};
    options_.warps_per_image = 4;
  }

  std::filesystem::path write(const std::string& name, const test::Picture& picture) const {
    return directory_.write(name, test::make_png(picture));
  }

  const test::TemporaryDirectory directory_;
  const std::unique_ptr<kernels::Backend> backend_ = kernels::make_cpu_backend();
  TrainOptions options_;
};

TEST_F(ViewsTest, TheFirstSyntheticViewIsTheImageItself) {
  const auto file = write("a.png", test::test_picture(480, 360, 1));
  const std::vector<View> views = synthetic_views(file, 0, 2, options_, 150, *backend_);
  ASSERT_EQ(views.size(), 3u);
  for (const View& view : views) {
    EXPECT_EQ(view.width, 240);
    EXPECT_EQ(view.height, 180);
    for (const Channel channel : kChannels) {
      EXPECT_GT(view.of(channel).keypoints.size(), 40u);
      EXPECT_LE(view.of(channel).keypoints.size(), 150u);
    }
    EXPECT_NE(view.of(Channel::kRaw).keypoints, view.of(Channel::kRelit).keypoints);
  }
  EXPECT_EQ(views[0].from_original, (std::array<double, 9>{1, 0, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_NE(views[1].from_original, views[2].from_original);
}

TEST_F(ViewsTest, TheWarpSaysWhereKeypointsWent) {
  const kernels::GreyImage relief = kernels::Relief(240, 180, 2).lit(0.1);
  const auto file = write("a.png", {relief.width, relief.height, 1, relief.pixels});
  const std::vector<View> views = synthetic_views(file, 0, 3, options_, 150, *backend_);
  for (const Channel channel : kChannels) {
    const auto& from = views[0].of(channel).keypoints;
    std::size_t total = 0;
    for (std::size_t v = 1; v < views.size(); ++v) {
      const auto& to = views[v].of(channel).keypoints;
      const auto right = find_correspondences(from, to, views[v].from_original, true);
      const auto wrong = find_correspondences(from, to, views[v == 1 ? 2 : 1].from_original, true);
      EXPECT_GT(right.pairs.size(), 2 * wrong.pairs.size()) << to_string(channel);
      total += right.pairs.size();
    }
    EXPECT_GT(total, from.size() / 6) << to_string(channel);
  }
}

TEST_F(ViewsTest, FewerWarpsAreTheFirstOfMoreAndNumbersTellThemApart) {
  const auto file = write("a.png", test::test_picture(240, 180, 3));
  const std::vector<View> more = synthetic_views(file, 5, 3, options_, 150, *backend_);
  const std::vector<View> one = synthetic_views(file, 5, 1, options_, 150, *backend_);
  ASSERT_EQ(one.size(), 2u);
  EXPECT_EQ(one[1].from_original, more[1].from_original);
  EXPECT_EQ(one[1].of(Channel::kRelit).descriptors, more[1].of(Channel::kRelit).descriptors);
  const std::vector<View> other = synthetic_views(file, 6, 1, options_, 150, *backend_);
  EXPECT_NE(other[1].from_original, one[1].from_original);
}

TEST_F(ViewsTest, AFewKeypointsAreTheFirstOfMany) {
  const auto file = write("a.png", test::test_picture(240, 180, 4));
  const View many = labelled_view({file, "m", {}}, options_, 150, *backend_);
  const View few = labelled_view({file, "m", {}}, options_, 20, *backend_);
  for (std::size_t c = 0; c < 2; ++c) {
    ASSERT_EQ(few.of(kChannels[c]).keypoints.size(), 20u);
    EXPECT_TRUE(std::equal(few.of(kChannels[c]).keypoints.begin(),
                           few.of(kChannels[c]).keypoints.end(),
                           many.of(kChannels[c]).keypoints.begin()));
  }
}

TEST_F(ViewsTest, ALabelledViewMapsTheMarkToTheReducedPhoto) {
  // The mark's plane is the whole picture, of which one photo is a part, reduced three times.
  const test::Picture picture = test::test_picture(900, 700, 5);
  const std::array<double, 9> shifted{1, 0, -90, 0, 1, -60, 0, 0, 1};
  const auto part = write("part.png", test::cut(picture, 90, 60, 720, 540));
  const View view = labelled_view({part, "m", shifted}, options_, 150, *backend_);
  EXPECT_EQ(view.width, 240);
  const auto& m = view.from_original;
  EXPECT_NEAR(m[0] / m[8], 1 / 3.0, 1e-12);
  EXPECT_NEAR(m[4] / m[8], 1 / 3.0, 1e-12);
  // Photo pixel (1, 1) is the centre of the first block of 3 x 3.
  EXPECT_NEAR((m[0] * 91 + m[1] * 61 + m[2]) / m[8], 0, 1e-9);
  EXPECT_NEAR((m[3] * 91 + m[4] * 61 + m[5]) / m[8], 0, 1e-9);
  // And keypoints are where it says: those of the mark itself, at the same reduction.
  const auto whole = write("whole.png", picture);
  options_.describe.long_side_px = 300;
  const View mark = labelled_view({whole, "m", std::array<double, 9>{1, 0, 0, 0, 1, 0, 0, 0, 1}},
                                  options_, 300, *backend_);
  const std::array<double, 9> to_part{1, 0, -30, 0, 1, -20, 0, 0, 1};
  EXPECT_GT(find_correspondences(mark.of(Channel::kRaw).keypoints, view.of(Channel::kRaw).keypoints,
                                 to_part, false)
                .pairs.size(),
            view.of(Channel::kRaw).keypoints.size() / 2);
}

TEST_F(ViewsTest, BadFilesAreErrors) {
  const auto text = directory_.write("text.png", test::bytes_of("no photo"));
  EXPECT_THROW(synthetic_views(text, 0, 1, options_, 50, *backend_), Error);
  EXPECT_THROW(labelled_view({text, "m", {}}, options_, 50, *backend_), Error);
  EXPECT_THROW(labelled_view({directory_.path() / "none.png", "m", {}}, options_, 50, *backend_),
               Error);
}

}  // namespace
}  // namespace pressmark::train
