// SPDX-License-Identifier: Apache-2.0
//
// Two laptops in the field, one server at home.
#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class ImportTest : public StoreTest {
 protected:
  ImportTest() : other_(root_ / "other") {
    create();
    Store::create(other_, settings(), model());
  }

  Store other_writer() const { return Store(other_, Catalogue::Access::kWrite); }
  Store other_reader() const { return Store(other_, Catalogue::Access::kRead); }

  static std::vector<ImageId> ids_of(const Store& store) {
    std::vector<ImageId> ids;
    for (const DescriptionLocation& location : store.locations()) ids.push_back(location.id);
    return ids;
  }

  ImportReport import(const ImportOptions& options = {}, const RunControl& control = {}) {
    conflicts_.clear();
    const Store from = other_reader();
    Store store = writer();
    return store.import_from(from, ids_of(from), true, options, control,
                             [&](const FactConflict& conflict) { conflicts_.push_back(conflict); });
  }

  // All but ids and moments, which differ.
  static std::vector<std::string> facts_of(const Store& store) {
    std::vector<std::string> lines;
    store.list_images({}, [&](const CatalogueImage& image) {
      lines.push_back(image.info.sha256.hex() + " " + image.facts.seizure + "/" +
                      image.facts.package + " " + image.facts.metadata_json);
      return true;
    });
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  static NewImage image_of(int seed, const std::string& seizure, const std::string& package) {
    NewImage image = make_image(seed);
    image.facts.seizure = seizure;
    image.facts.package = package;
    return image;
  }

  fs::path other_;
  std::vector<FactConflict> conflicts_;
};

TEST_F(ImportTest, BringsImagesWithTheirDescriptionsFactsAndDecisions) {
  {
    Store store = other_writer();
    store.put_seizure({"S", "Porto", "2024-05", "PJ"});
    store.put_seizure({"empty", "Faro", "", ""});
    store.commit(std::vector<NewImage>{image_of(1, "S", "P"), image_of(2, "S", "")});
    store.commit(make_images(3, 5));
    store.remove(std::vector<ImageId>{7});
    store.add_decision({make_image(1).info.sha256, make_image(2).info.sha256, Verdict::kConfirmed,
                        "same crack", "x"});
  }
  writer().commit(make_images(50, 1));
  const ImportReport report = import({.images_per_segment = 4});
  EXPECT_EQ(report.added, 6);
  EXPECT_EQ(report.duplicates, 0);
  EXPECT_EQ(report.decisions, 1);
  EXPECT_TRUE(conflicts_.empty());
  const Store store = reader();
  EXPECT_EQ(store.info().segments, 3);
  for (int seed = 1; seed <= 6; ++seed) {
    const auto id = store.find_hash(make_image(seed).info.sha256);
    ASSERT_TRUE(id);
    for (const DescriptionLocation& location : store.locations()) {
      if (location.id != *id) continue;
      EXPECT_EQ(store.read_description(location), make_image(seed).description);
    }
    EXPECT_EQ(store.find(*id)->file, make_image(seed).file);
  }
  EXPECT_EQ(store.find_seizure("S")->agency, "PJ");
  EXPECT_EQ(store.find_seizure("empty")->place, "Faro");
  EXPECT_EQ(store.find(2)->facts.package, "P");
  EXPECT_EQ(store.find_verdict(make_image(1).info.sha256, make_image(2).info.sha256)->note,
            "same crack");
}

TEST_F(ImportTest, RepeatingItChangesNothing) {
  {
    Store store = other_writer();
    store.put_seizure({"S", "Porto", "", ""});
    store.commit(std::vector<NewImage>{image_of(1, "S", "P"), image_of(2, "S", "Q")});
  }
  import();
  const auto before = facts_of(reader());
  const ImportReport again = import();
  EXPECT_EQ(again.added, 0);
  EXPECT_EQ(again.duplicates, 2);
  EXPECT_EQ(again.completed, 0);
  EXPECT_EQ(again.decisions, 0);
  EXPECT_TRUE(conflicts_.empty());
  EXPECT_EQ(facts_of(reader()), before);
  EXPECT_EQ(reader().info().segments, 1);
}

TEST_F(ImportTest, CompletesWhatIsEmptyAndReportsContradictions) {
  {
    Store store = other_writer();
    store.put_seizure({"S", "Lisboa", "2024-05-01", "PJ"});
    NewImage first = image_of(1, "S", "P");
    first.facts.scale_mm_per_px = 0.5;
    first.facts.metadata_json = R"({"lab":"A"})";
    NewImage second = image_of(2, "S", "P");
    second.facts.kind = ImageKind::kToolmark;
    store.commit(std::vector<NewImage>{first, second});
  }
  {
    Store store = writer();
    store.put_seizure({"S", "Porto", "2024", ""});
    NewImage second = image_of(2, "S", "Q");
    store.commit(std::vector<NewImage>{make_image(1), second});
  }
  const ImportReport report = import();
  EXPECT_EQ(report.duplicates, 2);
  EXPECT_EQ(report.completed, 1);
  EXPECT_EQ(report.conflicts, 3);
  std::vector<std::string> lines;
  for (const FactConflict& conflict : conflicts_) {
    lines.push_back(conflict.field + ": " + conflict.kept + " | " + conflict.other);
  }
  EXPECT_THAT(lines,
              ElementsAre("place: Porto | Lisboa", "package: Q | P", "kind: logo | toolmark"));
  const Store store = reader();
  EXPECT_EQ(store.find_seizure("S")->place, "Porto");
  EXPECT_EQ(store.find_seizure("S")->date, "2024-05-01");
  EXPECT_EQ(store.find_seizure("S")->agency, "PJ");
  const ImageFacts learned = store.find(1)->facts;
  EXPECT_EQ(learned.seizure, "S");
  EXPECT_EQ(learned.package, "P");
  EXPECT_EQ(learned.scale_mm_per_px, 0.5);
  EXPECT_EQ(learned.metadata_json, R"({"lab":"A"})");
  EXPECT_EQ(store.find(2)->facts.package, "Q");
  EXPECT_EQ(store.find(2)->facts.kind, ImageKind::kLogo);
}

TEST_F(ImportTest, WhatWasRemovedStaysRemovedUnlessAskedFor) {
  other_writer().commit(make_images(1, 2));
  {
    Store store = writer();
    store.commit(make_images(1, 1));
    store.remove(std::vector<ImageId>{1});
  }
  const ImportReport report = import();
  EXPECT_EQ(report.added, 1);
  EXPECT_EQ(report.kept_out, 1);
  EXPECT_EQ(import({.restore_removed = true}).added, 1);
  EXPECT_EQ(reader().locations().size(), 2u);
}

TEST_F(ImportTest, InterruptedAnywhereAndRepeatedGivesTheSame) {
  {
    Store store = other_writer();
    store.put_seizure({"S", "Porto", "", ""});
    for (int i = 0; i < 4; ++i) {
      store.commit(std::vector<NewImage>{image_of(3 * i, "S", "P"), make_image(3 * i + 1),
                                         image_of(3 * i + 2, "S", "Q")});
    }
    store.add_decision(
        {make_image(1).info.sha256, make_image(2).info.sha256, Verdict::kRejected, "", "x"});
  }
  for (const std::int64_t stop_after : {1, 4, 5, 11}) {
    std::stop_source stop;
    const RunControl control{0, stop.get_token(), [&](const Progress& progress) {
                               if (progress.done == stop_after) stop.request_stop();
                             }};
    EXPECT_TRUE(import({.images_per_segment = 3}, control).interrupted);
  }
  EXPECT_FALSE(import({.images_per_segment = 3}).interrupted);
  EXPECT_EQ(facts_of(reader()), facts_of(other_reader()));
  EXPECT_TRUE(reader().find_verdict(make_image(1).info.sha256, make_image(2).info.sha256));
}

TEST_F(ImportTest, AnotherModelOrOtherOptionsAreRefused) {
  for (const bool other_model : {true, false}) {
    CatalogueSettings different = settings();
    if (other_model) different.model_id = "fedcba9876543210";
    if (!other_model) different.describe.max_keypoints = 99;
    const fs::path directory = root_ / (other_model ? "model" : "options");
    Store::create(directory, different, model());
    const Store from(directory, Catalogue::Access::kRead);
    Store store = writer();
    std::string message;
    EXPECT_EQ(error_of([&] { store.import_from(from, {}, true, {}, {}, {}); }, &message),
              ErrorCode::kInvalidArgument);
    EXPECT_NE(message.find(other_model ? "fedcba9876543210" : "99 keypoints"), std::string::npos)
        << message;
  }
}

TEST_F(ImportTest, DecisionsThatDifferUnderOneIdAreReported) {
  {
    Store store = other_writer();
    store.commit(make_images(1, 2));
    store.add_decision(
        {make_image(1).info.sha256, make_image(2).info.sha256, Verdict::kRejected, "", "x"});
  }
  import();
  Decision forged;
  reader().list_decisions({}, [&](const Decision& decision) {
    forged = decision;
    return true;
  });
  forged.verdict = Verdict::kConfirmed;
  Store store = writer();
  int reported = 0;
  EXPECT_EQ(store.merge_decisions({&forged, 1},
                                  [&](const Decision& stored, const Decision& other) {
                                    EXPECT_EQ(stored.verdict, Verdict::kRejected);
                                    EXPECT_EQ(other.verdict, Verdict::kConfirmed);
                                    ++reported;
                                  }),
            0);
  EXPECT_EQ(reported, 1);
  EXPECT_EQ(store.find_verdict(forged.first, forged.second)->verdict, Verdict::kRejected);
}

TEST_F(ImportTest, AnExportIsACatalogueOfTheChosenImages) {
  {
    Store store = writer();
    store.put_seizure({"S", "Porto", "", ""});
    store.put_seizure({"T", "Faro", "", ""});
    store.commit(
        std::vector<NewImage>{image_of(1, "S", "P"), image_of(2, "T", "Q"), make_image(3)});
    const auto decide = [&](int a, int b, const char* note) {
      store.add_decision(
          {make_image(a).info.sha256, make_image(b).info.sha256, Verdict::kNote, note, "x"});
    };
    decide(1, 2, "a");
    decide(2, 3, "b");
  }
  const fs::path out = root_ / "out";
  const ImportReport report = reader().export_to(out, std::vector<ImageId>{1, 3}, false, {});
  EXPECT_EQ(report.added, 2);
  const Store exported(out, Catalogue::Access::kRead);
  EXPECT_EQ(exported.locations().size(), 2u);
  EXPECT_TRUE(exported.find_seizure("S"));
  EXPECT_FALSE(exported.find_seizure("T"));
  EXPECT_EQ(report.decisions, 2);  // both concern a chosen image
  EXPECT_EQ(file_bytes(out / "model" / "model.bin"), "weights");
  // Nothing else was left beside it.
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(root_)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ElementsAre("catalogue", "model-source", "other", "out"));
  EXPECT_EQ(error_of([&] { reader().export_to(out, {}, false, {}); }), ErrorCode::kInvalidArgument);
}

TEST_F(ImportTest, AnInterruptedExportLeavesNothing) {
  writer().commit(make_images(1, 3));
  std::stop_source stop;
  const RunControl control{0, stop.get_token(), [&](const Progress&) { stop.request_stop(); }};
  EXPECT_EQ(error_of([&] {
              reader().export_to(root_ / "out", std::vector<ImageId>{1, 2, 3}, true, control);
            }),
            ErrorCode::kInterrupted);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(root_)) ++entries;
  EXPECT_EQ(entries, 3u);
}

}  // namespace
}  // namespace pressmark::store
