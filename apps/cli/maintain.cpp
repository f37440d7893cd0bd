// SPDX-License-Identifier: Apache-2.0
//
// The verbs that keep a catalogue in order: compact, check, repair.
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "outputs.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue;
  CompactOptions compact;
  RepairOptions repair;
  OutputFormat format;
};

std::string megabytes(std::int64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

int run_compact(const Arguments& arguments, const Context& context) {
  Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kWrite);
  const CompactReport report = with_progress(context, 0, [&](const RunControl& control) {
    return catalogue.compact(arguments.compact, control);
  });
  RecordPrinter records(arguments.format);
  records.print(to_json(report));
  records.finish();
  print_message(fmt::format("{} -> {}, {} -> {} segments; {} removed images reclaimed, {} left",
                            megabytes(report.bytes_before), megabytes(report.bytes_after),
                            report.segments_before, report.segments_after, report.reclaimed,
                            report.remaining));
  if (report.format_before != report.format_after) {
    print_message(
        fmt::format("brought from format {} to {}", report.format_before, report.format_after));
  }
  if (!report.interrupted) return kOk;
  print_message("interrupted; what was done stays done");
  return kInterruptedRun;
}

// On stdout: what is wrong is the answer.
void print_problem(const CatalogueProblem& problem, const OutputFormat& format,
                   RecordPrinter& records) {
  if (format.is_table()) {
    const std::string image = problem.image == 0 ? ""
                                                 : fmt::format("image {}{}: ", problem.image,
                                                               problem.removed ? " (removed)" : "");
    print_line(fmt::format("{:<11}  {}  {}{}", to_string(problem.kind), display(problem.file),
                           image, display(std::string_view(problem.what))));
  }
  records.print(to_json(problem));
}

int run_check(const Arguments& arguments, const Context& context) {
  RecordPrinter records(arguments.format);
  const auto on_problem = [&](const CatalogueProblem& problem) {
    print_problem(problem, arguments.format, records);
  };
  const CheckReport report = with_progress(context, 0, [&](const RunControl& control) {
    return check_catalogue(arguments.catalogue, control, on_problem);
  });
  records.print(to_json(report));
  records.finish();
  print_message(fmt::format("{} problem{} in {} pages, {} segments, {} images ({})",
                            report.problems, report.problems == 1 ? "" : "s", report.pages,
                            report.segments, report.images, megabytes(report.bytes)));
  if (report.interrupted) {
    print_message("interrupted; the rest was not looked at");
    return kInterruptedRun;
  }
  if (!report.database_usable) {
    print_message("the database cannot be read: restore the catalogue from a copy or an export");
  }
  return report.problems == 0 ? kOk : kFailed;
}

int run_repair(const Arguments& arguments, const Context& context) {
  RecordPrinter records(arguments.format);
  const RepairReport report = repair_catalogue(
      arguments.catalogue, arguments.repair, {0, context.stop, {}},
      [&](const CatalogueProblem& problem) { print_problem(problem, arguments.format, records); });
  for (const LostImage& image : report.dropped) {
    if (arguments.format.is_table()) {
      print_line(fmt::format("add again    {}  (seizure '{}', package '{}')", display(image.file),
                             display(std::string_view(image.facts.seizure)),
                             display(std::string_view(image.facts.package))));
    }
    records.print(to_json(image));
  }
  records.print(to_json(report));
  records.finish();
  for (const std::string& line : report.done) print_message(line);
  if (report.done.empty()) print_message("nothing was changed");
  print_message(
      fmt::format("{} problem{} left", report.remaining, report.remaining == 1 ? "" : "s"));
  if (report.interrupted) return kInterruptedRun;
  return report.remaining == 0 ? kOk : kFailed;
}

}  // namespace

void add_compact_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("compact", "Give back the space of removed images; update the format");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command
      ->add_option("--removed-share", arguments->compact.removed_share,
                   "Rewrite segments of which more than this share was removed; 0: leave nothing "
                   "of removed images behind")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("SHARE");
  command
      ->add_option("--images-per-segment", arguments->compact.images_per_segment,
                   "Images of a new segment; segments less than half full are merged")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536))
      ->type_name("N");
  command->add_flag_callback(
      "--keep-database", [arguments] { arguments->compact.vacuum = false; },
      "Rewrite segments only; the format stays, too");
  add_format_options(*command, arguments->format);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_compact(*arguments, context); };
  });
}

void add_check_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("check", "Verify every byte of a catalogue");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  add_format_options(*command, arguments->format);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_check(*arguments, context); };
  });
}

void add_repair_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("repair", "Rebuild what is derived and remove leavings of crashes");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command->add_flag("--drop-damaged", arguments->repair.drop_damaged,
                    "Remove images whose descriptions are damaged, and list their photos");
  add_format_options(*command, arguments->format);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_repair(*arguments, context); };
  });
}

}  // namespace pressmark::cli
