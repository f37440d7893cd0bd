// SPDX-License-Identifier: Apache-2.0
//
// The document in its order: head, summary, index, queries, run manifest. What stands at the front
// is known last, so queries and index rows go to spools, which finish() joins.
#include <fmt/format.h>

#include <kainjow/mustache.hpp>
#include <utility>

#include "engine/report/document.hpp"
#include "engine/report/output_file.hpp"
#include "engine/report/picture.hpp"
#include "engine/report/run_summary.hpp"
#include "engine/report/sections.hpp"
#include "engine/report/templates.hpp"
#include "engine/report/text.hpp"
#include "pressmark/error.hpp"
#include "pressmark/report.hpp"

namespace pressmark {
namespace {

using kainjow::mustache::mustache;
using report::parsed;

}  // namespace

struct HtmlReport::Impl {
  Impl(const std::filesystem::path& file, const ReportOptions& report_options)
      : options(report_options),
        run(report::summarise_run(options.manifest_json)),
        target(file),
        queries(file),
        index(file),
        pictures(options.decode, options.preview_long_side_px) {
    if (std::filesystem::is_directory(file)) {
      throw Error(ErrorCode::kIo, fmt::format("cannot write '{}': it is a directory",
                                              report::displayable(file.string())));
    }
  }

  void add(const QueryResult& result);
  void add(const MarkResult& result);
  void add(const InputIssue& issue);
  void finish(const MatchSummary& summary, const std::string& final_manifest);

  // Marks the report as broken for as long as `write` has not come to its end: half a section
  // must never become part of a finished document.
  template <typename Write>
  void guarded(const Write& write) {
    if (finished) throw Error(ErrorCode::kInvalidArgument, "the report is finished already");
    if (broken) throw Error(ErrorCode::kIo, "the report could not be written completely");
    broken = true;
    write();
    broken = false;
  }

  ReportOptions options;
  report::RunSummary run;
  report::AtomicFile target;
  report::SpoolFile queries, index;
  report::PictureBook pictures;
  report::Counts counts;
  bool broken = false, finished = false;
  mustache index_row = parsed(report::templates::index_row_html());
  mustache query = parsed(report::templates::query_html());
  mustache hit = parsed(report::templates::hit_html());
  mustache mark = parsed(report::templates::mark_html());
};

void HtmlReport::Impl::add(const QueryResult& result) {
  const std::int64_t number = ++counts.entries;
  ++counts.queries;
  if (!result.ok) ++counts.failed;
  if (result.ok && !result.hits.empty()) ++counts.with_hits;

  const auto frame = report::display_frame(result.info.width_px, result.info.height_px);
  report::EmbeddedPicture picture;
  if (result.ok) picture = pictures.embed(result.file, result.info, frame, queries);
  queries.write(query.render(report::query_data(number, result, run, picture, frame)));
  for (std::size_t i = 0; result.ok && i < result.hits.size(); ++i) {
    const CatalogueImage& image = result.hits[i].image;
    const report::EmbeddedPicture catalogued =
        pictures.embed(image.file, image.info,
                       report::display_frame(image.info.width_px, image.info.height_px), queries);
    queries.write(hit.render(report::hit_data(number, i, result, picture, catalogued)));
  }
  queries.write("</section>\n");
  index.write(index_row.render(report::index_data(number, result)));
}

void HtmlReport::Impl::add(const MarkResult& result) {
  const std::int64_t number = ++counts.entries;
  queries.write(mark.render(report::mark_data(number, result)));
  index.write(index_row.render(report::index_data(number, result)));
}

void HtmlReport::Impl::add(const InputIssue& issue) {
  const std::int64_t number = ++counts.entries;
  ++counts.issues;
  queries.write(query.render(report::query_data(number, issue)));
  queries.write("</section>\n");
  index.write(index_row.render(report::index_data(number, issue)));
}

void HtmlReport::Impl::finish(const MatchSummary& summary, const std::string& final_manifest) {
  if (!final_manifest.empty()) {
    run = report::summarise_run(final_manifest);
    options.manifest_json = final_manifest;
  }
  report::write_head(target, options.title, "report of matches", {report::templates::report_css()});
  target.write(
      parsed(report::templates::summary_html()).render(report::summary_data(run, counts, summary)));
  target.append(index);
  target.write("</tbody></table>\n</section>\n");
  target.append(queries);
  report::write_foot(target, options.manifest_json);
  target.commit();
}

HtmlReport::HtmlReport(const std::filesystem::path& file, const ReportOptions& options) {
  options.validate();
  impl_ = std::make_unique<Impl>(file, options);
}

HtmlReport::~HtmlReport() = default;
HtmlReport::HtmlReport(HtmlReport&&) noexcept = default;
HtmlReport& HtmlReport::operator=(HtmlReport&&) noexcept = default;

void HtmlReport::add(const QueryResult& result) {
  impl_->guarded([&] { impl_->add(result); });
}

void HtmlReport::add(const MarkResult& result) {
  impl_->guarded([&] { impl_->add(result); });
}

void HtmlReport::add(const InputIssue& issue) {
  impl_->guarded([&] { impl_->add(issue); });
}

void HtmlReport::finish(const MatchSummary& summary, const std::string& manifest_json) {
  impl_->guarded([&] { impl_->finish(summary, manifest_json); });
  impl_->finished = true;
}

}  // namespace pressmark
