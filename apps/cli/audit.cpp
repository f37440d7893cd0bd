// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "command.hpp"
#include "outputs.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue;
  AuditOptions options;
  std::optional<double> least;
  int threads = 0;
  OutputFormat format;
};

void print_report(const AuditReport& report) {
  const auto per_query = [&](double seconds) {
    return report.queries == 0 ? 0.0 : 1000 * seconds / static_cast<double>(report.queries);
  };
  print_line(fmt::format("recall@{} {:.4f} (95 %: {:.4f} to {:.4f}), worst query {:.2f}", report.k,
                         report.recall, report.recall_low, report.recall_high, report.worst_query));
  print_line(fmt::format("{} queries of {} images; index {:.2f} ms, exact {:.2f} ms a query",
                         report.queries, report.images, per_query(report.index_seconds),
                         per_query(report.exact_seconds)));
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
  if (!arguments.least || report.recall >= *arguments.least) return kOk;
  print_error(fmt::format("recall {:.4f} is below {}", report.recall, *arguments.least));
  return kFailed;
}

}  // namespace

void add_audit_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "audit", "Compare what the index finds with an exact search, for a sample of its images");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command->add_option("--queries", arguments->options.queries, "Images that are asked for")
      ->capture_default_str();
  command->add_option("--k", arguments->options.k, "Nearest images that count")
      ->capture_default_str();
  command->add_option("--seed", arguments->options.seed, "Of the sample")->capture_default_str();
  command
      ->add_option("--least", arguments->least, "Exit code 1 where the recall is below this share")
      ->check(CLI::Range(0.0, 1.0));
  add_threads_option(*command, arguments->threads);
  add_format_options(*command, arguments->format);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_audit(*arguments, context); };
  });
}

}  // namespace pressmark::cli
