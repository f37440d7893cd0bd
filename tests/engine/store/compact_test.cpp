// SPDX-License-Identifier: Apache-2.0
//
// Giving back space: nothing of what was removed remains, all else stays as it was, for readers of
// other processes too.
#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <thread>

#include "engine/store/page_checksums.hpp"
#include "engine/store/segment.hpp"
#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

class CompactTest : public StoreTest {
 protected:
  // What the stored bytes of an image's description have in common with no other's.
  static std::string trace_of(int seed) {
    const auto codes = make_image(seed).description.raw.codes;
    return {reinterpret_cast<const char*>(codes.data()), 200};
  }

  bool any_segment_holds(const std::string& trace) const {
    for (const auto& [name, bytes] : contents(catalogue_ / "segments")) {
      if (bytes.find(trace) != std::string::npos) return true;
    }
    return false;
  }

  static void expect_images(const Store& store, const std::map<ImageId, int>& seeds) {
    const auto locations = store.locations();
    ASSERT_EQ(locations.size(), seeds.size());
    for (const DescriptionLocation& location : locations) {
      ASSERT_TRUE(seeds.contains(location.id));
      const NewImage wanted = make_image(seeds.at(location.id));
      EXPECT_EQ(store.read_description(location), wanted.description) << location.id;
      EXPECT_EQ(store.find(location.id)->info.sha256, wanted.info.sha256);
    }
  }

  std::size_t segment_files() const { return contents(catalogue_ / "segments").size(); }
};

TEST_F(CompactTest, NoByteOfARemovedDescriptionRemains) {
  create();
  Store store = writer();
  std::map<ImageId, int> seeds;
  for (int i = 0; i < 4; ++i) {
    for (const ImageId id : store.commit(make_images(10 * i, 6))) {
      seeds[id] = 10 * i + static_cast<int>(id - 1) % 6;
    }
  }
  const std::vector<ImageId> gone{2, 8, 9, 10, 11, 12, 19, 20, 21, 22, 23, 24};
  ASSERT_EQ(store.remove(gone), 12);
  std::vector<std::string> traces;
  for (const ImageId id : gone) traces.push_back(trace_of(seeds[id]));
  for (const ImageId id : gone) seeds.erase(id);
  for (const std::string& trace : traces) ASSERT_TRUE(any_segment_holds(trace));

  const CompactReport report = store.compact({.removed_share = 0, .images_per_segment = 8}, {});
  EXPECT_EQ(report.reclaimed, 12);
  EXPECT_EQ(report.remaining, 0);
  EXPECT_EQ(report.segments_before, 4);
  EXPECT_LT(report.segments_after, 4);
  EXPECT_LT(report.bytes_after, report.bytes_before);
  EXPECT_EQ(segment_files(), static_cast<std::size_t>(report.segments_after));
  for (const std::string& trace : traces) EXPECT_FALSE(any_segment_holds(trace));
  expect_images(store, seeds);
  EXPECT_EQ(store.info().removed, 12);
  // Numbers are never used again, and what was removed may come back under a new id.
  EXPECT_EQ(store.commit(make_images(1, 1)).front(), 25);
  const CompactReport again = store.compact({.removed_share = 0, .images_per_segment = 1}, {});
  EXPECT_EQ(again.reclaimed, 0);
  EXPECT_EQ(again.segments_after, again.segments_before);
}

TEST_F(CompactTest, SegmentsWithLittleRemovedAreLeftAlone) {
  create();
  Store store = writer();
  store.commit(make_images(1, 10));
  store.commit(make_images(101, 10));
  store.remove(std::vector<ImageId>{1, 2, 11, 12, 13});
  const std::string first = file_bytes(segment(1));
  const CompactReport report = store.compact({.images_per_segment = 12}, {});
  EXPECT_EQ(report.reclaimed, 3);
  EXPECT_EQ(report.remaining, 2);
  EXPECT_EQ(file_bytes(segment(1)), first);
  EXPECT_FALSE(fs::exists(segment(2)));
  EXPECT_TRUE(fs::exists(segment(3)));
}

TEST_F(CompactTest, SmallSegmentsAreMerged) {
  create();
  Store store = writer();
  std::map<ImageId, int> seeds;
  for (int i = 0; i < 9; ++i) seeds[store.commit(make_images(i, 1)).front()] = i;
  const CompactReport report = store.compact({.images_per_segment = 4}, {});
  EXPECT_EQ(report.segments_after, 3);
  expect_images(store, seeds);
  // The last, with one image, has nothing to be merged with.
  EXPECT_EQ(store.compact({.images_per_segment = 4}, {}).segments_after, 3);
}

TEST_F(CompactTest, IsInterruptedBetweenSegmentsAndGoesOnLater) {
  create();
  Store store = writer();
  for (int i = 0; i < 3; ++i) store.commit(make_images(10 * i, 4));
  store.remove(std::vector<ImageId>{1, 2, 5, 6, 9, 10});
  std::stop_source stop;
  RunControl control{0, stop.get_token(), [&](const Progress&) { stop.request_stop(); }};
  const CompactOptions options{.images_per_segment = 2};
  const CompactReport report = store.compact(options, control);
  EXPECT_TRUE(report.interrupted);
  EXPECT_EQ(report.reclaimed, 2);
  EXPECT_EQ(store.compact(options, {}).reclaimed, 4);
  EXPECT_EQ(store.locations().size(), 6u);
}

TEST_F(CompactTest, ADamagedDescriptionStopsItAndNothingIsLost) {
  create();
  Store store = writer();
  store.commit(make_images(1, 4));
  store.remove(std::vector<ImageId>{1});
  std::string bytes = file_bytes(segment(1));
  bytes[bytes.size() - 1] ^= 1;  // of the last image
  write_bytes(segment(1), bytes);
  std::string message;
  EXPECT_EQ(error_of([&] { store.compact({}, {}); }, &message), ErrorCode::kCorruptData);
  EXPECT_NE(message.find(segment(1).native()), std::string::npos);
  EXPECT_EQ(file_bytes(segment(1)), bytes);
  EXPECT_EQ(segment_files(), 1u);
  EXPECT_EQ(store.read_description({2, 1, 1}), make_image(2).description);
}

// The reader takes its snapshot before, and reads its descriptions after the files are gone.
TEST_F(CompactTest, AReaderOfAnotherProcessFollowsWhatMoved) {
  create();
  {
    Store store = writer();
    store.commit(make_images(1, 4));
    store.commit(make_images(101, 4));
  }
  int ready[2], go[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(go), 0);
  OtherProcess reading([&] {
    const Store store = reader();
    const auto snapshot = store.locations();
    if (store.read_description(snapshot[0]) != make_image(1).description) return false;
    char byte = '!';
    if (::write(ready[1], &byte, 1) != 1 || ::read(go[0], &byte, 1) != 1) return false;
    // Mapped before: still there, though it was removed meanwhile.
    if (store.read_description(snapshot[0]) != make_image(1).description) return false;
    // Moved.
    if (store.read_description(snapshot[7]) != make_image(104).description) return false;
    // Removed, and its bytes are gone.
    try {
      store.read_description(snapshot[4]);
      return false;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNotFound) return false;
    }
    try {
      store.read_globals(2);
      return false;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNotFound) return false;
    }
    return store.locations().size() == 6;
  });
  std::thread compacting([&] {
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    Store store = writer();
    store.remove(std::vector<ImageId>{1, 5});
    EXPECT_EQ(store.compact({.removed_share = 0}, {}).remaining, 0);
    EXPECT_FALSE(fs::exists(segment(2)));
    ASSERT_EQ(::write(go[1], &byte, 1), 1);
  });
  EXPECT_EQ(reading.run(), 0);
  compacting.join();
  for (const int end : {ready[0], ready[1], go[0], go[1]}) ::close(end);
}

// A catalogue as format 2 had it: no decisions, no checksums.
class Format2Test : public CompactTest {
 protected:
  // Copied into a new file, because SQLite never takes reserved bytes away.
  void make_format_2() const {
    const fs::path copy = root_ / "format2.sqlite";
    {
      SQLite::Database file(copy.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
      file.exec("PRAGMA journal_mode = WAL; ATTACH '" + database().native() + "' AS new");
      const auto copied = [&](const std::string& what) {
        return "FROM new.sqlite_schema WHERE name NOT LIKE '%decisions%' "
               "AND name NOT LIKE 'sqlite_%' AND type = '" +
               what + "'";
      };
      std::vector<std::string> statements;
      SQLite::Statement tables(file, "SELECT sql, name " + copied("table"));
      while (tables.executeStep()) {
        const std::string name = tables.getColumn(1).getString();
        statements.push_back(tables.getColumn(0).getString());
        statements.push_back("INSERT INTO main." + name + " SELECT * FROM new." + name);
      }
      SQLite::Statement indexes(file, "SELECT sql " + copied("index"));
      while (indexes.executeStep()) statements.push_back(indexes.getColumn(0).getString());
      tables.reset();
      indexes.reset();
      for (const std::string& statement : statements) file.exec(statement);
      file.exec(
          "PRAGMA application_id = 0x504d524b; PRAGMA user_version = 2; DETACH new;"
          "PRAGMA wal_checkpoint(TRUNCATE)");
    }
    fs::rename(copy, database());
  }
};

TEST_F(Format2Test, IsReadAndWrittenAndKeepsItsFormat) {
  create();
  writer().commit(make_images(1, 2));
  make_format_2();
  ASSERT_EQ(file_bytes(database())[20], 0);
  ASSERT_EQ(file_bytes(database())[63], 2);
  {
    Store store = writer();
    EXPECT_EQ(store.info().format_version, 2);
    store.commit(make_images(3, 2));
    store.list_decisions({}, [](const Decision&) { return true; });
    std::string message;
    EXPECT_EQ(error_of(
                  [&] {
                    store.add_decision({make_image(1).info.sha256, make_image(2).info.sha256,
                                        Verdict::kConfirmed, "", "x"});
                  },
                  &message),
              ErrorCode::kUnsupported);
    EXPECT_NE(message.find("pressmark compact"), std::string::npos);
  }
  EXPECT_EQ(file_bytes(database())[63], 2);
  EXPECT_EQ(reader().locations().size(), 4u);
}

TEST_F(Format2Test, CompactBringsItUpToDate) {
  create();
  writer().commit(make_images(1, 2));
  make_format_2();
  {
    Store store = writer();
    const CompactReport report = store.compact({}, {});
    EXPECT_EQ(report.format_before, 2);
    EXPECT_EQ(report.format_after, 3);
    store.add_decision(
        {make_image(1).info.sha256, make_image(2).info.sha256, Verdict::kConfirmed, "", "x"});
    expect_images(store, {{1, 1}, {2, 2}});
  }
  const std::string bytes = file_bytes(database());
  EXPECT_EQ(bytes[20], 8);
  EXPECT_EQ(bytes[63], 3);
  for (std::size_t at = 0; at < bytes.size(); at += 4096) {
    EXPECT_TRUE(page_is_sound(std::as_bytes(std::span(bytes).subspan(at, 4096)),
                              static_cast<std::uint32_t>(at / 4096 + 1)));
  }
}

TEST_F(Format2Test, AnUpgradeThatWasCutOffIsCompleted) {
  create();
  writer().commit(make_images(1, 2));
  make_format_2();
  {
    Store store = writer();
    RunControl control;
    std::stop_source stop;
    control.stop = stop.get_token();
    stop.request_stop();
    EXPECT_TRUE(store.compact({}, control).interrupted);  // before the database is written anew
  }
  EXPECT_EQ(file_bytes(database())[20], 0);
  EXPECT_EQ(reader().info().format_version, 3);
  writer().compact({}, {});
  EXPECT_EQ(file_bytes(database())[20], 8);
  EXPECT_EQ(reader().locations().size(), 2u);
}

}  // namespace
}  // namespace pressmark::store
