// SPDX-License-Identifier: Apache-2.0
//
// Planted marks: coarse details of a design, and fine ones of a mould.
#include "engine/verify/mould.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/verify/verify.hpp"
#include "tests/support/test_model.hpp"

namespace pressmark::verify {
namespace {

constexpr Matrix3 kIdentity{1, 0, 0, 0, 1, 0, 0, 0, 1};

void add_details(LocalCodes& local, int count, float size_px, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
  };
  for (int i = 0; i < count; ++i) {
    local.keypoints.push_back({static_cast<float>(uniform(10, 390)),
                               static_cast<float>(uniform(10, 290)), size_px,
                               static_cast<float>(uniform(0, 6.28))});
    std::array<double, kLocalCodeSize> code;
    double squared = 0;
    for (double& value : code) {
      value = uniform(-1, 1);
      squared += value * value;
    }
    for (const double value : code) {
      local.codes.push_back(
          static_cast<std::int8_t>(std::lround(127 * value / std::sqrt(squared))));
    }
  }
}

Description blank() {
  Description photo;
  photo.width_px = 400;
  photo.height_px = 300;
  photo.light = {0.5f, 0.3f, true};
  return photo;
}

// A photo of a mark: 60 coarse details of its design, 50 fine ones of its mould.
Description photo_of(std::uint64_t design, std::uint64_t mould) {
  Description photo = blank();
  for (const Channel channel : kChannels) {
    const auto seed = static_cast<std::uint64_t>(channel) + 1;
    add_details(photo.local(channel), 60, 12, 1000 * design + seed);
    add_details(photo.local(channel), 50, 4, 100'000 * mould + seed);
  }
  // Half of the fine detail is of the design's lines.
  std::mt19937_64 of_design(design), of_mould(7 * mould);
  for (std::size_t i = 0; i < detail_bytes(photo.width_px, photo.height_px); ++i) {
    const bool is_line = i / 25 % 24 < 8;
    photo.detail.push_back(static_cast<std::uint8_t>((is_line ? of_design : of_mould)()));
  }
  return photo;
}

MouldAnswer counted(const Description& query, const Description& hit,
                    const Matrix3& map = kIdentity) {
  MouldAnswer answer;
  count_details(*kernels::make_cpu_backend(), test::test_model_data(), query, hit, map, 3, answer);
  return answer;
}

TEST(CountDetails, OneMouldSharesAllAndAnotherOnlyTheDesign) {
  const MouldAnswer same = counted(photo_of(1, 1), photo_of(1, 1));
  const MouldAnswer other = counted(photo_of(1, 1), photo_of(1, 2));
  for (const Channel channel : kChannels) {
    EXPECT_EQ(same.details(channel), (MouldDetails{100, 100, 120, 120}));
    EXPECT_EQ(other.details(channel).fine, 100);
    EXPECT_EQ(other.details(channel).coarse, 120);
    EXPECT_EQ(other.details(channel).coarse_shared, 120);
    EXPECT_LE(other.details(channel).fine_shared, 4);
  }
}

TEST(CountDetails, CodesAgreeWhereOneMouldMadeThemBoth) {
  const MouldAnswer same = counted(photo_of(1, 1), photo_of(1, 1));
  EXPECT_GT(same.detail_patches, 30);
  EXPECT_EQ(same.detail_strength, 1);
  const MouldAnswer other = counted(photo_of(1, 1), photo_of(1, 2));
  EXPECT_EQ(other.detail_patches, same.detail_patches);
  EXPECT_LT(other.detail_strength, 0.6);
  Description without = photo_of(1, 1);
  without.detail.clear();
  EXPECT_EQ(counted(without, photo_of(1, 1)).detail_patches, 0);
}

TEST(CountDetails, OfAQueryInItsOtherContrastAreTheSame) {
  Description inverted = photo_of(1, 1);
  const models::ModelData model = test::test_model_data();
  inverted.raw = with_inverted_contrast(inverted.raw, model.raw.even_size);
  EXPECT_EQ(counted(inverted, photo_of(1, 1)).raw, (MouldDetails{100, 100, 120, 120}));
}

TEST(CountDetails, OnlyWhatBothPhotosShowCounts) {
  // The hit shows what is right of x = 200.
  const Matrix3 map{1, 0, -200, 0, 1, 0, 0, 0, 1};
  const Description query = photo_of(1, 1);
  Description hit = blank();
  int shown = 0;
  for (std::size_t i = 0; i < query.raw.keypoints.size(); ++i) {
    Keypoint moved = query.raw.keypoints[i];
    moved.x_px -= 200;
    if (moved.x_px < 4) continue;
    ++shown;
    hit.raw.keypoints.push_back(moved);
    const auto code = query.raw.codes.begin() + static_cast<std::ptrdiff_t>(i * kLocalCodeSize);
    hit.raw.codes.insert(hit.raw.codes.end(), code, code + kLocalCodeSize);
  }
  const MouldDetails details = counted(query, hit, map).raw;
  EXPECT_EQ(details.fine + details.coarse, 2 * shown);
  EXPECT_EQ(details.fine_shared + details.coarse_shared, 2 * shown);
}

TEST(CountDetails, TellsTheGapOfTheLightsModuloHalfATurn) {
  Description query = photo_of(1, 1), hit = photo_of(1, 1);
  query.light.azimuth_rad = 0.1f;
  hit.light.azimuth_rad = 3.1f;
  EXPECT_NEAR(*counted(query, hit).light_gap_deg, (0.1 + M_PI - 3.1) * 180 / M_PI, 0.01);
  // Turned by a quarter, the query's light lies across.
  EXPECT_NEAR(*counted(query, hit, {0, -1, 300, 1, 0, 0, 0, 0, 1}).light_gap_deg,
              90 - (0.1 + M_PI - 3.1) * 180 / M_PI, 0.01);
  hit.light.sure = false;
  EXPECT_FALSE(counted(query, hit).light_gap_deg);
}

Verification registered(MouldAnswer mould) {
  Verification v;
  v.verified = true;
  v.inlier_count = 40;
  v.area_query = v.area_hit = 0.2;
  v.mould = mould;
  return v;
}

TEST(MouldFeatures, OfWhatIsNotRegisteredAreZeroButForTheCounts) {
  const MouldFeatures features = mould_features({}, photo_of(1, 1), photo_of(2, 2));
  for (std::size_t i = 0; i < features.size(); ++i) {
    EXPECT_EQ(features[i], i == 4 ? std::log1p(110.0) : 0) << i;
  }
}

TEST(MouldFeatures, FineSharesRiseWithTheMouldAlone) {
  const Description query = photo_of(1, 1), twin = photo_of(1, 1), other = photo_of(1, 2);
  const MouldFeatures same = mould_features(registered(counted(query, twin)), query, twin);
  const MouldFeatures different = mould_features(registered(counted(query, other)), query, other);
  EXPECT_NEAR(same[7], std::log(100.5 / 105), 1e-9);
  EXPECT_GT(same[7], different[7] + 2);
  EXPECT_GT(same[9], different[9] + 2);
  EXPECT_EQ(same[12], 1);
  EXPECT_LT(different[12], 0.6);
  EXPECT_EQ(same[13], 1);
  EXPECT_EQ(different[13], 1);
  EXPECT_EQ(same[8], different[8]);
  EXPECT_EQ(same[10], different[10]);
}

models::MouldModel taught() {
  models::MouldModel model;
  model.weights.assign(models::MouldModel::kFeatures + 1, 0.0f);
  model.weights[7] = model.weights[9] = 2;
  model.weights.back() = 4;
  model.same_from = 3;
  model.different_to = -3;
  return model;
}

Verification judged(const Description& query, const Description& hit,
                    const models::MouldModel& model = taught()) {
  Verification v = registered(counted(query, hit));
  v.mould.evidence = mould_evidence(model, mould_features(v, query, hit));
  judge_mould(model, v);
  return v;
}

TEST(JudgeMould, TellsOneMouldFromAnotherOfItsDesign) {
  const MouldAnswer same = judged(photo_of(1, 1), photo_of(1, 1)).mould;
  EXPECT_EQ(same.verdict, MouldVerdict::kSame) << same.evidence;
  EXPECT_EQ(same.doubt, MouldDoubt::kNone);
  const MouldAnswer other = judged(photo_of(1, 1), photo_of(1, 2)).mould;
  EXPECT_EQ(other.verdict, MouldVerdict::kDifferent) << other.evidence;
  EXPECT_EQ(other.doubt, MouldDoubt::kNone);
}

TEST(JudgeMould, CannotTellBetweenItsThresholds) {
  models::MouldModel hard = taught();
  hard.same_from = 100;
  const MouldAnswer answer = judged(photo_of(1, 1), photo_of(1, 1), hard).mould;
  EXPECT_EQ(answer.verdict, MouldVerdict::kCannotTell);
  EXPECT_EQ(answer.doubt, MouldDoubt::kUndecided);
}

TEST(JudgeMould, DoesNotCallDifferentWhatMayBeUnlit) {
  Description hit = photo_of(1, 2);
  hit.light.sure = false;
  EXPECT_EQ(judged(photo_of(1, 1), hit).mould.doubt, MouldDoubt::kUnsureLight);
  Description twin = photo_of(1, 1);
  twin.light.sure = false;
  EXPECT_EQ(judged(photo_of(1, 1), twin).mould.verdict, MouldVerdict::kSame);
}

TEST(JudgeMould, SaysWhatIsMissing) {
  const auto doubt = [](auto&& spoil) {
    Verification v = registered(counted(photo_of(1, 1), photo_of(1, 1)));
    v.mould.evidence = 50;
    spoil(v);
    judge_mould(taught(), v);
    EXPECT_EQ(v.mould.verdict == MouldVerdict::kSame, v.mould.doubt == MouldDoubt::kNone);
    return v.mould.doubt;
  };
  EXPECT_EQ(doubt([](Verification&) {}), MouldDoubt::kNone);
  EXPECT_EQ(doubt([](Verification& v) { v.verified = false; }), MouldDoubt::kNotVerified);
  EXPECT_EQ(doubt([](Verification& v) { v.area_hit = 0.01; }), MouldDoubt::kSmallArea);
  EXPECT_EQ(doubt([](Verification& v) {
              v.mould.raw = v.mould.relit = {10, 10, 10, 10};
            }),
            MouldDoubt::kFewDetails);
  EXPECT_EQ(doubt([](Verification& v) { v.mould.detail_patches = 3; }), MouldDoubt::kFewDetails);
  Verification untaught = registered({});
  judge_mould({}, untaught);
  EXPECT_EQ(untaught.mould.doubt, MouldDoubt::kNotTaught);
  EXPECT_EQ(mould_evidence({}, {}), 0);
}

TEST(VerifyPair, GivesTheMouldsAnswerThroughTheWholeWay) {
  models::ModelData model = test::test_model_data();
  model.mould = taught();
  const auto backend = kernels::make_cpu_backend();
  const auto mould = [&](const Description& query, const Description& hit) {
    const Verification v =
        verify_pair(*backend, model, PreparedQuery(*backend, query), hit, VerifyOptions{});
    EXPECT_TRUE(v.verified) << v.score;
    return v.mould;
  };
  EXPECT_EQ(mould(photo_of(1, 1), photo_of(1, 1)).verdict, MouldVerdict::kSame);
  EXPECT_EQ(mould(photo_of(1, 1), photo_of(1, 2)).verdict, MouldVerdict::kDifferent);
  const Description first = photo_of(1, 1);
  const Verification unrelated =
      verify_pair(*backend, model, PreparedQuery(*backend, first), photo_of(2, 2), VerifyOptions{});
  EXPECT_EQ(unrelated.mould.verdict, MouldVerdict::kCannotTell);
  EXPECT_EQ(unrelated.mould.doubt, MouldDoubt::kNotVerified);
}

}  // namespace
}  // namespace pressmark::verify
