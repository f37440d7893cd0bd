// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/image/augment.hpp"
#include "engine/model/model_data.hpp"
#include "engine/train/correspondences.hpp"
#include "engine/train/projections.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"
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

  // A training without marks, made once for the tests that compare with it.
  static const TrainResult& trained_without_marks() {
    static const TrainResult result = train_model(photos_, {}, test::small_training());
    return result;
  }

  static ErrorCode refusal(std::span<const std::filesystem::path> photos,
                           const TrainOptions& options, const RunControl& control = {}) {
    try {
      train_model(photos, {}, options, control);
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
    EXPECT_EQ(progress.total, 120);
    done.push_back(progress.done);
  };
  const TrainResult result = train_model(photos_, {}, options, control);
  EXPECT_EQ(result.images, 40);
  EXPECT_EQ(result.marks, 0);
  EXPECT_GT(result.matching_pairs, 2 * 512);
  EXPECT_EQ(result.compared_mates, 80);           // each image with its warp, in both directions
  EXPECT_EQ(result.compared_non_mates, 80 * 39);  // every second of the 78 others
  EXPECT_TRUE(result.failures.empty());
  EXPECT_EQ(done.size(), 120u);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(result.model.name(), "tiny");
  EXPECT_EQ(result.model.global_size(), 10);
  for (const char* part : {"\"format\": 2", "\"generated\"", "\"CC0-1.0\"", "\"train it\"",
                           "\"seed\": 1", "\"marks\": 0", "\"compared_mates\": 80"}) {
    EXPECT_THAT(result.model.manifest_json(), HasSubstr(part));
  }
  result.model.save(directory_->path() / "model");
  EXPECT_EQ(Model::load(directory_->path() / "model").id(), result.model.id());
}

TEST_F(TrainTest, BadFilesAreReportedAndLeftOut) {
  std::vector<std::filesystem::path> photos(photos_.begin(), photos_.begin() + 28);
  const auto text = directory_->write("text.png", test::bytes_of("no photo"));
  photos.insert(photos.begin() + 3, text);
  photos.push_back(directory_->path() / "missing.png");
  const TrainResult result = train_model(photos, {}, test::small_training());
  EXPECT_EQ(result.images, 28);
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

// Mean distance of the codes of corresponding raw keypoints over that of others.
double separation(const kernels::Whitening& whitening) {
  const auto backend = kernels::make_cpu_backend();
  double near = 0, far = 0;
  int near_count = 0, far_count = 0;
  for (std::uint64_t seed = 900; seed < 912; ++seed) {
    const test::Picture original = test::grey_of(test::test_picture(240, 180, seed));
    const image::SyntheticView view = image::synthesise_view(original, seed);
    const kernels::GreyImage images[] = {{240, 180, original.pixels},
                                         {240, 180, view.pixels.pixels}};
    const kernels::GreyImage masks[2];
    kernels::LocalFeatures features[2];
    backend->extract(images, masks, 150, features);
    std::vector<std::int8_t> codes[2];
    backend->embed(features, whitening, codes);
    const auto distance = [&](std::size_t i, std::size_t j) {
      double squared = 0;
      for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
        squared += std::pow(codes[0][i * kLocalCodeSize + d] - codes[1][j * kLocalCodeSize + d], 2);
      }
      return std::sqrt(squared);
    };
    const auto found = train::find_correspondences(features[0].keypoints, features[1].keypoints,
                                                   view.view_from_original, false);
    for (const auto& [from, to] : found.pairs) {
      const auto i = static_cast<std::size_t>(from), j = static_cast<std::size_t>(to);
      near += distance(i, j);
      ++near_count;
      for (std::size_t other = 0; other < features[1].keypoints.size(); ++other) {
        const Keypoint &a = features[1].keypoints[j], &b = features[1].keypoints[other];
        if (std::hypot(a.x_px - b.x_px, a.y_px - b.y_px) < 20) continue;
        far += distance(i, other);
        ++far_count;
      }
    }
  }
  EXPECT_GT(near_count, 100);
  return (near / near_count) / (far / far_count);
}

TEST_F(TrainTest, LearnedWhiteningSeparatesBetterThanTruncation) {
  TrainOptions options = test::small_training();
  options.warps_per_image = 6;
  const TrainResult result = train_model(photos_, {}, options);
  const std::vector<float> zero(kernels::kDescriptorSize, 0.0f);
  std::vector<float> truncation(std::size_t{kLocalCodeSize} * kernels::kDescriptorSize, 0.0f);
  for (std::size_t o = 0; o < kLocalCodeSize; ++o) {
    truncation[o * kernels::kDescriptorSize + o] = 1;
  }
  const models::ModelData& data = result.model.data();
  const double learned = separation(data.raw.whitening());
  EXPECT_LT(learned, separation({zero, truncation}));
  EXPECT_LT(learned, separation({data.raw.mean, truncation}));
}

TEST_F(TrainTest, BothWhiteningsCommuteWithInversion) {
  const TrainResult& result = trained_without_marks();
  for (const Channel channel : kChannels) {
    const models::LocalModel& local = result.model.data().local(channel);
    EXPECT_EQ(local.even_size % 2, 0);
    for (std::size_t d = 0; d < kernels::kDescriptorSize; ++d) {
      const auto other = static_cast<std::size_t>(train::inverted_element(static_cast<int>(d)));
      EXPECT_EQ(local.mean[d], local.mean[other]);
      for (std::size_t row = 0; row < kLocalCodeSize; ++row) {
        const float sign = static_cast<int>(row) < local.even_size ? 1.0f : -1.0f;
        ASSERT_NEAR(local.projection[row * kernels::kDescriptorSize + d],
                    sign * local.projection[row * kernels::kDescriptorSize + other], 1e-4);
      }
    }
  }
  EXPECT_NE(result.model.data().raw.projection, result.model.data().relit.projection);
}

// Pairs of photos of the same and of different marks, as the score of a model orders them: the
// share of pairs of pairs in the right order.
double area_under_curve(const Model& model, const std::vector<LabelledPhoto>& photos) {
  const Engine engine(model, {.long_side_px = 160, .max_keypoints = 80});
  std::vector<Description> described;
  for (const LabelledPhoto& photo : photos) {
    described.push_back(engine.describe_file(photo.file).description);
  }
  std::vector<double> mates, others;
  for (std::size_t i = 0; i < photos.size(); ++i) {
    for (std::size_t j = 0; j < photos.size(); ++j) {
      if (i == j) continue;
      const double evidence = engine.verify(described[i], described[j]).evidence;
      (photos[i].identity == photos[j].identity ? mates : others).push_back(evidence);
    }
  }
  double right = 0;
  for (const double mate : mates) {
    for (const double other : others) right += mate > other ? 1 : mate == other ? 0.5 : 0;
  }
  return right / static_cast<double>(mates.size() * others.size());
}

TEST_F(TrainTest, MarksTeachHowLightChangesPhotos) {
  const std::vector<LabelledPhoto> marks = test::training_marks(*directory_, 16);
  std::int64_t last = 0;
  RunControl control;
  control.on_progress = [&](const Progress& progress) {
    EXPECT_EQ(progress.total, 120 + 16 + 64);
    last = progress.done;
  };
  const TrainResult with = train_model(photos_, marks, test::small_training(), control);
  const TrainResult& without = trained_without_marks();
  EXPECT_EQ(last, 200);
  EXPECT_EQ(with.images, 40);
  EXPECT_EQ(with.marks, 64);
  EXPECT_TRUE(with.failures.empty());
  EXPECT_GT(with.matching_pairs, without.matching_pairs + 2 * 512);
  EXPECT_EQ(with.compared_mates, 80 + 64 * 3);
  EXPECT_GT(with.compared_non_mates, without.compared_non_mates);
  EXPECT_NE(with.model.data().raw.projection, without.model.data().raw.projection);
  EXPECT_NE(with.model.data().relit.projection, without.model.data().relit.projection);
  EXPECT_NE(with.model.data().fusion.weights, without.model.data().fusion.weights);
  // Marks that neither has seen.
  const std::vector<LabelledPhoto> unseen = test::training_marks(*directory_, 5, 50);
  const double taught = area_under_curve(with.model, unseen);
  EXPECT_GT(taught, 0.9);
  EXPECT_GT(taught, area_under_curve(without.model, unseen));
}

TEST_F(TrainTest, MarksWithoutPlaceOnlyTeachTheScore) {
  std::vector<LabelledPhoto> marks = test::training_marks(*directory_, 4);
  for (LabelledPhoto& photo : marks) photo.photo_from_mark.reset();
  const TrainResult with = train_model(photos_, marks, test::small_training());
  const TrainResult& without = trained_without_marks();
  EXPECT_EQ(with.marks, 16);
  EXPECT_EQ(with.matching_pairs, without.matching_pairs);
  EXPECT_EQ(with.model.data().raw.projection, without.model.data().raw.projection);
  EXPECT_EQ(with.model.data().relit.projection, without.model.data().relit.projection);
  EXPECT_EQ(with.compared_mates, 80 + 16 * 3);
  EXPECT_NE(with.model.data().fusion.weights, without.model.data().fusion.weights);
}

TEST_F(TrainTest, OtherMouldsOfADesignAreNotUnrelated) {
  std::vector<LabelledPhoto> marks = test::training_marks(*directory_, 4);
  const TrainResult apart = train_model(photos_, marks, test::small_training());
  for (LabelledPhoto& photo : marks) photo.design = "one";
  const TrainResult together = train_model(photos_, marks, test::small_training());
  EXPECT_EQ(together.compared_mates, apart.compared_mates);
  EXPECT_LT(together.compared_non_mates, apart.compared_non_mates);
  // One design does not teach how moulds differ.
  EXPECT_EQ(together.mould_pairs_same, 0);
  EXPECT_EQ(together.mould_pairs_different, 0);
  EXPECT_FALSE(together.model.data().mould.is_taught());
}

TEST_F(TrainTest, BadMarksAreReportedAndLeftOut) {
  std::vector<LabelledPhoto> marks = test::training_marks(*directory_, 2);
  marks[5].file = directory_->write("broken.png", test::bytes_of("no photo"));
  const std::span<const std::filesystem::path> images = std::span(photos_).first(28);
  const TrainResult result = train_model(images, marks, test::small_training());
  EXPECT_EQ(result.marks, 7);
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_EQ(result.failures[0].file, marks[5].file);
  EXPECT_THAT(result.failures[0].reason, HasSubstr("not an image"));
}

TEST_F(TrainTest, TheSavedModelScoresAsTheTrainedOne) {
  const TrainResult& result = trained_without_marks();
  result.model.save(directory_->path() / "scored");
  const Engine trained(result.model, {.long_side_px = 160});
  const Engine loaded(Model::load(directory_->path() / "scored"), {.long_side_px = 160});
  const Description a = trained.describe_file(photos_[0]).description;
  const Description b = trained.describe_file(photos_[1]).description;
  EXPECT_EQ(loaded.describe_file(photos_[0]).description, a);
  EXPECT_EQ(loaded.verify(a, a).score, trained.verify(a, a).score);
  EXPECT_GT(trained.verify(a, a).score, 4);
  EXPECT_TRUE(trained.verify(a, a).verified);
  EXPECT_FALSE(trained.verify(a, b).verified);
}

}  // namespace
}  // namespace pressmark
