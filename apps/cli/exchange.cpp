// SPDX-License-Identifier: Apache-2.0
//
// The verbs that move images between catalogues: export, import, merge.
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "image_selection.hpp"
#include "inputs.hpp"
#include "outputs.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue, out;
  std::vector<std::filesystem::path> from;
  ImageFilter filter;
  ImportOptions options;
  OutputFormat format;
};

int run_export(const Arguments& arguments, const Context& context) {
  const Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kRead);
  require_seizures(catalogue, arguments.filter);
  const ImportReport report = with_progress(context, 0, [&](const RunControl& control) {
    return catalogue.export_to(arguments.out, arguments.filter, control);
  });
  RecordPrinter records(arguments.format);
  records.print(to_json(report));
  records.finish();
  print_message(fmt::format("{} images and {} decisions exported to {}", report.added,
                            report.decisions, display(arguments.out)));
  return kOk;
}

// Of one catalogue. Contradictions are for the examiner to settle, on both outputs.
ImportReport import_one(Catalogue& catalogue, const std::filesystem::path& from,
                        const Arguments& arguments, const Context& context,
                        RecordPrinter& records) {
  const auto on_conflict = [&](const FactConflict& conflict) {
    print_issue(from.native(), fmt::format("{}: {} stays '{}', not '{}'", conflict.subject,
                                           conflict.field, conflict.kept, conflict.other));
    records.print(to_json(conflict));
  };
  ImportReport report = with_progress(context, 0, [&](const RunControl& control) {
    return catalogue.import(from, arguments.options, control, on_conflict);
  });
  records.print(to_json(report));
  print_message(
      fmt::format("{}: {} added, {} already there ({} learned something), {} kept out as "
                  "removed before, {} decisions, {} contradictions",
                  display(from), report.added, report.duplicates, report.completed, report.kept_out,
                  report.decisions, report.conflicts));
  return report;
}

int run_import(const Arguments& arguments, const Context& context) {
  Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kWrite);
  RecordPrinter records(arguments.format);
  bool interrupted = false;
  for (const std::filesystem::path& from : arguments.from) {
    interrupted = import_one(catalogue, from, arguments, context, records).interrupted;
    if (interrupted) break;
  }
  records.finish();
  if (interrupted) print_message("interrupted; run it again to bring in the rest");
  return interrupted ? kInterruptedRun : kOk;
}

void add_import_options(CLI::App& command, Arguments& arguments) {
  command.add_flag("--restore-removed", arguments.options.restore_removed,
                   "Bring back images that were removed from the catalogue before");
  command
      .add_option("--images-per-segment", arguments.options.images_per_segment,
                  "Images of a new segment")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536))
      ->type_name("N");
  add_format_options(command, arguments.format);
}

}  // namespace

void add_export_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("export", "Write chosen images as a new catalogue");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command->add_option("OUT", arguments->out, "Directory to create")->required();
  add_selection_options(*command, arguments->filter,
                        "Only images for which the condition holds; again for several conditions "
                        "(docs/filters.md)");
  add_format_options(*command, arguments->format);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_export(*arguments, context); };
  });
}

void add_import_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  arguments->from.resize(1);
  CLI::App* command = app.add_subcommand("import", "Bring in everything of another catalogue");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command->add_option("FROM", arguments->from.front(), "The other catalogue")->required();
  add_import_options(*command, *arguments);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_import(*arguments, context); };
  });
}

void add_merge_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("merge", "Bring in everything of several catalogues");
  command->add_option("INTO", arguments->catalogue, "Catalogue directory")->required();
  command->add_option("FROM", arguments->from, "The other catalogues, in order")->required();
  add_import_options(*command, *arguments);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_import(*arguments, context); };
  });
}

}  // namespace pressmark::cli
