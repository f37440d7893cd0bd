// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "pipeline_fixture.hpp"

namespace pressmark {
namespace {

class CatalogueMatchTest : public test::PipelineTest {
 protected:
  CatalogueMatchTest() { add(catalogue_, write_scenes(6)); }

  Catalogue catalogue_ = create();
};

TEST_F(CatalogueMatchTest, FindsTheSceneOfEachView) {
  const std::vector<PhotoInput> queries{write_view(4), write_view(0), write_view(2)};
  const auto results = match(catalogue_, queries);
  ASSERT_EQ(results.size(), 3u);
  const ImageId expected[] = {5, 1, 3};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(results[i].ok);
    EXPECT_EQ(results[i].file, queries[i].file);
    EXPECT_EQ(results[i].candidates, 6);
    EXPECT_EQ(hit_ids(results[i]), std::vector<ImageId>{expected[i]});
  }
  const Verification& verification = results[0].hits.at(0).verification;
  EXPECT_NEAR(verification.transform.scale, 1 / 0.9, 0.02);
  EXPECT_NEAR(std::abs(verification.transform.rotation_deg), 17.2, 1);
}

TEST_F(CatalogueMatchTest, AStrangerHasNoHit) {
  const auto results = match(catalogue_, {write_view(50)});
  EXPECT_TRUE(results[0].ok);
  EXPECT_GT(results[0].keypoints, 0);
  EXPECT_TRUE(results[0].hits.empty());
}

TEST_F(CatalogueMatchTest, BadQueriesAreAnsweredInOrder) {
  std::int64_t done = 0;
  RunControl control;
  control.on_progress = [&](const Progress& progress) { done = progress.done; };
  const std::vector<PhotoInput> queries{write_bad("x.jpg"), write_view(1)};
  std::vector<QueryResult> results;
  const MatchSummary summary = catalogue_.match(
      queries, {}, {}, control, [&](const QueryResult& result) { results.push_back(result); });
  EXPECT_EQ(summary.queries, 2);
  EXPECT_EQ(summary.failed, 1);
  EXPECT_EQ(summary.with_hits, 1);
  EXPECT_EQ(done, 2);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_FALSE(results[0].ok);
  EXPECT_EQ(results[0].code, ErrorCode::kUnsupported);
  EXPECT_EQ(results[1].hits.size(), 1u);
}

TEST_F(CatalogueMatchTest, OptionsLimitCandidatesAndHits) {
  // A second photo of scene 0, so that there are two hits.
  add(catalogue_, {write("other.jpg", test::view_of_scene(0))});
  MatchOptions options;
  EXPECT_EQ(match(catalogue_, {write_scene(0)}, options)[0].hits.size(), 2u);
  const auto all = match(catalogue_, {write_scene(0)}, options)[0];
  EXPECT_GE(all.hits[0].verification.score, all.hits[1].verification.score);
  options.max_hits = 1;
  EXPECT_EQ(hit_ids(match(catalogue_, {write_scene(0)}, options)[0]), std::vector<ImageId>{1});
  options.search.candidates = 3;
  EXPECT_EQ(match(catalogue_, {write_scene(0)}, options)[0].candidates, 3);
  options.verify.min_score = 1e5;
  EXPECT_TRUE(match(catalogue_, {write_scene(0)}, options)[0].hits.empty());
  options.max_hits = 0;
  EXPECT_EQ(error_of([&] { match(catalogue_, {}, options); }), ErrorCode::kInvalidArgument);
}

TEST_F(CatalogueMatchTest, AnswersAreTheSameOnRepetitionAndAfterOpeningAgain) {
  const std::vector<PhotoInput> queries{write_view(0), write_view(3), write_view(60)};
  const auto first = match(catalogue_, queries);
  test::expect_equal(match(catalogue_, queries), first);
  const Catalogue reader = Catalogue::open(place(), Catalogue::Access::kRead);
  test::expect_equal(match(reader, queries), first);
}

TEST_F(CatalogueMatchTest, OnlyTheRegionOfInterestCounts) {
  // Two scenes side by side; the region leaves one of them.
  test::Picture both{2 * test::kSceneWidth, test::kSceneHeight, 3, {}};
  const test::Picture left = test::scene(1), right = test::scene(5);
  const std::size_t row = 3 * test::kSceneWidth;
  for (std::size_t y = 0; y < test::kSceneHeight; ++y) {
    for (const test::Picture* part : {&left, &right}) {
      const auto first = part->pixels.begin() + static_cast<std::ptrdiff_t>(y * row);
      both.pixels.insert(both.pixels.end(), first, first + row);
    }
  }
  PhotoInput query = write("both.png", both);
  query.facts.region =
      RegionOfInterest{test::kSceneWidth, 0, test::kSceneWidth, test::kSceneHeight};
  const auto result = match(catalogue_, {query})[0];
  ASSERT_EQ(hit_ids(result), std::vector<ImageId>{6});
  // The answer is in pixels of the whole photo.
  const auto& map = result.hits[0].verification.transform.hit_from_query;
  EXPECT_NEAR(map[2] + map[0] * test::kSceneWidth, 0, 0.5);
  // And a catalogued region keeps what lies outside from being found.
  PhotoInput whole = query;
  whole.facts.region.reset();
  PhotoInput stored = write("stored.png", both);
  Catalogue other = Catalogue::create(directory_.path() / "other", test::test_model(), describe_);
  stored.facts.region = query.facts.region;
  ASSERT_EQ(add(other, {stored})[0].status, AddStatus::kAdded);
  EXPECT_EQ(match(other, {write_scene(5)})[0].hits.size(), 1u);
  EXPECT_TRUE(match(other, {write_scene(1)})[0].hits.empty());
  EXPECT_EQ(other.find(1)->facts.region, query.facts.region);
}

TEST_F(CatalogueMatchTest, ATinyImageIsAddedAndNeverMatches) {
  const PhotoInput tiny = write("tiny.png", test::test_picture(12, 9, 1));
  const auto reports = add(catalogue_, {tiny});
  ASSERT_EQ(reports[0].status, AddStatus::kAdded) << reports[0].reason;
  EXPECT_EQ(reports[0].keypoints, 0);
  const auto result = match(catalogue_, {tiny})[0];
  EXPECT_TRUE(result.ok);
  EXPECT_EQ(result.keypoints, 0);
  EXPECT_EQ(result.candidates, 0);
  EXPECT_TRUE(result.hits.empty());
  const auto other = match(catalogue_, {write_scene(0)})[0];
  for (const Hit& hit : other.hits) {
    EXPECT_NE(hit.image.id, reports[0].id);
  }
}

TEST_F(CatalogueMatchTest, ABlurredQueryIsComparedOnRequestOnly) {
  test::Picture blurred = test::scene(0);
  cv::Mat view(blurred.height, blurred.width, CV_8UC3, blurred.pixels.data());
  cv::GaussianBlur(view.clone(), view, {}, 7);
  const PhotoInput query = write("blurred.png", blurred);
  std::vector<QueryResult> results;
  const MatchSummary summary =
      catalogue_.match(std::vector{query}, {}, {}, {},
                       [&](const QueryResult& result) { results.push_back(result); });
  EXPECT_EQ(summary.unusable, 1);
  EXPECT_EQ(summary.failed, 0);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(results[0].ok);
  EXPECT_THAT(results[0].quality, testing::StartsWith("too blurred"));
  EXPECT_EQ(results[0].candidates, 0);
  EXPECT_TRUE(results[0].hits.empty());
  MatchOptions options;
  options.quality_gate = false;
  const QueryResult compared = match(catalogue_, {query}, options)[0];
  EXPECT_EQ(compared.quality, results[0].quality);
  EXPECT_EQ(compared.candidates, 6);
  // It may be catalogued, and adding it says what is wrong.
  const auto reports = add(catalogue_, {query});
  EXPECT_EQ(reports[0].status, AddStatus::kAdded);
  EXPECT_EQ(reports[0].quality, results[0].quality);
}

TEST_F(CatalogueMatchTest, PhotosOfOneMarkAreAnsweredTogether) {
  PhotoInput first = write_view(1), bad = write_bad("x.jpg"), alone = write_view(3),
             second = write("again.png", test::scene(1));
  for (PhotoInput* photo : {&first, &bad, &second}) photo->mark = "M";
  std::vector<std::string> order;
  std::vector<QueryResult> results;
  std::vector<MarkResult> marks;
  const MatchSummary summary = catalogue_.match(
      std::vector{first, bad, alone, second}, {}, {}, {},
      [&](const QueryResult& result) {
        order.push_back(result.file.filename());
        results.push_back(result);
      },
      [&](const MarkResult& result) {
        order.push_back(result.mark);
        marks.push_back(result);
      });
  EXPECT_EQ(order, (std::vector<std::string>{"view1.png", "x.jpg", "again.png", "M", "view3.png"}));
  EXPECT_EQ(summary.queries, 4);
  EXPECT_EQ(summary.failed, 1);
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_EQ(marks[0].photos, (std::vector{first.file, second.file}));
  ASSERT_EQ(marks[0].hits.size(), 1u);
  const MarkHit& hit = marks[0].hits[0];
  EXPECT_EQ(hit.image.id, 2);
  EXPECT_EQ(hit.photos, 2);
  EXPECT_EQ(hit.best_photo, 1u);  // the catalogued photo itself
  const double best = results[2].hits.at(0).verification.score;
  EXPECT_GT(best, results[0].hits.at(0).verification.score);
  EXPECT_DOUBLE_EQ(hit.score, best - std::log10(2));
  EXPECT_DOUBLE_EQ(hit.expected_false_hits, 6 * std::pow(10, -hit.score));
}

TEST_F(CatalogueMatchTest, CandidatesOfOnePhotoAreComparedWithAllOfItsMark) {
  MatchOptions options;
  options.search.candidates = 2;
  options.verify.min_score = 0;
  PhotoInput first = write_view(1), second = write_view(4);
  first.mark = second.mark = "M";
  std::vector<QueryResult> results;
  catalogue_.match(std::vector{first, second}, options, {}, {},
                   [&](const QueryResult& result) { results.push_back(result); });
  ASSERT_EQ(results.size(), 2u);
  for (const QueryResult& result : results) EXPECT_EQ(result.candidates, 2);
  EXPECT_EQ(results[0].hits.at(0).image.id, 2);
  EXPECT_EQ(results[1].hits.at(0).image.id, 5);
}

TEST_F(CatalogueMatchTest, AMarkWithoutUsablePhotosIsAnsweredToo) {
  PhotoInput bad = write_bad("x.jpg");
  bad.mark = "M";
  std::vector<MarkResult> marks;
  catalogue_.match(std::vector{bad}, {}, {}, {}, {},
                   [&](const MarkResult& result) { marks.push_back(result); });
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_TRUE(marks[0].photos.empty());
  EXPECT_TRUE(marks[0].hits.empty());
}

TEST_F(CatalogueMatchTest, StoredPhotosAreAnsweredAsTheirFilesAre) {
  const std::vector<PhotoInput> views{write_view(4), write_view(50), write_view(2)};
  Catalogue other = Catalogue::create(directory_.path() / "other", test::test_model(), describe_);
  add(other, views);
  MatchOptions options;
  options.query_keypoints = describe_.max_keypoints;  // as many as are stored
  const auto by_file = match(catalogue_, views, options);
  std::vector<ImageMatch> stored;
  const MatchSummary summary =
      catalogue_.match_images(other, std::vector<ImageId>{3, 1, 2}, options, {},
                              [&](const ImageMatch& found) { stored.push_back(found); });
  EXPECT_EQ(summary.queries, 3);
  EXPECT_EQ(summary.with_hits, 2);
  ASSERT_EQ(stored.size(), 3u);
  const std::size_t places[] = {2, 0, 1};
  for (std::size_t i = 0; i < 3; ++i) {
    const QueryResult& expected = by_file[places[i]];
    EXPECT_EQ(stored[i].query, static_cast<ImageId>(places[i]) + 1);
    EXPECT_EQ(stored[i].compared.size(), static_cast<std::size_t>(expected.candidates));
    ASSERT_EQ(stored[i].hits.size(), expected.hits.size());
    for (std::size_t k = 0; k < expected.hits.size(); ++k) {
      EXPECT_EQ(stored[i].hits[k].image.id, expected.hits[k].image.id);
      test::expect_equal(stored[i].hits[k].verification, expected.hits[k].verification);
    }
  }
}

TEST_F(CatalogueMatchTest, AStoredPhotoIsNotComparedWithItself) {
  add(catalogue_, {write_view(0)});
  std::vector<ImageMatch> found;
  catalogue_.match_images(catalogue_, std::vector<ImageId>{7, 2}, {}, {},
                          [&](const ImageMatch& match) { found.push_back(match); });
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].compared.size(), 6u);
  EXPECT_EQ(std::ranges::count(found[0].compared, 7), 0);
  ASSERT_EQ(found[0].hits.size(), 1u);
  EXPECT_EQ(found[0].hits[0].image.id, 1);
  EXPECT_TRUE(found[1].hits.empty());
}

// A catalogue in which candidates of a photo alone are looked for beside one in which those of
// several are, so that each way of working meets the other.
TEST_F(CatalogueMatchTest, SeveralCataloguesAnswerTogetherAsEachDoesAlone) {
  Catalogue other = Catalogue::create(directory_.path() / "other", test::test_model(), describe_);
  add(other, {write_view(4), write_view(50), write_view(2), write_view(51), write_scene(50)});
  std::vector<MatchTarget> targets{{&catalogue_, {}}, {&other, {}}, {&catalogue_, {}}};
  targets[0].options.search.candidates = 2;
  targets[1].options.search.dense_images = 0;
  targets[2].options.filter.where("id>3");
  const std::vector<ImageId> queries{5, 1, 2, 3, 4, 2};
  std::vector<std::vector<ImageMatch>> together(targets.size());
  const std::vector<MatchSummary> summaries =
      Catalogue::match_images(targets, other, queries, {}, [&](std::span<const ImageMatch> found) {
        ASSERT_EQ(found.size(), targets.size());
        for (std::size_t t = 0; t < found.size(); ++t) together[t].push_back(found[t]);
      });
  ASSERT_EQ(summaries.size(), targets.size());
  std::int64_t hits = 0;
  for (std::size_t t = 0; t < targets.size(); ++t) {
    SCOPED_TRACE(t);
    std::vector<ImageMatch> alone;
    const MatchSummary summary = targets[t].catalogue->match_images(
        other, queries, targets[t].options, {},
        [&](const ImageMatch& found) { alone.push_back(found); });
    EXPECT_EQ(summaries[t].queries, summary.queries);
    EXPECT_EQ(summaries[t].with_hits, summary.with_hits);
    EXPECT_EQ(summaries[t].searched_images, summary.searched_images);
    ASSERT_EQ(together[t].size(), queries.size());
    ASSERT_EQ(alone.size(), queries.size());
    for (std::size_t i = 0; i < queries.size(); ++i) {
      EXPECT_EQ(together[t][i].query, queries[i]);
      EXPECT_EQ(together[t][i].compared, alone[i].compared);
      ASSERT_EQ(together[t][i].hits.size(), alone[i].hits.size());
      for (std::size_t k = 0; k < alone[i].hits.size(); ++k) {
        ++hits;
        EXPECT_EQ(together[t][i].hits[k].image.id, alone[i].hits[k].image.id);
        test::expect_equal(together[t][i].hits[k].verification, alone[i].hits[k].verification);
      }
    }
  }
  EXPECT_GT(hits, 5);
  EXPECT_EQ(summaries[2].searched_images, 3);
}

TEST_F(CatalogueMatchTest, AStopEndsAllCataloguesAtTheSamePhoto) {
  Catalogue other = Catalogue::create(directory_.path() / "other", test::test_model(), describe_);
  const std::vector<MatchTarget> targets{{&catalogue_, {}}, {&other, {}}};
  std::stop_source stop;
  RunControl control;
  control.threads = 1;
  control.stop = stop.get_token();
  const std::vector<ImageId> queries{1, 2, 3, 4, 5, 6};
  std::vector<ImageId> answered;
  const std::vector<MatchSummary> summaries = Catalogue::match_images(
      targets, catalogue_, queries, control, [&](std::span<const ImageMatch> found) {
        answered.push_back(found[0].query);
        EXPECT_EQ(found[1].query, found[0].query);
        stop.request_stop();
      });
  EXPECT_LT(answered.size(), queries.size());
  EXPECT_TRUE(std::ranges::equal(answered, std::span(queries).first(answered.size())));
  for (const MatchSummary& summary : summaries) {
    EXPECT_TRUE(summary.interrupted);
    EXPECT_EQ(summary.queries, static_cast<std::int64_t>(answered.size()));
  }
}

TEST_F(CatalogueMatchTest, StoredPhotosOfAnotherModelOrThatAreNotThereAreRefused) {
  const auto take = [](const ImageMatch&) {};
  EXPECT_EQ(error_of([&] {
              catalogue_.match_images(catalogue_, std::vector<ImageId>{99}, {}, {}, take);
            }),
            ErrorCode::kNotFound);
  const Catalogue other =
      Catalogue::create(directory_.path() / "other", test::test_model({.seed = 2}), describe_);
  EXPECT_EQ(error_of([&] { catalogue_.match_images(other, {}, {}, {}, take); }),
            ErrorCode::kInvalidArgument);
  const std::vector<MatchTarget> targets{{&catalogue_, {}}, {&other, {}}};
  EXPECT_EQ(error_of([&] { Catalogue::match_images(targets, catalogue_, {}, {}, {}); }),
            ErrorCode::kInvalidArgument);
}

TEST_F(CatalogueMatchTest, WhatAnExaminerRejectedIsNoHitUnlessAskedFor) {
  PhotoInput view = write_view(1);
  view.mark = "M";
  const QueryResult before = match(catalogue_, {view})[0];
  ASSERT_EQ(hit_ids(before), std::vector<ImageId>{2});
  EXPECT_FALSE(before.hits[0].verdict);
  NewDecision decision{before.info.sha256, before.hits[0].image.info.sha256, Verdict::kRejected,
                       "another press", "K. Examiner"};
  catalogue_.add_decision(decision);
  std::vector<MarkResult> marks;
  std::vector<QueryResult> results;
  catalogue_.match(
      std::vector{view}, {}, {}, {}, [&](const QueryResult& result) { results.push_back(result); },
      [&](const MarkResult& result) { marks.push_back(result); });
  EXPECT_TRUE(results.at(0).hits.empty());
  EXPECT_TRUE(marks.at(0).hits.empty());
  MatchOptions options;
  options.show_rejected = true;
  const QueryResult shown = match(catalogue_, {view}, options)[0];
  ASSERT_EQ(hit_ids(shown), std::vector<ImageId>{2});
  EXPECT_EQ(shown.hits[0].verdict, Verdict::kRejected);
  decision.verdict = Verdict::kConfirmed;
  catalogue_.add_decision(decision);
  EXPECT_EQ(match(catalogue_, {view})[0].hits.at(0).verdict, Verdict::kConfirmed);
}

TEST_F(CatalogueMatchTest, AnEmptyCatalogueHasNoHits) {
  const Catalogue empty =
      Catalogue::create(directory_.path() / "empty", test::test_model(), describe_);
  const auto result = match(empty, {write_scene(0)})[0];
  EXPECT_TRUE(result.ok);
  EXPECT_EQ(result.candidates, 0);
}

TEST_F(CatalogueMatchTest, AStopKeepsWhatWasAnswered) {
  std::vector<PhotoInput> queries(20, write_view(0));
  std::stop_source source;
  RunControl control;
  control.threads = 1;
  control.stop = source.get_token();
  std::int64_t answered = 0;
  const MatchSummary summary =
      catalogue_.match(queries, {}, {}, control, [&](const QueryResult& result) {
        EXPECT_EQ(result.hits.size(), 1u);
        if (++answered == 2) source.request_stop();
      });
  EXPECT_TRUE(summary.interrupted);
  EXPECT_EQ(summary.queries, answered);
  EXPECT_GE(answered, 2);
  EXPECT_LT(answered, 20);
}

}  // namespace
}  // namespace pressmark
