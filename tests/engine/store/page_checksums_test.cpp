// SPDX-License-Identifier: Apache-2.0
//
// Whatever bit of the database or its log changes, reading fails and never answers wrongly.
#include "engine/store/page_checksums.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <cstring>

#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPageSize = 4096;

// Everything that a reader can ask, as text.
std::string everything(const Store& store) {
  std::string text = std::to_string(store.info().keypoints);
  for (const SeizureInfo& info : store.list_seizures()) {
    text += info.seizure.name + info.seizure.place + info.seizure.date + info.seizure.agency;
  }
  store.list_images({}, [&](const CatalogueImage& image) {
    text += std::to_string(image.id) + image.file.native() + image.info.sha256.hex() +
            image.facts.seizure + image.facts.metadata_json + image.added_at;
    return true;
  });
  store.list_decisions({}, [&](const Decision& decision) {
    text += decision.first.hex() + decision.note + decision.who + decision.decided_at;
    return true;
  });
  for (const DescriptionLocation& location : store.locations()) {
    text += std::to_string(location.segment) + "/" + std::to_string(location.slot);
  }
  return text;
}

class PageChecksumsTest : public StoreTest {
 protected:
  // Some pages, an overflow page among them.
  static void fill(Store& store) {
    store.put_seizure({"S", "Porto", "2024-05", ""});
    auto images = make_images(1, 12);
    for (NewImage& image : images) image.facts.seizure = "S";
    images[3].facts.metadata_json = "{\"text\":\"" + std::string(9000, 'x') + "\"}";
    store.commit(images);
    store.add_decision(
        {images[0].info.sha256, images[1].info.sha256, Verdict::kConfirmed, "n", "w"});
  }

  // Reads all with one bit of a file changed; true where an Error said so. Fails the test where the
  // answer differs in silence.
  bool is_noticed(const fs::path& file, std::size_t at, const std::string& expected) const {
    const std::string bytes = file_bytes(file);
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    write_bytes(file, damaged);
    bool noticed = false;
    try {
      EXPECT_EQ(everything(reader()), expected) << "byte " << at << " of " << file;
    } catch (const Error& error) {
      noticed = true;
      const bool is_version = at >= 60 && at < 64;
      EXPECT_TRUE(error.code() == ErrorCode::kCorruptData ||
                  (is_version && error.code() == ErrorCode::kUnsupported))
          << at << ": " << error.what();
      EXPECT_NE(std::string(error.what()).find(database().native()), std::string::npos);
    }
    write_bytes(file, bytes);
    return noticed;
  }
};

TEST_F(PageChecksumsTest, EveryPageOfTheFileEndsWithItsChecksum) {
  create();
  {
    Store store = writer();
    fill(store);
  }
  const std::string bytes = file_bytes(database());
  ASSERT_EQ(bytes.size() % kPageSize, 0u);
  ASSERT_GT(bytes.size(), 10 * kPageSize);
  for (std::size_t at = 0; at < bytes.size(); at += kPageSize) {
    const auto page = std::as_bytes(std::span(bytes).subspan(at, kPageSize));
    const auto number = static_cast<std::uint32_t>(at / kPageSize + 1);
    EXPECT_TRUE(page_is_sound(page, number));
    EXPECT_FALSE(page_is_sound(page, number + 1));
  }
}

TEST_F(PageChecksumsTest, AChangedBitAnywhereInTheDatabaseIsNoticed) {
  create();
  std::string expected;
  {
    Store store = writer();
    fill(store);
    expected = everything(store);
  }
  const std::size_t size = file_bytes(database()).size();
  int checked = 0, unnoticed = 0;
  for (std::size_t at = 0; at < size; at += at < 100 ? 1 : 509) {
    ++checked;
    unnoticed += is_noticed(database(), at, expected) ? 0 : 1;
  }
  // Pages that no question reads (sqlite_sequence, some indexes) do not matter to its answer.
  EXPECT_LT(unnoticed, checked / 2);
  // Page 1 is part of every question.
  for (std::size_t at = 100; at < kPageSize; at += 37) {
    EXPECT_TRUE(is_noticed(database(), at, expected)) << at;
  }
}

TEST_F(PageChecksumsTest, ExchangedPagesAreNoticed) {
  create();
  std::string expected;
  {
    Store store = writer();
    fill(store);
    expected = everything(store);
  }
  const std::string bytes = file_bytes(database());
  int noticed = 0;
  for (std::size_t page = 1; page + 1 < bytes.size() / kPageSize; ++page) {
    std::string swapped = bytes;
    std::memcpy(&swapped[page * kPageSize], &bytes[(page + 1) * kPageSize], kPageSize);
    std::memcpy(&swapped[(page + 1) * kPageSize], &bytes[page * kPageSize], kPageSize);
    write_bytes(database(), swapped);
    try {
      EXPECT_EQ(everything(reader()), expected);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorruptData);
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 5);
}

TEST_F(PageChecksumsTest, AChangedPageInTheLogOfALivingWriterIsNoticed) {
  create();
  Store store = writer();
  fill(store);
  const std::string expected = everything(store);
  const fs::path log = database().native() + "-wal";
  const std::size_t size = file_bytes(log).size();
  ASSERT_GT(size, kPageSize);
  // The readers of this process share the index that SQLite keeps of the log, and do not examine
  // the log themselves. Written in place: the writer has the file open.
  int noticed = 0;
  for (std::size_t at = 32 + 24 + 100; at < size; at += 1013) {
    std::fstream stream(log, std::ios::in | std::ios::out | std::ios::binary);
    const auto flip = [&] {
      stream.seekg(static_cast<std::streamoff>(at));
      const char byte = static_cast<char>(stream.get());
      stream.seekp(static_cast<std::streamoff>(at));
      stream.put(static_cast<char>(byte ^ 0x20));
      stream.flush();
    };
    flip();
    try {
      EXPECT_EQ(everything(reader()), expected) << at;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorruptData) << error.what();
      ++noticed;
    }
    flip();
  }
  EXPECT_GT(noticed, 5);
  EXPECT_EQ(everything(reader()), expected);
}

TEST_F(PageChecksumsTest, LargeTransactionsThatSpillAndRewriteTheirPagesAreRead) {
  create();
  SQLite::Database file(database().native(), SQLite::OPEN_READWRITE, 0, page_checksum_vfs());
  file.exec("PRAGMA cache_size = 5");
  file.exec("CREATE TABLE filler(id INTEGER PRIMARY KEY, text TEXT)");
  for (int round = 0; round < 3; ++round) {
    SQLite::Transaction transaction(file);
    for (int i = 0; i < 300; ++i) {
      SQLite::Statement insert(file, "INSERT OR REPLACE INTO filler VALUES(?, ?)");
      insert.bind(1, (i * 37) % 100);
      insert.bind(2, std::string(1500, static_cast<char>('a' + i % 26)));
      insert.exec();
      if (i % 50 == 49) {
        SQLite::Statement read(file, "SELECT sum(length(text)) FROM filler");
        ASSERT_TRUE(read.executeStep());
      }
    }
    if (round != 1) transaction.commit();  // else rolled back
  }
  EXPECT_EQ(file.execAndGet("PRAGMA integrity_check").getString(), "ok");
  file.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  file.exec("VACUUM");
  EXPECT_EQ(reader().info().format_version, 3);
}

TEST_F(PageChecksumsTest, AWriterThatKnowsNoChecksumsIsNoticed) {
  create();
  {
    SQLite::Database stranger(database().native(), SQLite::OPEN_READWRITE);
    stranger.exec(
        "INSERT INTO seizures(name, place, date, agency, added_at) "
        "VALUES('S', '', '', '', '')");
  }
  EXPECT_EQ(error_of([&] { reader().list_seizures(); }), ErrorCode::kCorruptData);
}

}  // namespace
}  // namespace pressmark::store
