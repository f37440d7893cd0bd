// SPDX-License-Identifier: Apache-2.0
#include "pipeline_fixture.hpp"

namespace pressmark {
namespace {

using testing::HasSubstr;

class SeizureAddTest : public test::PipelineTest {
 protected:
  PhotoInput of_seizure(int number, const std::string& seizure,
                        const std::string& package = {}) const {
    PhotoInput photo = write_scene(number);
    photo.facts.seizure = seizure;
    photo.facts.package = package;
    return photo;
  }
};

TEST_F(SeizureAddTest, PhotosOfAnUnknownSeizureAreRefused) {
  Catalogue catalogue = create();
  const auto reports = add(catalogue, {of_seizure(0, "S-1"), write_scene(1)});
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].status, AddStatus::kFailed);
  EXPECT_EQ(reports[0].code, ErrorCode::kNotFound);
  EXPECT_THAT(reports[0].reason, HasSubstr("unknown seizure 'S-1'"));
  EXPECT_EQ(reports[1].status, AddStatus::kAdded);
  EXPECT_TRUE(catalogue.list_seizures().empty());
}

TEST_F(SeizureAddTest, TheyAreCreatedWhereAllowed) {
  Catalogue catalogue = create();
  AddOptions options;
  options.create_seizures = true;
  const auto reports = add(catalogue, {of_seizure(0, "S-1", "P-1"), of_seizure(1, "S-1")}, options);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].status, AddStatus::kAdded) << reports[0].reason;
  EXPECT_EQ(reports[1].status, AddStatus::kAdded) << reports[1].reason;
  const auto seizures = catalogue.list_seizures();
  ASSERT_EQ(seizures.size(), 1u);
  EXPECT_EQ(seizures[0].seizure.name, "S-1");
  EXPECT_EQ(seizures[0].packages, 1);
  EXPECT_EQ(seizures[0].images, 2);
  // Known from now on, without the option.
  EXPECT_EQ(add(catalogue, {of_seizure(2, "S-1", "P-2")})[0].status, AddStatus::kAdded);
}

TEST_F(SeizureAddTest, DeclaredOnesNeedNoOption) {
  Catalogue catalogue = create();
  const Seizure declared{"S-2", "Ghent", "2024-05", "Customs"};
  const auto reports = add(catalogue, {of_seizure(0, "S-2")}, {}, {}, {declared});
  EXPECT_EQ(reports.at(0).status, AddStatus::kAdded) << reports[0].reason;
  const auto seizures = catalogue.list_seizures();
  ASSERT_EQ(seizures.size(), 1u);
  EXPECT_EQ(seizures[0].seizure.place, "Ghent");
  EXPECT_EQ(seizures[0].seizure.date, "2024-05");
}

TEST_F(SeizureAddTest, AContradictoryDeclarationMakesItsPhotosFail) {
  Catalogue catalogue = create();
  add(catalogue, {of_seizure(0, "S-3")}, {}, {}, {{"S-3", "Ghent", {}, {}}});
  AddOptions options;
  options.create_seizures = true;
  const auto reports = add(catalogue, {of_seizure(1, "S-3"), of_seizure(2, "S-4")}, options, {},
                           {{"S-3", "Antwerp", {}, {}}});
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].status, AddStatus::kFailed);
  EXPECT_THAT(reports[0].reason, HasSubstr("S-3"));
  EXPECT_EQ(reports[1].status, AddStatus::kAdded) << reports[1].reason;
  for (const SeizureInfo& info : catalogue.list_seizures()) {
    if (info.seizure.name == "S-3") {
      EXPECT_EQ(info.seizure.place, "Ghent");
      EXPECT_EQ(info.images, 1);
    }
  }
}

TEST_F(SeizureAddTest, ARefusedPhotoCanBeAddedLaterInTheSameCall) {
  // The same bytes, once under a mistyped seizure and once rightly: only the first is refused.
  Catalogue catalogue = create();
  PhotoInput right = of_seizure(0, "");
  const auto reports = add(catalogue, {of_seizure(0, "typo"), right});
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].status, AddStatus::kFailed);
  EXPECT_EQ(reports[1].status, AddStatus::kAdded) << reports[1].reason;
}

TEST_F(SeizureAddTest, ListsFilterBySeizureAndPackage) {
  Catalogue catalogue = create();
  AddOptions options;
  options.create_seizures = true;
  add(catalogue, {of_seizure(0, "A", "1"), of_seizure(1, "A", "2"), of_seizure(2, "B", "1")},
      options);
  const auto count = [&](const ImageFilter& filter) {
    int images = 0;
    catalogue.list_images(filter, [&](const CatalogueImage&) {
      ++images;
      return true;
    });
    return images;
  };
  EXPECT_EQ(count({}), 3);
  EXPECT_EQ(count(ImageFilter().where("seizure=A")), 2);
  EXPECT_EQ(count(ImageFilter().where("seizure=A").where("package=2")), 1);
  EXPECT_EQ(count(ImageFilter().where("kind=toolmark")), 0);
}

}  // namespace
}  // namespace pressmark
