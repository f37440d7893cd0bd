// SPDX-License-Identifier: Apache-2.0
//
// The checks go from the ground up: pages, structure of the database, references; then each segment
// file with every image in it, against its rows; then files that no row names. Only where a level
// is sound the next means something, so that a database that cannot be read ends the check.
#include "engine/store/check.hpp"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "engine/store/database.hpp"
#include "engine/store/file_io.hpp"
#include "engine/store/names.hpp"
#include "engine/store/schema.hpp"
#include "engine/store/segment.hpp"
#include "engine/store/segment_rows.hpp"
#include "engine/store/writer_lock.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

constexpr int kMostProblemsOfStructure = 100;

struct ImageRow {
  ImageId id = 0;
  std::int64_t slot = 0, keypoints = 0;
  std::string sha256;
  bool removed = false;
};

class Check {
 public:
  Check(const fs::path& directory, const RunControl& control, const OnProblem& on_problem)
      : directory_(directory),
        database_file_(directory / kDatabaseName),
        control_(control),
        on_problem_(on_problem) {}

  CheckReport run() {
    try {
      check_database(database_file_);
      database_ = open_database(database_file_, Catalogue::Access::kRead);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorruptData) throw;
      report({ProblemKind::kDatabase, kDatabaseName, 0, false, error.what()});
      check_pages();
      return report_;
    }
    report_.bytes += size_of_file(database_file_);
    const std::int64_t before = report_.problems;
    check_pages();
    check_structure();
    report_.database_usable = report_.problems == before || can_be_read();
    if (!report_.database_usable || stopped()) return report_;
    try {
      settings_ = read_settings(*database_, database_file_);
      // Files first: what is committed while they are listed is named when the rows are read.
      const std::vector<std::string> files = list_segment_files();
      check_segments();
      check_leavings(files);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorruptData) throw;
      report({ProblemKind::kDatabase, kDatabaseName, 0, false, error.what()});
      report_.database_usable = false;
    }
    return report_;
  }

 private:
  void report(const CatalogueProblem& problem) {
    ++report_.problems;
    if (on_problem_) on_problem_(problem);
  }

  bool stopped() {
    if (control_.stop.stop_requested()) report_.interrupted = true;
    return report_.interrupted;
  }

  // Every page of the file, those without contents included, which no query reads, and whatever the
  // state of the others. Read through SQLite's own file: see check_header in database.cpp.
  void check_pages() {
    const auto unchecked =
        with_database_errors(database_file_, [&] { return open_unchecked(database_file_); });
    sqlite3_file* file = nullptr;
    sqlite3_file_control(unchecked->getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    sqlite3_int64 size = 0;
    std::array<unsigned char, 100> header{};
    if (file == nullptr || file->pMethods == nullptr ||
        file->pMethods->xFileSize(file, &size) != SQLITE_OK ||
        file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 0) !=
            SQLITE_OK) {
      return;  // too short to have pages, which is reported by now
    }
    const int page_size = header[16] << 8 | header[17];
    if (page_size < 512 || (page_size & (page_size - 1)) != 0) return;  // reported likewise
    std::vector<std::byte> page(static_cast<std::size_t>(page_size));
    for (sqlite3_int64 offset = 0; offset + page_size <= size && !stopped(); offset += page_size) {
      ++report_.pages;
      if (page_is_good(file, page, offset)) continue;
      report({ProblemKind::kDatabase, kDatabaseName, 0, false,
              fmt::format("page {} is not the one that was written", offset / page_size + 1)});
    }
  }

  // A page of zeros was never written: SQLite leaves out pages whose contents do not matter. Where
  // it is in use after all, reading it fails in check_structure.
  static bool page_is_good(sqlite3_file* file, std::vector<std::byte>& page, sqlite3_int64 offset) {
    for (int attempt = 0; attempt < 5; ++attempt) {
      const int code =
          file->pMethods->xRead(file, page.data(), static_cast<int>(page.size()), offset);
      if (code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ) return true;
      const bool empty =
          std::ranges::all_of(page, [](std::byte byte) { return byte == std::byte{0}; });
      if (code == SQLITE_IOERR_DATA && empty) return true;
      // A writer may be copying its log into the file at this moment.
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  void check_structure() {
    for (const char* pragma : {"PRAGMA integrity_check", "PRAGMA foreign_key_check"}) {
      try {
        with_database_errors(database_file_, [&] {
          SQLite::Statement query(*database_, pragma);
          for (int n = 0; n < kMostProblemsOfStructure && query.executeStep(); ++n) {
            std::string text = query.getColumn(0).getString();
            if (text == "ok") break;
            if (query.getColumnCount() > 2) {
              text =
                  fmt::format("row {} of {} refers to a row of {} that does not exist",
                              query.getColumn(1).getString(), text, query.getColumn(2).getString());
            }
            std::ranges::replace(text, '\n', ' ');
            report({ProblemKind::kDatabase, kDatabaseName, 0, false, text});
          }
        });
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kCorruptData) throw;
        report({ProblemKind::kDatabase, kDatabaseName, 0, false, error.what()});
      }
    }
  }

  // Whether all that the program reads of images can be read.
  bool can_be_read() {
    try {
      with_database_errors(database_file_, [&] {
        std::vector<const char*> tables = {"settings", "seizures", "packages", "segments",
                                           "images"};
        if (read_format_version(*database_) >= kDecisionsFormatVersion) {
          tables.push_back("decisions");
        }
        for (const char* table : tables) {
          SQLite::Statement query(*database_, fmt::format("SELECT * FROM {} NOT INDEXED", table));
          while (query.executeStep()) {
          }
        }
      });
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  std::vector<std::string> list_segment_files() const {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(directory_ / kSegmentsName, error), end;
         !error && entry != end; entry.increment(error)) {
      names.push_back(entry->path().filename().native());
    }
    std::ranges::sort(names);
    return names;
  }

  // Numbers first: no statement stays open while files are read, so that writers can shorten their
  // log meanwhile.
  std::vector<std::int64_t> segment_numbers() {
    return with_database_errors(database_file_, [&] {
      SQLite::Statement query(*database_, "SELECT number FROM segments ORDER BY number");
      std::vector<std::int64_t> numbers;
      while (query.executeStep()) numbers.push_back(query.getColumn(0).getInt64());
      return numbers;
    });
  }

  struct SegmentRow {
    SegmentEntry entry;
    std::vector<ImageRow> images;  // by slot
  };

  // In one snapshot; nothing where compact() replaced it meanwhile.
  std::optional<SegmentRow> segment_row(std::int64_t number) {
    return with_database_errors(database_file_, [&]() -> std::optional<SegmentRow> {
      SQLite::Transaction snapshot(*database_);
      const auto entry = find_segment(*database_, number, settings_.global_size);
      if (!entry) return std::nullopt;
      SegmentRow row{*entry, {}};
      SQLite::Statement images(*database_,
                               "SELECT id, slot, keypoints, sha256, removed_at IS NOT NULL "
                               "FROM images WHERE segment = ? ORDER BY slot");
      images.bind(1, number);
      while (images.executeStep()) {
        row.images.push_back({images.getColumn(0).getInt64(), images.getColumn(1).getInt64(),
                              images.getColumn(2).getInt64(), images.getColumn(3).getString(),
                              images.getColumn(4).getInt() != 0});
      }
      return row;
    });
  }

  void check_segments() {
    const std::vector<std::int64_t> numbers = segment_numbers();
    for (const std::int64_t number : numbers) {
      if (stopped()) return;
      if (const auto row = segment_row(number)) check_segment(*row);
      if (control_.on_progress) {
        control_.on_progress({++segments_done_, static_cast<std::int64_t>(numbers.size())});
      }
    }
  }

  void check_segment(const SegmentRow& row) {
    const fs::path name = fs::path(kSegmentsName) / segment_file_name(row.entry.facts.number);
    ++report_.segments;
    std::unique_ptr<const Segment> segment;
    try {
      if (!row.entry.is_named_right) {
        throw Error(ErrorCode::kCorruptData,
                    fmt::format("segment {} has a wrong name", row.entry.facts.number));
      }
      segment = std::make_unique<Segment>(directory_ / name, row.entry.facts);
    } catch (const Error& error) {
      if (!segment_row(row.entry.facts.number)) return;  // replaced meanwhile
      report({ProblemKind::kSegment, name, 0, false, error.what()});
      for (const ImageRow& image : row.images) {
        report({ProblemKind::kDescription, name, image.id, image.removed,
                "its segment cannot be read"});
      }
      return;
    }
    report_.bytes += row.entry.facts.bytes;
    std::size_t next = 0;
    for (int slot = 0; slot < segment->images() && !stopped(); ++slot) {
      const bool has_row = next < row.images.size() && row.images[next].slot == slot;
      if (!has_row) {
        report({ProblemKind::kDatabase, name, 0, false,
                fmt::format("no row of the database names image {} of this segment", slot)});
      }
      const ImageRow image = has_row ? row.images[next++] : ImageRow{};
      ++report_.images;
      try {
        check_image(*segment, slot, has_row ? &image : nullptr);
      } catch (const Error& error) {
        if (error.code() == ErrorCode::kIo) throw;
        report({ProblemKind::kDescription, name, image.id, image.removed, error.what()});
      }
    }
    for (; next < row.images.size() && !report_.interrupted; ++next) {
      report({ProblemKind::kDescription, name, row.images[next].id, row.images[next].removed,
              fmt::format("the segment has no image {}", row.images[next].slot)});
    }
  }

  static void check_image(const Segment& segment, int slot, const ImageRow* row) {
    const Description description = segment.description(slot);
    if (row == nullptr) return;
    const Sha256 sha256 = segment.sha256(slot);
    const std::string_view hash(reinterpret_cast<const char*>(sha256.bytes.data()),
                                sha256.bytes.size());
    if (hash != row->sha256) {
      throw Error(ErrorCode::kCorruptData,
                  fmt::format("image {} of the segment is of another photo", slot));
    }
    if (description.keypoint_count() != row->keypoints) {
      throw Error(ErrorCode::kCorruptData,
                  fmt::format("it has {} keypoints, and {} by the database",
                              description.keypoint_count(), row->keypoints));
    }
  }

  void check_leavings(const std::vector<std::string>& files) {
    // A writer's unfinished files are not leavings.
    if (WriterLock::is_taken(directory_ / kLockName)) return;
    std::vector<std::string> named;
    for (const std::int64_t number : segment_numbers()) named.push_back(segment_file_name(number));
    std::ranges::sort(named);
    for (const std::string& name : files) {
      const bool is_ours = name.ends_with(kSegmentSuffix) ||
                           name.ends_with(std::string(kSegmentSuffix) + kTemporarySuffix);
      std::error_code ignored;
      const fs::path file = fs::path(kSegmentsName) / name;
      if (!is_ours || std::ranges::binary_search(named, name) ||
          !fs::exists(directory_ / file, ignored)) {
        continue;
      }
      report({ProblemKind::kLeaving, file, 0, false,
              "no segment of the catalogue has this name (left by a run that was cut off)"});
    }
  }

  const fs::path& directory_;
  const fs::path database_file_;
  const RunControl& control_;
  const OnProblem& on_problem_;
  CheckReport report_;
  std::unique_ptr<SQLite::Database> database_;
  CatalogueSettings settings_;
  std::int64_t segments_done_ = 0;
};

}  // namespace

CheckReport check_store(const fs::path& directory, const RunControl& control,
                        const OnProblem& on_problem) {
  return Check(directory, control, on_problem).run();
}

void rebuild_database_indexes(const fs::path& directory) {
  const WriterLock lock(directory / kLockName);
  const fs::path file = directory / kDatabaseName;
  with_database_errors(file,
                       [&] { open_database(file, Catalogue::Access::kWrite)->exec("REINDEX"); });
}

}  // namespace pressmark::store
