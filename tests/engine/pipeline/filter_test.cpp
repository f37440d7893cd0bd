// SPDX-License-Identifier: Apache-2.0
//
// Matching against a part of a catalogue.
#include <algorithm>
#include <cmath>

#include "pipeline_fixture.hpp"

namespace pressmark {
namespace {

class FilteredMatchTest : public test::PipelineTest {
 protected:
  // Scenes 0 to 5, as images 1 to 6: two each of seizures A, B and C. Scene 0 is seen once more, in
  // seizure C, as image 7.
  FilteredMatchTest() {
    std::vector<PhotoInput> photos = write_scenes(6);
    photos.push_back(write("again.png", test::view_of_scene(0)));
    for (std::size_t i = 0; i < photos.size(); ++i) {
      photos[i].facts.seizure = std::string(1, "AABBCCC"[i]);
      photos[i].facts.metadata_json = R"({"box": )" + std::to_string(i) + "}";
    }
    add(catalogue_, photos, {}, {},
        {{"A", "Rotterdam", "2023", ""},
         {"B", "Hamburg", "2024", ""},
         {"C", "Genova", "2025", ""}});
  }

  static MatchOptions where(std::string_view condition) {
    MatchOptions options;
    options.filter.where(condition);
    return options;
  }

  Catalogue catalogue_ = create();
};

TEST_F(FilteredMatchTest, OnlySelectedImagesAreCandidatesAndHits) {
  const std::vector<PhotoInput> queries{write_scene(0)};
  EXPECT_THAT(hit_ids(match(catalogue_, queries)[0]), testing::UnorderedElementsAre(1, 7));
  const auto in_a = match(catalogue_, queries, where("place=Rotterdam"))[0];
  EXPECT_EQ(hit_ids(in_a), std::vector<ImageId>{1});
  EXPECT_EQ(in_a.candidates, 2);
  EXPECT_EQ(hit_ids(match(catalogue_, queries, where("date>=2024"))[0]), std::vector<ImageId>{7});
  EXPECT_EQ(hit_ids(match(catalogue_, queries, where("metadata.box>5"))[0]),
            std::vector<ImageId>{7});
  EXPECT_TRUE(match(catalogue_, queries, where("seizure=B"))[0].hits.empty());
}

TEST_F(FilteredMatchTest, ExpectedFalseHitsCountTheImagesSearched) {
  const std::vector<PhotoInput> queries{write_scene(0)};
  const auto expect = [&](const MatchOptions& options, double images) {
    const MatchSummary summary =
        catalogue_.match(queries, options, {}, {}, [&](const QueryResult& result) {
          ASSERT_FALSE(result.hits.empty());
          const Hit& hit = result.hits[0];
          EXPECT_DOUBLE_EQ(hit.expected_false_hits, images * std::pow(10, -hit.verification.score));
        });
    EXPECT_EQ(summary.searched_images, static_cast<std::int64_t>(images));
  };
  expect({}, 7);
  expect(where("seizure=A"), 2);
  expect(where("seizure!=B"), 5);
}

// With a single candidate the best of the selected must be it, not the best of all.
TEST_F(FilteredMatchTest, ASelectedImageIsNoWorseFoundThanAlone) {
  MatchOptions options = where("seizure=C");
  options.search.candidates = 1;
  EXPECT_EQ(hit_ids(match(catalogue_, {write_scene(0)}, options)[0]), std::vector<ImageId>{7});
}

TEST_F(FilteredMatchTest, ASelectionOfNothingGivesAnAnswerWithoutHits) {
  MatchSummary summary =
      catalogue_.match(std::vector<PhotoInput>{write_scene(0)}, where("place=Nowhere"), {}, {},
                       [&](const QueryResult& result) {
                         EXPECT_TRUE(result.ok);
                         EXPECT_EQ(result.candidates, 0);
                         EXPECT_TRUE(result.hits.empty());
                       });
  EXPECT_EQ(summary.queries, 1);
  EXPECT_EQ(summary.searched_images, 0);
}

TEST_F(FilteredMatchTest, PhotosOfOneMarkAreFilteredToo) {
  std::vector<PhotoInput> queries{write_scene(0), write_view(0)};
  for (PhotoInput& query : queries) query.mark = "M";
  std::vector<ImageId> found;
  catalogue_.match(queries, where("seizure=C"), {}, {}, {}, [&](const MarkResult& result) {
    for (const MarkHit& hit : result.hits) found.push_back(hit.image.id);
  });
  EXPECT_EQ(found, std::vector<ImageId>{7});
}

TEST_F(FilteredMatchTest, TheAnswerDoesNotDependOnThreads) {
  std::vector<PhotoInput> queries;
  for (int i = 0; i < 5; ++i) queries.push_back(write_view(i));
  RunControl one, three;
  one.threads = 1;
  three.threads = 3;
  test::expect_equal(match(catalogue_, queries, where("seizure!=B"), three),
                     match(catalogue_, queries, where("seizure!=B"), one));
}

TEST_F(FilteredMatchTest, ARemovedImageIsNeitherSelectedNorCounted) {
  const std::vector<PhotoInput> queries{write_scene(0)};
  const ImageId removed[] = {7};
  ASSERT_EQ(catalogue_.remove(removed), 1);
  const auto result = match(catalogue_, queries, where("seizure=C"))[0];
  EXPECT_TRUE(result.hits.empty());
  EXPECT_EQ(result.candidates, 2);
  EXPECT_EQ(catalogue_.count_images(ImageFilter().where("seizure=C")), 2);
  EXPECT_EQ(hit_ids(match(catalogue_, queries)[0]), std::vector<ImageId>{1});
}

// A reader answers from the snapshot that it has, yet never with what another has removed since.
TEST_F(FilteredMatchTest, WhatAnotherRemovesVanishesFromAnOpenReader) {
  const std::vector<PhotoInput> queries{write_scene(0)};
  const Catalogue reader = Catalogue::open(place(), Catalogue::Access::kRead);
  ASSERT_EQ(hit_ids(match(reader, queries, where("seizure=C"))[0]), std::vector<ImageId>{7});
  const ImageId removed[] = {7};
  ASSERT_EQ(catalogue_.remove(removed), 1);
  EXPECT_EQ(hit_ids(match(reader, queries)[0]), std::vector<ImageId>{1});
  EXPECT_TRUE(match(reader, queries, where("seizure=C"))[0].hits.empty());
  EXPECT_EQ(match(reader, queries, where("seizure=C"))[0].candidates, 2);
  reader.list_images(ImageFilter().where("seizure=C"), [](const CatalogueImage& image) {
    EXPECT_NE(image.id, 7);
    return true;
  });
}

// What another has added since is not part of the snapshot, and so neither searched nor counted.
TEST_F(FilteredMatchTest, WhatAnotherAddsIsNotCountedByAnOpenReader) {
  const std::vector<PhotoInput> queries{write_scene(0)};
  const Catalogue reader = Catalogue::open(place(), Catalogue::Access::kRead);
  ASSERT_EQ(match(reader, queries).size(), 1u);
  PhotoInput more = write_scene(9);
  more.facts.seizure = "C";
  ASSERT_EQ(add(catalogue_, {more})[0].status, AddStatus::kAdded);
  const MatchSummary summary = reader.match(queries, where("seizure=C"), {}, {}, {});
  EXPECT_EQ(summary.searched_images, 3);
}

TEST_F(FilteredMatchTest, AConditionThatMakesNoSenseIsRefused) {
  MatchOptions options;
  options.filter.conditions.push_back({FilterField::kPlace, FilterOperator::kLess, "B", {}});
  EXPECT_EQ(error_of([&] { match(catalogue_, {}, options); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { catalogue_.count_images(options.filter); }),
            ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace pressmark
