// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string_view>

#include "command.hpp"
#include "outputs.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue;
  AuditOptions options;
  std::optional<double> least, least_candidates;
  int threads = 0;
  OutputFormat format;
};

// The number of candidates that `match` compares by default, for which --least-candidates stands.
constexpr int kCompared = SearchOptions{}.candidates;

double per_query_ms(double seconds, std::int64_t queries) {
  return queries == 0 ? 0.0 : 1000 * seconds / static_cast<double>(queries);
}

void print_candidates(const CandidateAudit& audit, std::int64_t images) {
  if (audit.is_same_search) {
    print_line(fmt::format(
        "candidates: among {} images a search compares all of them in all positions; nothing is "
        "missed",
        images));
    return;
  }
  if (audit.queries == 0) {
    print_line("candidates: none of the images asked");
    return;
  }
  bool is_same = audit.links == audit.links_found;
  for (const CandidateShare& figure : audit.first) {
    print_line(fmt::format(
        "candidates@{} {:.4f} of a thorough search's (95 %: {:.4f} to {:.4f}), worst query {:.2f}",
        figure.k, figure.recall, figure.recall_low, figure.recall_high, figure.worst_query));
    is_same = is_same && figure.worst_query == 1;
  }
  print_line(
      fmt::format("{} of {} links that either search finds; {} queries; fast {:.1f} ms, "
                  "thorough {:.1f} ms a query",
                  audit.links_found, audit.links, audit.queries,
                  per_query_ms(audit.fast_seconds, audit.queries),
                  per_query_ms(audit.thorough_seconds, audit.queries)));
  if (is_same) print_line("the fast search misses nothing that a thorough one finds");
}

void print_report(const AuditReport& report) {
  print_line(fmt::format("recall@{} {:.4f} (95 %: {:.4f} to {:.4f}), worst query {:.2f}", report.k,
                         report.recall, report.recall_low, report.recall_high, report.worst_query));
  print_line(fmt::format("{} queries of {} images; index {:.2f} ms, exact {:.2f} ms a query",
                         report.queries, report.images,
                         per_query_ms(report.index_seconds, report.queries),
                         per_query_ms(report.exact_seconds, report.queries)));
  print_candidates(report.candidates, report.images);
}

// Of the first kCompared candidates; 1 where there are no more images than that.
double candidate_recall(const CandidateAudit& audit) {
  for (const CandidateShare& figure : audit.first) {
    if (figure.k == kCompared) return figure.recall;
  }
  return 1;
}

int run_audit(const Arguments& arguments, const Context& context) {
  const Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kRead);
  const AuditReport report = with_progress(
      context, arguments.threads,
      [&](const RunControl& control) { return catalogue.audit(arguments.options, control); });
  if (arguments.format.is_table()) print_report(report);
  RecordPrinter records(arguments.format);
  records.print(to_json(report));
  records.finish();
  int code = kOk;
  const auto require = [&](std::string_view what, double recall, std::optional<double> least) {
    if (!least || recall >= *least) return;
    print_error(fmt::format("{} {:.4f} is below {}", what, recall, *least));
    code = kFailed;
  };
  require("recall", report.recall, arguments.least);
  require(fmt::format("candidates@{}", kCompared), candidate_recall(report.candidates),
          arguments.least_candidates);
  return code;
}

}  // namespace

void add_audit_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "audit",
      "Compare what the index finds with an exact search, and the candidates of a search with "
      "those of a thorough one, for a sample of the images");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command->add_option("--queries", arguments->options.queries, "Images that are asked for")
      ->capture_default_str();
  command->add_option("--k", arguments->options.k, "Nearest images that count")
      ->capture_default_str();
  command
      ->add_option("--candidate-queries", arguments->options.candidate_queries,
                   "Images whose candidates are looked for, as match does and thoroughly; 0: none")
      ->capture_default_str();
  command
      ->add_option("--dense-images", arguments->options.dense_images,
                   "Largest catalogue in which a search compares all images in all positions")
      ->capture_default_str();
  command->add_option("--seed", arguments->options.seed, "Of the sample")->capture_default_str();
  command
      ->add_option("--least", arguments->least, "Exit code 1 where the recall is below this share")
      ->check(CLI::Range(0.0, 1.0));
  command
      ->add_option(
          "--least-candidates", arguments->least_candidates,
          fmt::format("The same of the share of candidates, among the first {}", kCompared))
      ->check(CLI::Range(0.0, 1.0));
  add_threads_option(*command, arguments->threads);
  add_format_options(*command, arguments->format);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_audit(*arguments, context); };
  });
}

}  // namespace pressmark::cli
