// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <optional>

#include "command.hpp"
#include "hit_table.hpp"
#include "image_selection.hpp"
#include "inputs.hpp"
#include "outputs.hpp"
#include "pressmark/report.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue, out, report;
  std::vector<std::filesystem::path> inputs;
  MatchOptions options;
  DecodeOptions decode;
  std::optional<double> max_false_hits;
  int threads = 0;
  std::string device{kDefaultDevice};
  OutputFormat format;
};

// Facts without clock or counts: the record that opens JSON output is the same for every run.
std::string run_record(RunFacts facts) {
  facts.started_at.clear();
  return run_manifest_json(facts, -1);
}

int run_match(Arguments arguments, const Context& context) {
  const PhotoList list = gather_inputs(arguments.inputs);
  const Catalogue catalogue =
      Catalogue::open(arguments.catalogue, Catalogue::Access::kRead, arguments.device);
  RunFacts facts = begin_run(context, catalogue.model(), catalogue.device());
  print_device(arguments.device, catalogue.device());
  facts.threads = arguments.threads;
  facts.catalogue = arguments.catalogue;
  facts.catalogue_images = catalogue.info().images;
  facts.describe = catalogue.describe_options();
  facts.decode = arguments.decode;
  require_seizures(catalogue, arguments.options.filter);
  facts.searched_images = report_selection(catalogue, arguments.options.filter);
  if (arguments.max_false_hits) {
    arguments.options.verify.min_score =
        score_for_false_hits(*facts.searched_images, *arguments.max_false_hits);
  }
  facts.match = arguments.options;

  std::optional<LineFile> lines;
  if (!arguments.out.empty()) {
    std::filesystem::create_directories(arguments.out);
    lines.emplace(arguments.out / "hits.jsonl");
    if (arguments.report.empty()) arguments.report = arguments.out / "report.html";
  }
  std::optional<HtmlReport> report;
  if (!arguments.report.empty()) {
    ReportOptions options;
    options.title = "Match report";
    options.manifest_json = run_manifest_json(facts);
    options.decode = arguments.decode;
    report.emplace(arguments.report, options);
  }

  RecordPrinter records(arguments.format);
  const auto record = [&](const std::string& text) {
    if (arguments.format.jsonl) records.print(text);
    if (lines) lines->write(text);
  };
  if (arguments.format.json) records.print(run_record(facts));
  record(run_record(facts));
  report_issues(list, records);
  if (report) {
    for (const InputIssue& issue : list.issues) report->add(issue);
  }
  if (lines) {
    for (const InputIssue& issue : list.issues) lines->write(to_json(issue));
  }

  const auto summary = with_progress(context, arguments.threads, [&](const RunControl& control) {
    return catalogue.match(
        list.photos, arguments.options, arguments.decode, control,
        [&](const QueryResult& result) {
          facts.inputs.push_back({result.file, result.info.sha256});
          if (!result.ok) print_issue(result.file.native(), result.reason);
          if (!result.quality.empty()) {
            print_issue(result.file.native(), result.quality);
          }
          if (arguments.format.is_table()) print_hits(result);
          if (arguments.format.json) records.print(to_json(result));
          for (const std::string& text : to_json_lines(result)) record(text);
          if (report) report->add(result);
        },
        [&](const MarkResult& result) {
          if (arguments.format.is_table()) print_hits(result);
          if (arguments.format.json) records.print(to_json(result));
          record(to_json(result));
          if (report) report->add(result);
        });
  });
  records.finish();
  facts.finished_at = utc_now();
  facts.matched = summary;
  if (report) report->finish(summary, run_manifest_json(facts));
  if (lines) {
    lines->finish();
    LineFile manifest(arguments.out / "manifest.json");
    manifest.write(run_manifest_json(facts));
    manifest.finish();
  }

  const auto failed = summary.failed + static_cast<std::int64_t>(list.issues.size());
  print_message(fmt::format("{} queries: {} with hits, {} without, {} unusable, {} failed{}",
                            summary.queries + static_cast<std::int64_t>(list.issues.size()),
                            summary.with_hits,
                            summary.queries - summary.with_hits - summary.unusable - summary.failed,
                            summary.unusable, failed, summary.interrupted ? "; interrupted" : ""));
  if (report) print_message(fmt::format("report: {}", display(arguments.report)));
  if (summary.interrupted) return kInterruptedRun;
  return failed > 0 ? kSomeInputsFailed : kOk;
}

}  // namespace

void add_match_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("match", "Find catalogued photos that show the same mark");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command
      ->add_option("PHOTOS", arguments->inputs,
                   "Folders, photos, or manifests (.csv, .jsonl) with regions of interest and "
                   "photos of one mark")
      ->required();
  command
      ->add_option("--out", arguments->out,
                   "Also write hits.jsonl, report.html and manifest.json into this directory")
      ->type_name("DIR");
  command->add_option("--report", arguments->report, "Also write an HTML report")
      ->type_name("FILE");
  command
      ->add_option("--dense-images", arguments->options.search.dense_images,
                   "To find candidates, correlate dense codes in all positions up to this many "
                   "images, and only where local codes propose beyond (0..10000)")
      ->capture_default_str()
      ->type_name("N");
  add_thorough_option(*command, arguments->options.search);
  command
      ->add_option("--candidates", arguments->options.search.candidates,
                   "Candidates per query that are verified")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--query-keypoints", arguments->options.query_keypoints,
                   "Keypoints per query photo (16..4096)")
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--max-hits", arguments->options.max_hits, "Hits per query, best first")
      ->capture_default_str()
      ->type_name("N");
  command->add_flag_callback(
      "--no-quality-gate", [arguments] { arguments->options.quality_gate = false; },
      "Compare photos that are too blurred, too dark or without a mark, too");
  command->add_flag("--show-rejected", arguments->options.show_rejected,
                    "Show hits, too, that an examiner rejected");
  add_where_option(*command, arguments->options.filter,
                   "Search only images that fulfil it, e.g. 'place=Bonn', 'date>=2023-05' or "
                   "'seizure!=S12'; repeat it for several conditions (docs/filters.md)");
  add_verify_options(*command, arguments->options.verify);
  command
      ->add_option("--max-false-hits", arguments->max_false_hits,
                   "Set --min-score so that a query has this many false hits to be expected in "
                   "the images searched, e.g. 0.01")
      ->excludes("--min-score")
      ->check([](const std::string& text) {
        // CLI::PositiveNumber spells out the largest double.
        double value = 0;
        const char* end = text.data() + text.size();
        const bool above =
            std::from_chars(text.data(), end, value).ptr == end && value > 0 && !text.empty();
        return above ? std::string() : "must be a number above 0";
      })
      ->type_name("E");
  add_decode_options(*command, arguments->decode);
  add_threads_option(*command, arguments->threads);
  add_device_option(*command, arguments->device);
  add_format_options(*command, arguments->format);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_match(*arguments, context); };
  });
}

}  // namespace pressmark::cli
