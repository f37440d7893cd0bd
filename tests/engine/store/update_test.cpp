// SPDX-License-Identifier: Apache-2.0
//
// Correcting facts.
#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

class UpdateTest : public StoreTest {
 protected:
  UpdateTest() {
    create();
    Store store = writer();
    store.put_seizure({"S", "Porto", "2024", ""});
    store.put_seizure({"T", "", "", ""});
    auto images = make_images(1, 3);
    for (NewImage& image : images) {
      image.facts.seizure = "S";
      image.facts.package = "P1";
    }
    store.commit(images);
  }
};

TEST_F(UpdateTest, SetsWhatIsStatedAndLeavesTheRest) {
  Store store = writer();
  FactsUpdate changes;
  changes.kind = ImageKind::kToolmark;
  changes.scale_mm_per_px = 0.25;
  EXPECT_EQ(store.update_images(std::vector<ImageId>{1, 2, 99}, changes), 2);
  const auto facts = reader().find(1)->facts;
  EXPECT_EQ(facts.kind, ImageKind::kToolmark);
  EXPECT_EQ(facts.scale_mm_per_px, 0.25);
  EXPECT_EQ(facts.seizure, "S");
  EXPECT_EQ(facts.package, "P1");
  EXPECT_EQ(facts.metadata_json, "{}");
  EXPECT_EQ(store.find(3)->facts.kind, ImageKind::kLogo);
  changes = {};
  changes.scale_mm_per_px = 0;
  changes.metadata_json = R"({"lab":"A"})";
  store.update_images(std::vector<ImageId>{1}, changes);
  EXPECT_FALSE(store.find(1)->facts.scale_mm_per_px);
  EXPECT_EQ(store.find(1)->facts.metadata_json, R"({"lab":"A"})");
}

TEST_F(UpdateTest, AnotherSeizureTakesThePackageAway) {
  Store store = writer();
  FactsUpdate changes;
  changes.seizure = "T";
  store.update_images(std::vector<ImageId>{1}, changes);
  EXPECT_EQ(store.find(1)->facts.seizure, "T");
  EXPECT_EQ(store.find(1)->facts.package, "");
  changes.package = "P9";
  store.update_images(std::vector<ImageId>{2}, changes);
  EXPECT_EQ(store.find(2)->facts.package, "P9");
  changes = {};
  changes.package = "P2";
  store.update_images(std::vector<ImageId>{3}, changes);
  EXPECT_EQ(store.find(3)->facts.seizure, "S");
  EXPECT_EQ(store.find(3)->facts.package, "P2");
  changes = {};
  changes.seizure = "";
  store.update_images(std::vector<ImageId>{3}, changes);
  EXPECT_EQ(store.find(3)->facts.seizure, "");
  EXPECT_EQ(store.find(3)->facts.package, "");
}

TEST_F(UpdateTest, IsAllOrNothing) {
  Store store = writer();
  FactsUpdate none;
  none.seizure = "";
  store.update_images(std::vector<ImageId>{3}, none);
  FactsUpdate changes;
  changes.kind = ImageKind::kWrapping;
  changes.package = "P2";  // image 3 has no seizure
  EXPECT_EQ(error_of([&] {
              store.update_images(std::vector<ImageId>{1, 2, 3}, changes);
            }),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(store.find(1)->facts.kind, ImageKind::kLogo);
  EXPECT_EQ(store.find(1)->facts.package, "P1");
}

TEST_F(UpdateTest, RefusesWhatCannotBe) {
  Store store = writer();
  const auto refused = [&](const FactsUpdate& changes, ErrorCode code) {
    EXPECT_EQ(error_of([&] { store.update_images(std::vector<ImageId>{1}, changes); }), code);
  };
  FactsUpdate changes;
  changes.seizure = "unknown";
  refused(changes, ErrorCode::kNotFound);
  changes = {};
  changes.metadata_json = "[1]";
  refused(changes, ErrorCode::kInvalidArgument);
  changes = {};
  changes.scale_mm_per_px = -1;
  refused(changes, ErrorCode::kInvalidArgument);
  changes = {};
  changes.package = "\xff";
  refused(changes, ErrorCode::kInvalidArgument);
}

TEST_F(UpdateTest, SeizuresAreCorrected) {
  Store store = writer();
  store.update_seizure("S", {"Lisboa", std::nullopt, "PJ"});
  const Seizure seizure = *store.find_seizure("S");
  EXPECT_EQ(seizure.place, "Lisboa");
  EXPECT_EQ(seizure.date, "2024");
  EXPECT_EQ(seizure.agency, "PJ");
  store.update_seizure("S", {std::nullopt, "", std::nullopt});
  EXPECT_EQ(store.find_seizure("S")->date, "");
  EXPECT_EQ(error_of([&] {
              store.update_seizure("S", {std::nullopt, "2024-13", {}});
            }),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { store.update_seizure("U", {}); }), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace pressmark::store
