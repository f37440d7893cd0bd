// SPDX-License-Identifier: Apache-2.0
//
// Opening what is not, or no longer, a catalogue of this version.
#include <SQLiteCpp/Database.h>

#include "engine/store/page_checksums.hpp"
#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class DamageTest : public StoreTest {
 protected:
  DamageTest() {
    create();
    Store store = writer();
    store.put_seizure({"S", "Porto", "", ""});
    auto images = make_images(1, 8);
    for (NewImage& image : images) image.facts.seizure = "S";
    store.commit(images);
  }

  // Both kinds of access fail with the code, and not a byte changes.
  void expect_refused(ErrorCode code, const std::string& text) const {
    const auto before = contents(catalogue_);
    for (const auto access : {Catalogue::Access::kRead, Catalogue::Access::kWrite}) {
      std::string message;
      EXPECT_EQ(error_of([&] { Store(catalogue_, access); }, &message), code);
      EXPECT_THAT(message, testing::AllOf(HasSubstr(text), HasSubstr(database().native())));
      EXPECT_TRUE(contents(catalogue_) == before) << text;
    }
  }
};

TEST_F(DamageTest, ANewerFormatIsUnsupported) {
  std::string bytes = file_bytes(database());
  bytes[63] = 4;
  write_bytes(database(), bytes);
  expect_refused(ErrorCode::kUnsupported,
                 "written by a newer Pressmark (format 4, this build reads up to 3)");
  bytes[60] = '\xff';
  write_bytes(database(), bytes);
  expect_refused(ErrorCode::kUnsupported, "newer Pressmark");
}

TEST_F(DamageTest, TheUnreleasedFormat1IsUnsupported) {
  std::string bytes = file_bytes(database());
  bytes[63] = 1;
  write_bytes(database(), bytes);
  expect_refused(ErrorCode::kUnsupported, "has format 1");
  expect_refused(ErrorCode::kUnsupported, "this build needs format 2 or later");
}

TEST_F(DamageTest, ANewerFormatInTheLogIsUnsupported) {
  std::string log;
  {
    // As if a newer version had been killed right after it converted the catalogue.
    SQLite::Database newer(database().native(), SQLite::OPEN_READWRITE, 0, page_checksum_vfs());
    newer.exec("PRAGMA user_version = 4");
    log = file_bytes(database().native() + "-wal");
  }
  ASSERT_FALSE(log.empty());
  std::string bytes = file_bytes(database());
  bytes[63] = 3;
  write_bytes(database(), bytes);
  write_bytes(database().native() + "-wal", log);
  const std::string before = file_bytes(database());
  for (const auto access : {Catalogue::Access::kRead, Catalogue::Access::kWrite}) {
    EXPECT_EQ(error_of([&] { Store(catalogue_, access); }), ErrorCode::kUnsupported);
    EXPECT_EQ(file_bytes(database()), before);
    EXPECT_EQ(file_bytes(database().native() + "-wal"), log);
  }
}

TEST_F(DamageTest, NoFormatIsCorrupt) {
  std::string bytes = file_bytes(database());
  bytes[63] = 0;
  write_bytes(database(), bytes);
  expect_refused(ErrorCode::kCorruptData, "no format version");
}

TEST_F(DamageTest, AnotherApplicationsDatabaseIsNotACatalogue) {
  std::string bytes = file_bytes(database());
  bytes[68] = 'Q';
  write_bytes(database(), bytes);
  expect_refused(ErrorCode::kCorruptData, "not a Pressmark catalogue");
}

TEST_F(DamageTest, OtherFilesAreNotDatabases) {
  std::string random(20000, ' ');
  std::mt19937 generator(1);
  for (char& c : random) c = static_cast<char>(generator() & 0xffu);
  write_bytes(database(), random);
  expect_refused(ErrorCode::kCorruptData, "not an SQLite database");
  write_bytes(database(), "short");
  expect_refused(ErrorCode::kCorruptData, "too short");
  write_bytes(database(), "");
  expect_refused(ErrorCode::kCorruptData, "empty");
  fs::remove(database());
  fs::create_directory(database());
  expect_refused(ErrorCode::kCorruptData, "not a file");
}

TEST_F(DamageTest, ATruncatedDatabaseIsCorrupt) {
  const std::string bytes = file_bytes(database());
  for (std::size_t length = 1; length < bytes.size(); length += 997) {
    write_bytes(database(), bytes.substr(0, length));
    expect_refused(ErrorCode::kCorruptData, "");
  }
  write_bytes(database(), bytes.substr(0, bytes.size() - 1));
  expect_refused(ErrorCode::kCorruptData, "should have");
}

TEST_F(DamageTest, GarbageBehindAGoodHeaderIsCorrupt) {
  std::string bytes = file_bytes(database());
  for (std::size_t i = 100; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7919 >> 5);
  write_bytes(database(), bytes);
  expect_refused(ErrorCode::kCorruptData, "");
}

TEST_F(DamageTest, MissingTablesAndSettingsAreCorrupt) {
  const std::string bytes = file_bytes(database());
  const auto sql = [&](const std::string& text) {
    write_bytes(database(), bytes);
    SQLite::Database(database().native(), SQLite::OPEN_READWRITE, 0, page_checksum_vfs())
        .exec(text);
  };
  sql("DROP INDEX images_present");
  expect_refused(ErrorCode::kCorruptData, "images_present is missing");
  sql("DELETE FROM settings WHERE key = 'model_id'");
  expect_refused(ErrorCode::kCorruptData, "setting model_id is missing");
  sql("UPDATE settings SET value = '12x' WHERE key = 'global_size'");
  expect_refused(ErrorCode::kCorruptData, "global_size is not a number");
  sql("UPDATE settings SET value = '5' WHERE key = 'long_side_px'");
  expect_refused(ErrorCode::kCorruptData, "long_side_px");
}

// A crash or another exception must never follow; that answers never differ either is tested with
// the checksums of pages.
TEST_F(DamageTest, FlippedBytesOfTheDatabaseNeverCrash) {
  const std::string bytes = file_bytes(database());
  int refused = 0;
  for (std::size_t at = 0; at < bytes.size(); at += at < 200 ? 1 : 61) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    write_bytes(database(), damaged);
    try {
      const Store store = reader();
      store.info();
      store.list_seizures();
      store.list_images({}, [](const CatalogueImage&) { return true; });
      for (const DescriptionLocation& location : store.locations()) {
        EXPECT_EQ(store.read_description(location).keypoint_count(), 20);
      }
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kCorruptData ||
                  error.code() == ErrorCode::kUnsupported || error.code() == ErrorCode::kIo)
          << at << ": " << error.what();
      ++refused;
    }
    EXPECT_EQ(file_bytes(database()), damaged);
    fs::remove(database().native() + "-wal");
    fs::remove(database().native() + "-shm");
  }
  EXPECT_GT(refused, 0);
}

// A segment whose row is damaged or lost looks like what a crash left.
TEST_F(DamageTest, AWriterKeepsSegmentsThatADamagedTableDoesNotName) {
  const std::string bytes = file_bytes(database());
  for (const char* change :
       {"UPDATE segments SET file = '00000002.pmseg'", "UPDATE segments SET number = 2",
        "UPDATE segments SET number = 2, file = '00000002.pmseg'", "DELETE FROM segments"}) {
    write_bytes(database(), bytes);
    // As another program that does not know the references of the tables.
    SQLite::Database(database().native(), SQLite::OPEN_READWRITE)
        .exec(std::string("PRAGMA foreign_keys = OFF; ") + change);
    std::string message;
    EXPECT_EQ(error_of([&] { writer(); }, &message), ErrorCode::kCorruptData) << change;
    EXPECT_THAT(message, HasSubstr(database().native()));
    EXPECT_TRUE(fs::exists(segment(1))) << change;
  }
}

TEST_F(DamageTest, ADamagedModelCardIsReportedByName) {
  const fs::path card = catalogue_ / "model" / "model.json";
  write_bytes(card, "[]");
  for (const auto access : {Catalogue::Access::kRead, Catalogue::Access::kWrite}) {
    std::string message;
    EXPECT_EQ(error_of([&] { Store(catalogue_, access); }, &message), ErrorCode::kCorruptData);
    EXPECT_THAT(message, HasSubstr(card.native()));
  }
  // Catalogues of earlier versions do not know its checksum.
  SQLite::Database(database().native(), SQLite::OPEN_READWRITE, 0, page_checksum_vfs())
      .exec("DELETE FROM settings WHERE key = 'model_card_xxh3'");
  EXPECT_EQ(reader().locations().size(), 8u);
}

TEST_F(DamageTest, DamagedSegmentsAreReportedByName) {
  const std::string bytes = file_bytes(segment(1));
  std::string damaged = bytes;
  damaged[bytes.size() - 1] ^= 1;
  write_bytes(segment(1), damaged);
  {
    const Store store = reader();
    const auto locations = store.locations();
    std::string message;
    EXPECT_EQ(error_of([&] { store.read_description(locations[7]); }, &message),
              ErrorCode::kCorruptData);
    EXPECT_THAT(message, HasSubstr(segment(1).native()));
    EXPECT_EQ(store.read_description(locations[6]), make_image(7).description);
    EXPECT_EQ(store.read_globals(1).size(), 8u * kGlobalSize);
  }
  fs::remove(segment(1));
  const Store store = reader();
  EXPECT_EQ(error_of([&] { store.read_globals(1); }), ErrorCode::kCorruptData);
  EXPECT_EQ(error_of([&] { store.read_globals(2); }), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace pressmark::store
