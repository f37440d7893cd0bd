// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "engine/store/file_io.hpp"
#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class CreateTest : public StoreTest {
 protected:
  // No staging directory may remain, whatever happened.
  void expect_no_leavings(std::size_t files_in_root) const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(root_)) ++count;
    EXPECT_EQ(count, files_in_root);
  }
};

TEST_F(CreateTest, MakesExactlyTheSpecifiedFiles) {
  create();
  std::vector<std::string> names;
  for (const auto& [name, bytes] : contents(catalogue_)) names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre("catalogue.sqlite", "model", "model/model.bin",
                                          "model/model.json", "segments", "writer.lock"));
  EXPECT_EQ(file_bytes(catalogue_ / "model" / "model.bin"), "weights");
  const std::string header = file_bytes(database()).substr(0, 100);
  EXPECT_EQ(header.substr(0, 16), std::string("SQLite format 3\0", 16));
  EXPECT_EQ(header[18], 2);  // write-ahead log
  EXPECT_EQ(header[20], 8);  // bytes of each page for its checksum
  EXPECT_EQ(header.substr(60, 4), std::string("\0\0\0\3", 4));
  EXPECT_EQ(header.substr(68, 4), "PMRK");
  expect_no_leavings(2);
  EXPECT_EQ(reader().info().images, 0);
}

TEST_F(CreateTest, FillsAnEmptyDirectoryAndKeepsItsPermissions) {
  fs::create_directory(catalogue_);
  ::chmod(catalogue_.c_str(), 0750);
  create();
  struct stat status {};
  ASSERT_EQ(::stat(catalogue_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0750u);
  EXPECT_EQ(contents(catalogue_).size(), 6u);
  writer().commit(make_images(1, 1));
}

TEST_F(CreateTest, TakesTrailingSlashesAndMissingParents) {
  Store::create(root_ / "a" / "b" / "", settings(), model());
  EXPECT_EQ(Store(root_ / "a" / "b" / "", Catalogue::Access::kRead).directory(), root_ / "a" / "b");
}

TEST_F(CreateTest, RefusesWhatIsNotEmpty) {
  fs::create_directory(catalogue_);
  write_bytes(catalogue_ / "holiday.jpg", "x");
  EXPECT_EQ(error_of([&] { create(); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(contents(catalogue_).size(), 1u);
  write_bytes(root_ / "file", "x");
  EXPECT_EQ(error_of([&] { Store::create(root_ / "file", settings(), model()); }),
            ErrorCode::kInvalidArgument);
  expect_no_leavings(3);
}

// A creation that crashed in an empty directory, after it had moved a part to its place.
TEST_F(CreateTest, RemovesWhatACrashLeftAndNothingElse) {
  const fs::path staging = catalogue_ / ".creating-1-0";
  fs::create_directories(staging);
  write_bytes(staging / "catalogue.sqlite", "x");
  fs::create_directory(catalogue_ / "segments");
  fs::create_directory(catalogue_ / "model");
  write_bytes(catalogue_ / "notes.txt", "x");
  EXPECT_EQ(error_of([&] { create(); }), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(fs::exists(staging));
  fs::remove(catalogue_ / "notes.txt");
  {
    // Held by a creation that is under way.
    const FileDescriptor owner(::open(staging.c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_EQ(::flock(owner.get(), LOCK_EX), 0);
    EXPECT_EQ(error_of([&] { create(); }), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(fs::exists(staging));
  }
  fs::create_directory(root_ / ".catalogue.creating-1-0");
  create();
  EXPECT_EQ(contents(catalogue_).size(), 6u);
  fs::remove_all(catalogue_);
  create();
  expect_no_leavings(2);
}

TEST_F(CreateTest, RefusesToReplaceACatalogue) {
  create();
  const auto before = contents(catalogue_);
  EXPECT_EQ(error_of([&] { create(); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(contents(catalogue_), before);
}

TEST_F(CreateTest, ChecksSettingsAndModelFirst) {
  CatalogueSettings bad = settings();
  bad.global_size = 0;
  EXPECT_EQ(error_of([&] { Store::create(catalogue_, bad, model()); }),
            ErrorCode::kInvalidArgument);
  bad = settings();
  bad.model_id = "";
  EXPECT_EQ(error_of([&] { Store::create(catalogue_, bad, model()); }),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { Store::create(catalogue_, settings(), root_ / "none"); }),
            ErrorCode::kIo);
  EXPECT_FALSE(fs::exists(catalogue_));
  expect_no_leavings(1);
}

TEST_F(CreateTest, LeavingsOfACrashedCreateDoNotHinderTheNext) {
  fs::create_directories(root_ / (".catalogue.creating-" + std::to_string(::getpid()) + "-0"));
  create();
  EXPECT_EQ(reader().info().images, 0);
}

using OpenTest = StoreTest;

TEST_F(OpenTest, AMissingCatalogueIsNotFoundAndNothingIsCreated) {
  for (const auto access : {Catalogue::Access::kRead, Catalogue::Access::kWrite}) {
    std::string message;
    EXPECT_EQ(error_of([&] { Store(catalogue_, access); }, &message), ErrorCode::kNotFound);
    EXPECT_THAT(message, HasSubstr(catalogue_.native()));
    EXPECT_FALSE(fs::exists(catalogue_));
    fs::create_directory(root_ / "empty");
    EXPECT_EQ(error_of([&] { Store(root_ / "empty", access); }), ErrorCode::kNotFound);
    EXPECT_TRUE(fs::is_empty(root_ / "empty"));
    fs::remove(root_ / "empty");
    EXPECT_EQ(error_of([&] { Store(root_ / "model-source" / "model.bin", access); }),
              ErrorCode::kNotFound);
    EXPECT_EQ(error_of([&] { Store("", access); }), ErrorCode::kNotFound);
  }
}

TEST_F(OpenTest, ReadingChangesNoByte) {
  create();
  writer().commit(make_images(1, 5));
  const auto before = contents(catalogue_);
  {
    const Store store = reader();
    EXPECT_EQ(store.locations().size(), 5u);
  }
  EXPECT_EQ(contents(catalogue_), before);
}

TEST_F(OpenTest, UsesAWriteAheadLog) {
  create();
  Store store = writer();
  store.put_seizure({"S", "", "", ""});
  EXPECT_TRUE(fs::exists(catalogue_ / "catalogue.sqlite-wal"));
}

TEST_F(OpenTest, OddDirectoryNamesWork) {
  for (const char* name : {"with space", "per%41cent?immutable=1#x", "line\nbreak", "\xff\xfe"}) {
    const fs::path directory = root_ / name;
    Store::create(directory, settings(), model());
    Store(directory, Catalogue::Access::kWrite).commit(make_images(1, 2));
    EXPECT_EQ(Store(directory, Catalogue::Access::kRead).info().images, 2) << name;
  }
}

TEST_F(OpenTest, AnEmptySegmentsDirectoryMayBeLost) {
  create();
  fs::remove(catalogue_ / "segments");
  EXPECT_EQ(reader().info().images, 0);
  EXPECT_EQ(writer().commit(make_images(1, 2)).size(), 2u);
}

TEST_F(OpenTest, AStoreCanBeMoved) {
  create();
  Store first = writer();
  const Store second = std::move(first);
  Store third = reader();
  third = reader();
  EXPECT_EQ(second.info().images + third.info().images, 0);
}

}  // namespace
}  // namespace pressmark::store
