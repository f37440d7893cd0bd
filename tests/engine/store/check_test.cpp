// SPDX-License-Identifier: Apache-2.0
//
// Every kind of damage is found, named, and found together with the others.
#include "engine/store/check.hpp"

#include <SQLiteCpp/Database.h>

#include "engine/store/page_checksums.hpp"
#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class CheckTest : public StoreTest {
 protected:
  CheckTest() {
    create();
    Store store = writer();
    store.put_seizure({"S", "Porto", "", ""});
    auto images = make_images(1, 3);
    images[0].facts.seizure = "S";
    store.commit(images);
    store.commit(make_images(11, 3));
    store.remove(std::vector<ImageId>{5});
  }

  CheckReport check() {
    problems_.clear();
    return check_store(catalogue_, {},
                       [&](const CatalogueProblem& problem) { problems_.push_back(problem); });
  }

  bool found(ProblemKind kind, ImageId image, const std::string& text) const {
    for (const CatalogueProblem& problem : problems_) {
      if (problem.kind == kind && problem.image == image &&
          (problem.what + problem.file.native()).find(text) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

  void sql(const std::string& text) const {
    SQLite::Database(database().native(), SQLite::OPEN_READWRITE, 0, page_checksum_vfs())
        .exec(text);
  }

  static void flip(const fs::path& file, std::size_t at) {
    std::string bytes = file_bytes(file);
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    write_bytes(file, bytes);
  }

  std::vector<CatalogueProblem> problems_;
};

TEST_F(CheckTest, ASoundCatalogueHasNoProblems) {
  const auto before = contents(catalogue_);
  const CheckReport report = check();
  EXPECT_EQ(report.problems, 0) << problems_.front().what;
  EXPECT_TRUE(report.database_usable);
  EXPECT_EQ(report.segments, 2);
  EXPECT_EQ(report.images, 6);
  EXPECT_EQ(report.pages, static_cast<std::int64_t>(fs::file_size(database()) / 4096));
  EXPECT_EQ(contents(catalogue_), before);
}

TEST_F(CheckTest, ASoundCatalogueIsSoundWhileItIsWritten) {
  Store store = writer();
  store.commit(make_images(21, 2));
  write_bytes(segment(9), "under way");
  EXPECT_EQ(check().problems, 0);
}

TEST_F(CheckTest, EveryPageOfTheDatabaseIsVerified) {
  const std::size_t pages = file_bytes(database()).size() / 4096;
  for (std::size_t page = 1; page < pages; ++page) {
    flip(database(), page * 4096 + 2000);
    check();
    EXPECT_TRUE(found(ProblemKind::kDatabase, 0, "page " + std::to_string(page + 1) + " "));
    flip(database(), page * 4096 + 2000);
  }
  flip(database(), 2000);
  EXPECT_FALSE(check().database_usable);
  EXPECT_FALSE(problems_.empty());
}

TEST_F(CheckTest, AllProblemsAreListedNotOnlyTheFirst) {
  flip(segment(1), file_bytes(segment(1)).size() - 1);  // the last image's block
  flip(segment(2), 20);                                 // the header
  write_bytes(segment(7), "left by a crash");
  write_bytes(segment(8).native() + ".tmp", "");
  write_bytes(catalogue_ / "segments" / "notes.txt", "not ours");
  const CheckReport report = check();
  EXPECT_TRUE(report.database_usable);
  EXPECT_TRUE(found(ProblemKind::kDescription, 3, "00000001.pmseg"));
  EXPECT_TRUE(found(ProblemKind::kSegment, 0, "00000002.pmseg"));
  for (const ImageId id : {4, 5, 6}) {
    EXPECT_TRUE(found(ProblemKind::kDescription, id, "its segment cannot be read"));
  }
  EXPECT_TRUE(found(ProblemKind::kLeaving, 0, "00000007.pmseg"));
  EXPECT_TRUE(found(ProblemKind::kLeaving, 0, "00000008.pmseg.tmp"));
  EXPECT_EQ(report.problems, 7);
  EXPECT_EQ(problems_.size(), 7u);
  for (const CatalogueProblem& problem : problems_) EXPECT_EQ(problem.removed, problem.image == 5);
}

TEST_F(CheckTest, AMissingSegmentIsNamed) {
  fs::remove(segment(1));
  check();
  EXPECT_TRUE(found(ProblemKind::kSegment, 0, "00000001.pmseg"));
}

TEST_F(CheckTest, ReferencesAreCheckedBothWays) {
  sql("UPDATE images SET keypoints = 7 WHERE id = 1");
  sql("UPDATE images SET sha256 = zeroblob(32) WHERE id = 2");
  sql("UPDATE images SET slot = 9 WHERE id = 3");
  sql("PRAGMA foreign_keys = OFF; UPDATE images SET seizure = 77 WHERE id = 4");
  const CheckReport report = check();
  EXPECT_TRUE(found(ProblemKind::kDescription, 1, "20 keypoints, and 7"));
  EXPECT_TRUE(found(ProblemKind::kDescription, 2, "another photo"));
  EXPECT_TRUE(found(ProblemKind::kDatabase, 0, "no row of the database names image 2"));
  EXPECT_TRUE(found(ProblemKind::kDescription, 3, "no image 9"));
  EXPECT_TRUE(found(ProblemKind::kDatabase, 0, "refers to a row of seizures"));
  EXPECT_EQ(report.problems, 5);
}

TEST_F(CheckTest, TheDatabasesOwnIndexesAreCheckedAndRebuilt) {
  // Without its entry the photo would be taken for a new one.
  sql("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX "
      "images_by_hash ON images(sha256) WHERE removed_at IS NOT NULL' WHERE name = "
      "'images_by_hash'; PRAGMA writable_schema = RESET; REINDEX images_by_hash");
  sql("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX "
      "images_by_hash ON images(sha256) WHERE removed_at IS NULL' WHERE name = 'images_by_hash'");
  EXPECT_GT(check().problems, 0);
  EXPECT_TRUE(found(ProblemKind::kDatabase, 0, "images_by_hash"));
  rebuild_database_indexes(catalogue_);
  EXPECT_EQ(check().problems, 0) << problems_.front().what;
}

TEST_F(CheckTest, IsInterrupted) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(check_store(catalogue_, {0, stop.get_token(), {}}, {}).interrupted);
}

TEST_F(CheckTest, WhatIsNoCatalogueIsAnError) {
  EXPECT_EQ(error_of([&] { check_store(root_ / "nothing", {}, {}); }), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace pressmark::store
