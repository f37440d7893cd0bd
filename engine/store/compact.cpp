// SPDX-License-Identifier: Apache-2.0
//
// Giving back the space of removed images. Each new segment is complete and synced before one
// transaction moves its images over and forgets the segments that they came from; these files are
// deleted after that. A crash anywhere leaves files that nothing names, which the next writer
// removes. Readers that mapped an old file keep it; the others look the image up again
// (Store::read_description).
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/store/database.hpp"
#include "engine/store/file_io.hpp"
#include "engine/store/moments.hpp"
#include "engine/store/schema.hpp"
#include "engine/store/segment_rows.hpp"
#include "engine/store/store_impl.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

// By number.
std::vector<SegmentUse> segment_use(SQLite::Database& database) {
  SQLite::Statement query(database,
                          "SELECT s.number, count(i.id) - count(i.removed_at), count(i.removed_at) "
                          "FROM segments s LEFT JOIN images i ON i.segment = s.number "
                          "GROUP BY s.number ORDER BY s.number");
  std::vector<SegmentUse> uses;
  while (query.executeStep()) {
    uses.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt64(),
                    query.getColumn(2).getInt64()});
  }
  return uses;
}

// Which segments are joined to one new segment each.
std::vector<SegmentBatch> plan(const std::vector<SegmentUse>& uses, const CompactOptions& options) {
  const std::int64_t full = options.images_per_segment;
  const auto must = [&](const SegmentUse& use) {
    const std::int64_t all = use.present + use.removed;
    return all == 0 ||
           static_cast<double>(use.removed) > options.removed_share * static_cast<double>(all);
  };
  std::vector<SegmentBatch> batches;
  SegmentBatch batch;
  std::int64_t images = 0;
  const auto finish = [&] {
    // One small segment alone gains nothing.
    if (batch.size() > 1 || (batch.size() == 1 && must(batch.front()))) {
      batches.push_back(std::move(batch));
    }
    batch.clear();
    images = 0;
  };
  for (const SegmentUse& use : uses) {
    if (!must(use) && 2 * use.present >= full) continue;
    if (!batch.empty() && images + use.present > full) finish();
    batch.push_back(use);
    images += use.present;
  }
  finish();
  return batches;
}

struct Moved {
  ImageId id = 0;
  SegmentCopy from;
};

// By ascending id.
std::vector<Moved> images_of(SQLite::Database& database, const SegmentBatch& batch,
                             const SegmentCache::Opener& open) {
  std::vector<Moved> images;
  SQLite::Statement query(database,
                          "SELECT id, slot FROM images WHERE segment = ? AND removed_at IS NULL");
  for (const SegmentUse& use : batch) {
    if (use.present == 0) continue;
    const auto segment = open(use.number);
    query.bind(1, use.number);
    while (query.executeStep()) {
      images.push_back({query.getColumn(0).getInt64(), {segment, query.getColumn(1).getInt()}});
    }
    query.reset();
  }
  std::ranges::sort(images, {}, &Moved::id);
  return images;
}

// Rows of the images, then of the segments. UNIQUE(segment, slot) holds at each step, because the
// new segment's number was never used.
void switch_over(SQLite::Database& database, const SegmentBatch& batch,
                 const std::vector<Moved>& images, std::int64_t number) {
  SQLite::Statement move(database, "UPDATE images SET segment = ?, slot = ? WHERE id = ?");
  for (std::size_t slot = 0; slot < images.size(); ++slot) {
    move.reset();
    move.bind(1, number);
    move.bind(2, static_cast<std::int64_t>(slot));
    move.bind(3, images[slot].id);
    move.exec();
  }
  SQLite::Statement reclaim(database,
                            "UPDATE images SET segment = NULL, slot = NULL WHERE segment = ?");
  SQLite::Statement forget(database, "DELETE FROM segments WHERE number = ?");
  for (const SegmentUse& use : batch) {
    for (SQLite::Statement* statement : {&reclaim, &forget}) {
      statement->reset();
      statement->bind(1, use.number);
      statement->exec();
    }
  }
}

}  // namespace

void Store::Impl::rewrite_segments(const std::vector<SegmentBatch>& batches,
                                   const RunControl& control, CompactReport& report) {
  for (std::size_t done = 0; done < batches.size(); ++done) {
    if (control.stop.stop_requested()) {
      report.interrupted = true;
      return;
    }
    const SegmentBatch& batch = batches[done];
    const auto images = with_database_errors(database_file, [&] {
      return images_of(*database, batch, [&](std::int64_t number) { return open_segment(number); });
    });
    std::vector<SegmentCopy> copies;
    for (const Moved& image : images) copies.push_back(image.from);
    std::optional<SegmentFacts> facts;
    if (!images.empty()) {
      facts = copy_segment(segment_file(next_segment), next_segment, settings, copies);
    }
    commit_segment(facts, [&](const std::string&) {
      switch_over(*database, batch, images, facts ? facts->number : 0);
    });
    for (const SegmentUse& use : batch) {
      report.reclaimed += use.removed;
      std::error_code ignored;  // else the next writer removes it
      fs::remove(segment_file(use.number), ignored);
    }
    sync_directory(segments_directory);
    if (control.on_progress) {
      control.on_progress(
          {static_cast<std::int64_t>(done) + 1, static_cast<std::int64_t>(batches.size())});
    }
  }
}

// In this order: an older version of the program never writes pages without the checksums that
// their neighbours have, because it refuses format 3.
void Store::Impl::upgrade_format() {
  if (format_version >= kFormatVersion) return;
  with_database_errors(database_file, [&] {
    SQLite::Transaction transaction(*database, SQLite::TransactionBehavior::IMMEDIATE);
    create_decisions(*database);
    SQLite::Statement pending(*database, "INSERT INTO settings(key, value) VALUES(?, ?)");
    pending.bind(1, kPageChecksumsKey);
    pending.bind(2, kPageChecksumsPending);
    pending.exec();
    database->exec(fmt::format("PRAGMA user_version = {}", kFormatVersion));
    transaction.commit();
  });
  format_version = kFormatVersion;
}

void Store::Impl::rewrite_database() {
  with_database_errors(database_file, [&] {
    reserve_page_checksums(*database);
    database->exec("VACUUM");
    SQLite::Statement done(*database, "DELETE FROM settings WHERE key = ? AND value = ?");
    done.bind(1, kPageChecksumsKey);
    done.bind(2, kPageChecksumsPending);
    done.exec();
    // A reader may hold it back; then the log is copied and shortened later.
    database->tryExec("PRAGMA wal_checkpoint(TRUNCATE)");
  });
}

CompactReport Store::compact(const CompactOptions& options, const RunControl& control) {
  impl_->require_writer();
  options.validate();
  Impl& impl = *impl_;
  const auto measure = [&](std::int64_t& bytes, std::int64_t& segments) {
    bytes = size_of_file(impl.database_file) + size_of_file(impl.database_file.native() + "-wal");
    with_database_errors(impl.database_file, [&] {
      SQLite::Statement query(*impl.database,
                              "SELECT count(*), coalesce(sum(bytes), 0) FROM segments");
      query.executeStep();
      segments = query.getColumn(0).getInt64();
      bytes += query.getColumn(1).getInt64();
    });
  };
  CompactReport report;
  report.format_before = impl.format_version;
  measure(report.bytes_before, report.segments_before);
  if (options.vacuum) impl.upgrade_format();
  const auto batches = with_database_errors(
      impl.database_file, [&] { return plan(segment_use(*impl.database), options); });
  impl.rewrite_segments(batches, control, report);
  if (control.stop.stop_requested()) report.interrupted = true;
  if (options.vacuum && !report.interrupted) impl.rewrite_database();
  report.format_after = impl.format_version;
  measure(report.bytes_after, report.segments_after);
  report.remaining = with_database_errors(impl.database_file, [&] {
    SQLite::Statement query(*impl.database,
                            "SELECT count(*) FROM images "
                            "WHERE removed_at IS NOT NULL AND segment IS NOT NULL");
    query.executeStep();
    return query.getColumn(0).getInt64();
  });
  return report;
}

void Store::reclaim(std::span<const std::int64_t> segments) {
  impl_->require_writer();
  std::vector<SegmentBatch> batches;
  for (const SegmentUse& use :
       with_database_errors(impl_->database_file, [&] { return segment_use(*impl_->database); })) {
    if (std::ranges::find(segments, use.number) != segments.end()) batches.push_back({use});
  }
  CompactReport ignored;
  impl_->rewrite_segments(batches, {}, ignored);
}

}  // namespace pressmark::store
