// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

using testing::HasSubstr;
using ImagesTest = StoreTest;

std::vector<ImageId> listed(const Store& store, const ImageFilter& filter = {}) {
  std::vector<ImageId> ids;
  store.list_images(filter, [&](const CatalogueImage& image) {
    ids.push_back(image.id);
    return true;
  });
  return ids;
}

TEST_F(ImagesTest, FactsAndDescriptionsComeBackFromAnotherStore) {
  create();
  auto images = make_images(10, 3);
  images[0].facts.seizure = "Köln 2024";
  images[0].facts.package = "brick 7";
  images[0].facts.kind = ImageKind::kToolmark;
  images[0].facts.scale_mm_per_px = 0.1;
  images[0].facts.region = RegionOfInterest{-3, 0, 200, 100};
  images[0].facts.metadata_json = R"({"lab":"A","weights":[1,2.5,null]})";
  images[1].facts.seizure = "Köln 2024";
  std::vector<ImageId> ids;
  {
    Store store = writer();
    store.put_seizure({"Köln 2024", "Köln", "2024", "BKA"});
    ids = store.commit(images);
  }
  EXPECT_THAT(ids, testing::ElementsAre(1, 2, 3));
  const Store store = reader();
  EXPECT_EQ(store.settings().model_id, settings().model_id);
  EXPECT_EQ(store.settings().global_size, kGlobalSize);
  EXPECT_EQ(store.settings().describe, settings().describe);
  const auto locations = store.locations();
  ASSERT_EQ(locations.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto image = store.find(ids[i]);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->id, ids[i]);
    EXPECT_EQ(image->file, images[i].file);
    EXPECT_EQ(image->info.sha256, images[i].info.sha256);
    EXPECT_EQ(image->info.file_bytes, images[i].info.file_bytes);
    EXPECT_EQ(image->info.format, "jpeg");
    EXPECT_EQ(image->info.width_px, 4000);
    EXPECT_EQ(image->info.height_px, 3000);
    EXPECT_EQ(image->info.orientation, images[i].info.orientation);
    EXPECT_EQ(image->facts.seizure, images[i].facts.seizure);
    EXPECT_EQ(image->facts.package, images[i].facts.package);
    EXPECT_EQ(image->facts.kind, images[i].facts.kind);
    EXPECT_EQ(image->facts.scale_mm_per_px, images[i].facts.scale_mm_per_px);
    EXPECT_EQ(image->facts.region, images[i].facts.region);
    EXPECT_EQ(image->facts.metadata_json, images[i].facts.metadata_json);
    EXPECT_EQ(image->keypoints, 20);
    EXPECT_THAT(image->added_at, testing::MatchesRegex("....-..-..T..:..:..Z"));
    EXPECT_EQ(locations[i].id, ids[i]);
    EXPECT_EQ(store.read_description(locations[i]), images[i].description);
  }
  EXPECT_EQ(store.read_globals(1).size(), 3u * kGlobalSize);
  EXPECT_EQ(store.read_globals(1)[kGlobalSize], images[1].description.global[0]);
  const CatalogueInfo info = store.info();
  EXPECT_EQ(info.images, 3);
  EXPECT_EQ(info.removed, 0);
  EXPECT_EQ(info.keypoints, 60);
  EXPECT_EQ(info.segments, 1);
  EXPECT_EQ(info.seizures, 1);
  EXPECT_EQ(info.packages, 1);
  EXPECT_EQ(info.format_version, 2);
  EXPECT_EQ(info.model_id, settings().model_id);
  EXPECT_EQ(info.directory, catalogue_);
  EXPECT_GT(info.bytes, 8192);
}

TEST_F(ImagesTest, FileNamesAreBytes) {
  create();
  auto images = make_images(1, 2);
  images[0].file = "/photos/line\nbreak \xff\xfe\xc3.jpg";
  images[1].file = "/photos/'; DROP TABLE images; --.jpg";
  writer().commit(images);
  const Store store = reader();
  EXPECT_EQ(store.find(1)->file.native(), images[0].file.native());
  EXPECT_EQ(store.find(2)->file.native(), images[1].file.native());
}

TEST_F(ImagesTest, AreFoundByHashAndPrefix) {
  create();
  Store store = writer();
  const auto images = make_images(0x12340000, 3);
  store.commit(images);
  store.commit(make_images(0x12350000, 1));
  EXPECT_EQ(store.find_hash(images[1].info.sha256), 2);
  EXPECT_FALSE(store.find_hash(Sha256{}));
  EXPECT_EQ(store.find_by_hash_prefix("1234").size(), 3u);
}

TEST_F(ImagesTest, HashPrefixesAreOfFourTo64HexDigits) {
  create();
  Store store = writer();
  const auto images = make_images(0x1a340000, 3);
  store.commit(images);
  EXPECT_EQ(store.find_by_hash_prefix("1a340").size(), 3u);
  EXPECT_EQ(store.find_by_hash_prefix("1A34").size(), 3u);
  EXPECT_TRUE(store.find_by_hash_prefix("1a341").empty());
  const auto found = store.find_by_hash_prefix(images[2].info.sha256.hex());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, 3);
  for (const char* bad : {"", "1a3", "1a3g", "1a34 "}) {
    EXPECT_EQ(error_of([&] { store.find_by_hash_prefix(bad); }), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(error_of([&] { store.find_by_hash_prefix(std::string(65, 'a')); }),
            ErrorCode::kInvalidArgument);
}

TEST_F(ImagesTest, ListingFiltersAndStops) {
  create();
  Store store = writer();
  store.put_seizure({"S1", "", "", ""});
  store.put_seizure({"S2", "", "", ""});
  auto images = make_images(1, 4);
  images[0].facts.seizure = "S1";
  images[0].facts.package = "P";
  images[1].facts.seizure = "S2";
  images[1].facts.package = "P";
  images[2].facts.seizure = "S2";
  images[2].facts.kind = ImageKind::kWrapping;
  store.commit(images);
  using testing::ElementsAre;
  EXPECT_THAT(listed(store), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(listed(store, ImageFilter().where("seizure=S2")), ElementsAre(2, 3));
  EXPECT_THAT(listed(store, ImageFilter().where("package=P")), ElementsAre(1, 2));
  EXPECT_THAT(listed(store, ImageFilter().where("seizure=S2").where("package=P")), ElementsAre(2));
  EXPECT_THAT(listed(store, ImageFilter().where("kind=wrapping")), ElementsAre(3));
  EXPECT_THAT(listed(store, ImageFilter().where("seizure=S1").where("kind=wrapping")),
              ElementsAre());
  EXPECT_THAT(listed(store, ImageFilter().where("seizure=nowhere")), ElementsAre());
  int calls = 0;
  store.list_images({}, [&](const CatalogueImage& image) {
    EXPECT_TRUE(store.find(image.id));  // reading while listing is allowed
    EXPECT_EQ(store.info().images, 4);
    return ++calls < 2;
  });
  EXPECT_EQ(calls, 2);
}

TEST_F(ImagesTest, RemovedOnesVanishAtOnceAndTheirIdsAreNeverUsedAgain) {
  create();
  Store store = writer();
  const auto images = make_images(1, 3);
  const auto ids = store.commit(images);
  const Store other = reader();
  ASSERT_EQ(listed(other).size(), 3u);
  EXPECT_EQ(store.remove(std::vector<ImageId>{2, 3, 99, 2, -1}), 2);
  for (const Store* each : {static_cast<const Store*>(&store), &other}) {
    EXPECT_THAT(listed(*each), testing::ElementsAre(1));
    EXPECT_FALSE(each->find(2));
    EXPECT_FALSE(each->find_hash(images[1].info.sha256));
    EXPECT_TRUE(each->find_by_hash_prefix(images[1].info.sha256.hex()).empty());
    EXPECT_EQ(each->locations().size(), 1u);
    EXPECT_EQ(each->info().images, 1);
    EXPECT_EQ(each->info().removed, 2);
    EXPECT_EQ(each->info().keypoints, 20);
  }
  EXPECT_EQ(store.remove(ids), 1);
  EXPECT_EQ(store.remove(ids), 0);
  EXPECT_THAT(store.commit(std::span(images).subspan(1, 2)), testing::ElementsAre(4, 5));
  EXPECT_EQ(other.find_hash(images[1].info.sha256), 4);
  EXPECT_EQ(other.read_description(other.locations()[0]), images[1].description);
}

TEST_F(ImagesTest, UnusableBatchesAreRefusedAndLeaveNothing) {
  create();
  Store store = writer();
  store.put_seizure({"S", "", "", ""});
  store.commit(make_images(1, 1));
  const auto refused = [&](auto&& change) {
    auto images = make_images(10, 2);
    change(images[1]);
    std::string message;
    const ErrorCode code = error_of([&] { store.commit(images); }, &message);
    EXPECT_EQ(listed(store).size(), 1u);
    EXPECT_FALSE(std::filesystem::exists(segment(2)));
    EXPECT_THAT(message, HasSubstr(images[1].file.native()));
    return code;
  };
  constexpr auto kInvalid = ErrorCode::kInvalidArgument;
  EXPECT_EQ(refused([](NewImage& i) { i.facts.seizure = "T"; }), ErrorCode::kNotFound);
  EXPECT_EQ(refused([](NewImage& i) { i.facts.package = "P"; }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.info.sha256 = make_image(1).info.sha256; }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.info.sha256 = make_image(10).info.sha256; }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.facts.metadata_json = "[1]"; }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.facts.metadata_json = "{"; }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.facts.metadata_json = ""; }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.facts.scale_mm_per_px = 0; }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) {
              i.facts.scale_mm_per_px = std::numeric_limits<double>::infinity();
            }),
            kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.facts.region = RegionOfInterest{0, 0, 0, 5}; }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.facts.kind = static_cast<ImageKind>(17); }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.file = "relative.jpg"; }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.info.orientation = 9; }), kInvalid);
  EXPECT_EQ(refused([](NewImage& i) { i.description.relit.keypoints[0].x_px = 0.001f; }), kInvalid);
  EXPECT_TRUE(store.commit({}).empty());
  EXPECT_THAT(store.commit(make_images(10, 2)), testing::ElementsAre(2, 3));
}

TEST_F(ImagesTest, ManySegmentsAreReadThroughABoundedCache) {
  create();
  Store store = writer();
  for (int i = 0; i < 70; ++i) store.commit(make_images(2 * i, 2, 3));
  for (int round = 0; round < 2; ++round) {
    int seed = 0;
    for (const DescriptionLocation& location : store.locations()) {
      EXPECT_EQ(store.read_description(location), make_description(seed++, 3, kGlobalSize));
    }
  }
  EXPECT_EQ(store.info().segments, 70);
}

TEST_F(ImagesTest, AStoreOpenForReadingRefusesToWrite) {
  create();
  Store store = reader();
  EXPECT_EQ(error_of([&] { store.commit(make_images(1, 1)); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { store.put_seizure({"S", "", "", ""}); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { store.remove(std::vector<ImageId>{1}); }), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace pressmark::store
