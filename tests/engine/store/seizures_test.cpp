// SPDX-License-Identifier: Apache-2.0
#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

using SeizuresTest = StoreTest;

TEST_F(SeizuresTest, AreAddedCompletedAndListed) {
  create();
  Store store = writer();
  EXPECT_TRUE(store.list_seizures().empty());
  store.put_seizure({"S2", "Porto", "2024", ""});
  store.put_seizure({"S1", "", "", ""});
  store.put_seizure({"S2", "", "2024-03", "PJ"});
  const auto seizures = reader().list_seizures();
  ASSERT_EQ(seizures.size(), 2u);
  EXPECT_EQ(seizures[0].seizure.name, "S1");
  EXPECT_EQ(seizures[1].seizure.name, "S2");
  EXPECT_EQ(seizures[1].seizure.place, "Porto");
  EXPECT_EQ(seizures[1].seizure.date, "2024-03");
  EXPECT_EQ(seizures[1].seizure.agency, "PJ");
  EXPECT_EQ(store.find_seizure("S2")->agency, "PJ");
  EXPECT_FALSE(store.find_seizure("S3"));
  EXPECT_FALSE(store.find_seizure("s2"));
}

TEST_F(SeizuresTest, ContradictionsAreRefusedAndChangeNothing) {
  create();
  Store store = writer();
  store.put_seizure({"S", "Porto", "2024-03-01", ""});
  std::string message;
  EXPECT_EQ(error_of(
                [&] {
                  store.put_seizure({"S", "Lisbon", "", "PJ"});
                },
                &message),
            ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, testing::AllOf(testing::HasSubstr("Porto"), testing::HasSubstr("Lisbon")));
  EXPECT_EQ(error_of([&] {
              store.put_seizure({"S", "", "2024-03-02", ""});
            }),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(store.find_seizure("S")->agency, "");
}

TEST_F(SeizuresTest, UnusableFactsAreRefused) {
  create();
  Store store = writer();
  EXPECT_EQ(error_of([&] { store.put_seizure({"", "", "", ""}); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] {
              store.put_seizure({"S", "", "2023-02-29", ""});
            }),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] {
              store.put_seizure({"S", "\xff", "", ""});
            }),
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(store.list_seizures().empty());
}

TEST_F(SeizuresTest, CountPackagesAndImagesThatArePresent) {
  create();
  Store store = writer();
  store.put_seizure({"S1", "", "", ""});
  store.put_seizure({"S2", "", "", ""});
  auto images = make_images(1, 5);
  images[0].facts.seizure = images[1].facts.seizure = images[2].facts.seizure = "S1";
  images[0].facts.package = images[1].facts.package = "P1";
  images[3].facts.seizure = "S2";
  images[3].facts.package = "P1";
  const auto ids = store.commit(images);
  auto seizures = store.list_seizures();
  ASSERT_EQ(seizures.size(), 2u);
  EXPECT_EQ(seizures[0].packages, 1);
  EXPECT_EQ(seizures[0].images, 3);
  EXPECT_EQ(seizures[1].packages, 1);
  EXPECT_EQ(store.info().packages, 2);
  store.remove(std::span(ids).subspan(3, 1));
  seizures = store.list_seizures();
  EXPECT_EQ(seizures[1].packages, 0);
  EXPECT_EQ(seizures[1].images, 0);
  EXPECT_EQ(store.info().packages, 1);
  EXPECT_EQ(store.info().seizures, 2);
}

}  // namespace
}  // namespace pressmark::store
