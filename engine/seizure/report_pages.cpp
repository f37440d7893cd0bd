// SPDX-License-Identifier: Apache-2.0
//
// Album pictures first, photo by photo, then pages, mark by mark: both by all threads. A mark may
// have most of the photos, so pages alone would leave threads without work.
#include "engine/seizure/report_pages.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <system_error>

#include "engine/parallel/ordered_pipeline.hpp"
#include "engine/report/output_file.hpp"
#include "engine/report/templates.hpp"
#include "engine/seizure/mark_page.hpp"
#include "engine/seizure/output.hpp"
#include "engine/seizure/overview_page.hpp"
#include "engine/seizure/page_frame.hpp"
#include "engine/seizure/picture_files.hpp"
#include "engine/seizure/report_lookup.hpp"
#include "engine/seizure/templates.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"

namespace pressmark::seizure {
namespace {

// Pages of an older report may be of marks that are no more.
std::filesystem::path emptied(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  if (error) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot remove {}: {}", directory.native(), error.message()));
  }
  make_directory(directory);
  return directory;
}

class ReportWriter {
 public:
  explicit ReportWriter(const ReportSources& sources)
      : from_(sources),
        directory_(emptied(sources.directory / kReportName)),
        lookup_(sources.findings, sources.photos, sources.catalogue),
        pictures_{PictureFiles(directory_, sources.plan.options.decode), {}},
        engine_(sources.catalogue.model(), sources.plan.describe, sources.plan.options.decode) {
    make_directory(directory_ / kMarkPagesName);
    write_file(directory_ / "style.css",
               std::string(report::templates::report_css()) + std::string(templates::seizure_css()),
               report::Durability::kLater);
    write_file(directory_ / "script.js",
               std::string(report::templates::report_js()) + std::string(templates::seizure_js()),
               report::Durability::kLater);
  }

  bool write(const SeizureSummary& summary, const RunControl& control) {
    const std::size_t photos = from_.findings.photos.size(), marks = from_.findings.marks.size();
    const auto all = static_cast<std::int64_t>(photos + marks) + 1;
    std::int64_t done = 0;
    const auto count = [&] {
      if (control.on_progress) control.on_progress({++done, all});
    };
    if (!write_pictures(control, count)) return false;
    report::SpoolFile rows(directory_ / "index.html");
    if (!write_marks(control, rows, count)) return false;
    PageFrame frame;
    write_overview(from_, directory_ / "index.html", summary, frame, rows);
    count();
    return true;
  }

 private:
  template <typename Count>
  bool write_pictures(const RunControl& control, const Count& count) {
    struct Picture {
      std::uint32_t index = 0;
      std::string missing;
    };
    return work_off<Picture>(
        control, from_.findings.photos.size(),
        [&](Picture& picture) {
          const CatalogueImage photo = lookup_.photo(picture.index);
          picture.missing = pictures_.files.write_small(photo.file, photo.info);
        },
        [&](Picture& picture) {
          if (!picture.missing.empty()) {
            pictures_.missing.emplace(picture.index, std::move(picture.missing));
          }
          count();
        });
  }

  template <typename Count>
  bool write_marks(const RunControl& control, report::SpoolFile& rows, const Count& count) {
    struct Page {
      std::uint32_t index = 0;
      std::string row;
    };
    parallel::PerThread<std::unique_ptr<MarkPageWriter>> writers(
        [&] { return std::make_unique<MarkPageWriter>(from_, lookup_, pictures_, engine_); });
    return work_off<Page>(
        control, from_.findings.marks.size(),
        [&](Page& page) { page.row = writers.local()->write(from_.findings.marks[page.index]); },
        [&](Page& page) {
          rows.write(page.row);
          count();
        });
  }

  // Items 0, 1, ... in turn: work by many threads, take in order. False where it was stopped.
  template <typename Item, typename Work, typename Take>
  static bool work_off(const RunControl& control, std::size_t items, const Work& work,
                       const Take& take) {
    std::size_t next = 0;
    const auto source = [&]() -> parallel::Token<Item> {
      if (next == items || control.stop.stop_requested()) return nullptr;
      auto item = std::make_unique<Item>();
      item->index = static_cast<std::uint32_t>(next++);
      return item;
    };
    parallel::run_pipeline<Item>(control, source, parallel::parallel_stage(work), take);
    return next == items;
  }

  const ReportSources& from_;
  std::filesystem::path directory_;
  ReportLookup lookup_;
  ReportPictures pictures_;
  Engine engine_;
};

}  // namespace

bool write_report(const ReportSources& sources, const SeizureSummary& summary,
                  const RunControl& control) {
  return ReportWriter(sources).write(summary, control);
}

}  // namespace pressmark::seizure
