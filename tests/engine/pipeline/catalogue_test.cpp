// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "pipeline_fixture.hpp"

namespace pressmark {
namespace {

using CatalogueTest = test::PipelineTest;

TEST_F(CatalogueTest, AFreshOneIsEmptyAndKnowsItsModel) {
  const Catalogue catalogue = create();
  const CatalogueInfo info = catalogue.info();
  EXPECT_EQ(info.images, 0);
  EXPECT_EQ(info.seizures, 0);
  EXPECT_EQ(info.model_id, test::test_model().id());
  EXPECT_EQ(info.model_name, "random");
  EXPECT_EQ(info.describe, describe_);
  EXPECT_EQ(info.index, "Flat, 32 dimensions, 0 vectors");
  EXPECT_EQ(info.local_index, "Votes, 2 x 16 words, 0 codes of 0 images");
  EXPECT_EQ(catalogue.describe_options(), describe_);
  EXPECT_EQ(catalogue.model().id(), test::test_model().id());
}

TEST_F(CatalogueTest, OpensWhatWasCreatedEvenWhenMoved) {
  {
    Catalogue catalogue = create();
    add(catalogue, write_scenes(2));
  }
  const auto moved = directory_.path() / "moved";
  std::filesystem::rename(place(), moved);
  const Catalogue catalogue = Catalogue::open(moved, Catalogue::Access::kRead);
  EXPECT_EQ(catalogue.info().images, 2);
  EXPECT_EQ(match(catalogue, {write_scene(1)})[0].hits.size(), 1u);
}

TEST_F(CatalogueTest, CreatingOverAnotherIsRefusedAndHarmless) {
  {
    Catalogue catalogue = create();
    add(catalogue, write_scenes(1));
  }
  EXPECT_EQ(error_of([&] { create(); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Catalogue::open(place(), Catalogue::Access::kRead).info().images, 1);
}

TEST_F(CatalogueTest, AMissingOneIsNotFound) {
  EXPECT_EQ(error_of([&] { Catalogue::open(place(), Catalogue::Access::kRead); }),
            ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(place()));
}

TEST_F(CatalogueTest, AnotherModelInItsPlaceIsRefused) {
  create();
  for (const auto& entry : std::filesystem::directory_iterator(place() / "model")) {
    std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_all);
  }
  test::test_model({.seed = 2}).save(place() / "model");
  EXPECT_EQ(error_of([&] { Catalogue::open(place(), Catalogue::Access::kRead); }),
            ErrorCode::kCorruptData);
}

TEST_F(CatalogueTest, FindsByIdAndHash) {
  Catalogue catalogue = create();
  const auto reports = add(catalogue, write_scenes(3));
  const std::string hex = reports[1].info.sha256.hex();
  for (std::size_t length : {10u, 64u}) {
    const auto found = catalogue.find_by_hash(hex.substr(0, length));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].id, reports[1].id);
  }
  EXPECT_TRUE(catalogue.find_by_hash(std::string(64, '0')).empty());
  EXPECT_FALSE(catalogue.find(99).has_value());
  EXPECT_EQ(error_of([&] { catalogue.description(99); }), ErrorCode::kNotFound);
}

TEST_F(CatalogueTest, AListCanBeStopped) {
  Catalogue catalogue = create();
  add(catalogue, write_scenes(3));
  std::vector<ImageId> seen;
  catalogue.list_images({}, [&](const CatalogueImage& image) {
    seen.push_back(image.id);
    return seen.size() < 2;
  });
  EXPECT_EQ(seen, (std::vector<ImageId>{1, 2}));
}

TEST_F(CatalogueTest, ARemovedImageVanishesAtOnce) {
  Catalogue catalogue = create();
  const auto reports = add(catalogue, write_scenes(3));
  ASSERT_EQ(hit_ids(match(catalogue, {write_view(1)})[0]), std::vector<ImageId>{reports[1].id});
  const ImageId ids[] = {reports[1].id, reports[1].id, 77};
  EXPECT_EQ(catalogue.remove(ids), 1);
  EXPECT_TRUE(match(catalogue, {write_view(1)})[0].hits.empty());
  EXPECT_EQ(match(catalogue, {write_view(1)})[0].candidates, 2);
  EXPECT_FALSE(catalogue.find(reports[1].id).has_value());
  EXPECT_EQ(error_of([&] { catalogue.description(reports[1].id); }), ErrorCode::kNotFound);
  const CatalogueInfo info = catalogue.info();
  EXPECT_EQ(info.images, 2);
  EXPECT_EQ(info.removed, 1);
  // Added again, it is a new image.
  const auto again = add(catalogue, {write_scene(1)});
  EXPECT_EQ(again[0].status, AddStatus::kAdded);
  EXPECT_GT(again[0].id, reports[2].id);
  EXPECT_EQ(hit_ids(match(catalogue, {write_view(1)})[0]), std::vector<ImageId>{again[0].id});
}

}  // namespace
}  // namespace pressmark
