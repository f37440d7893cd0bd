// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/image/augment.hpp"
#include "engine/model/model_data.hpp"
#include "kernels/ops.hpp"
#include "pressmark/error.hpp"
#include "training_photos.hpp"

namespace pressmark {
namespace {

using testing::HasSubstr;

class TrainTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new test::TemporaryDirectory;
    photos_ = test::training_photos(*directory_, 40);
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }

  static ErrorCode refusal(std::span<const std::filesystem::path> photos,
                           const TrainOptions& options, const RunControl& control = {}) {
    try {
      train_model(photos, options, control);
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "trained";
    return ErrorCode::kIo;
  }

  static inline test::TemporaryDirectory* directory_ = nullptr;
  static inline std::vector<std::filesystem::path> photos_;
};

TEST_F(TrainTest, TheResultIsAWholeModelWithItsOrigin) {
  TrainOptions options = test::small_training();
  options.origin = "generated";
  options.licence = "CC0-1.0";
  options.command = "train it";
  std::vector<std::int64_t> done;
  RunControl control;
  control.on_progress = [&](const Progress& progress) {
    EXPECT_EQ(progress.total, 80);
    done.push_back(progress.done);
  };
  const TrainResult result = train_model(photos_, options, control);
  EXPECT_EQ(result.images, 40);
  EXPECT_GT(result.matching_pairs, 512);
  EXPECT_TRUE(result.failures.empty());
  EXPECT_EQ(done.size(), 80u);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(result.model.name(), "tiny");
  EXPECT_EQ(result.model.global_size(), 10);
  for (const char* part : {"\"generated\"", "\"CC0-1.0\"", "\"train it\"", "\"seed\": 1"}) {
    EXPECT_THAT(result.model.manifest_json(), HasSubstr(part));
  }
  result.model.save(directory_->path() / "model");
  EXPECT_EQ(Model::load(directory_->path() / "model").id(), result.model.id());
}

TEST_F(TrainTest, BadFilesAreReportedAndLeftOut) {
  std::vector<std::filesystem::path> photos(photos_.begin(), photos_.begin() + 20);
  const auto text = directory_->write("text.png", test::bytes_of("no photo"));
  photos.insert(photos.begin() + 3, text);
  photos.push_back(directory_->path() / "missing.png");
  const TrainResult result = train_model(photos, test::small_training());
  EXPECT_EQ(result.images, 20);
  ASSERT_EQ(result.failures.size(), 2u);
  EXPECT_EQ(result.failures[0].file, text);
  EXPECT_THAT(result.failures[0].reason, HasSubstr("not an image"));
  EXPECT_EQ(result.failures[1].file, photos.back());
  EXPECT_FALSE(result.failures[1].reason.empty());
}

TEST_F(TrainTest, TooLittleToLearnFromIsRefused) {
  const TrainOptions options = test::small_training();
  EXPECT_EQ(refusal({}, options), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal(std::span(photos_).first(3), options), ErrorCode::kInvalidArgument);
  std::vector<std::filesystem::path> flat;
  const test::Picture grey{64, 64, 1, std::vector<std::uint8_t>(4096, 128)};
  for (int i = 0; i < 12; ++i) {
    flat.push_back(directory_->write("flat" + std::to_string(i) + ".png", test::make_png(grey)));
  }
  EXPECT_EQ(refusal(flat, options), ErrorCode::kInvalidArgument);
}

TEST_F(TrainTest, OptionsAreChecked) {
  TrainOptions options = test::small_training();
  options.words = 1;
  EXPECT_EQ(refusal(photos_, options), ErrorCode::kInvalidArgument);
}

TEST_F(TrainTest, AStopTokenInterrupts) {
  std::stop_source source;
  RunControl control;
  control.stop = source.get_token();
  std::int64_t last = 0;
  control.on_progress = [&](const Progress& progress) {
    last = progress.done;
    if (progress.done == 5) source.request_stop();
  };
  EXPECT_EQ(refusal(photos_, test::small_training(), control), ErrorCode::kInterrupted);
  EXPECT_GE(last, 5);
  EXPECT_LT(last, 40);
}

// Mean distance of the codes of corresponding keypoints over that of others.
double separation(const kernels::Whitening& whitening) {
  const auto backend = kernels::make_cpu_backend();
  double near = 0, far = 0;
  int near_count = 0, far_count = 0;
  for (std::uint64_t seed = 900; seed < 904; ++seed) {
    const test::Picture original = test::grey_of(test::test_picture(240, 180, seed));
    const image::SyntheticView view = image::synthesise_view(original, seed);
    const kernels::GreyImage images[] = {{240, 180, original.pixels},
                                         {240, 180, view.pixels.pixels}};
    kernels::LocalFeatures features[2];
    backend->extract(images, 150, features);
    std::vector<std::int8_t> codes[2];
    backend->embed(features, whitening, codes);
    const auto& m = view.view_from_original;
    for (std::size_t i = 0; i < features[0].keypoints.size(); ++i) {
      const Keypoint& from = features[0].keypoints[i];
      const double w = m[6] * from.x_px + m[7] * from.y_px + m[8];
      const double x = (m[0] * from.x_px + m[1] * from.y_px + m[2]) / w;
      const double y = (m[3] * from.x_px + m[4] * from.y_px + m[5]) / w;
      for (std::size_t j = 0; j < features[1].keypoints.size(); ++j) {
        const Keypoint& to = features[1].keypoints[j];
        const double away = std::hypot(to.x_px - x, to.y_px - y);
        if (away > 1.5 && away < 20) continue;
        double squared = 0;
        for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
          squared +=
              std::pow(codes[0][i * kLocalCodeSize + d] - codes[1][j * kLocalCodeSize + d], 2);
        }
        (away <= 1.5 ? near : far) += std::sqrt(squared);
        ++(away <= 1.5 ? near_count : far_count);
      }
    }
  }
  EXPECT_GT(near_count, 100);
  return (near / near_count) / (far / far_count);
}

TEST_F(TrainTest, LearnedWhiteningSeparatesBetterThanTruncation) {
  const TrainResult result = train_model(photos_, test::small_training());
  const std::vector<float> zero(kernels::kDescriptorSize, 0.0f);
  std::vector<float> truncation(std::size_t{kLocalCodeSize} * kernels::kDescriptorSize, 0.0f);
  for (std::size_t o = 0; o < kLocalCodeSize; ++o) {
    truncation[o * kernels::kDescriptorSize + o] = 1;
  }
  const models::ModelData& data = result.model.data();
  const double learned = separation(data.whitening());
  EXPECT_LT(learned, separation({zero, truncation}));
  EXPECT_LT(learned, separation({data.whitening_mean, truncation}));
}

}  // namespace
}  // namespace pressmark
