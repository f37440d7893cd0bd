// SPDX-License-Identifier: Apache-2.0
#include "pressmark/seizure.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "command.hpp"
#include "image_selection.hpp"
#include "inputs.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue, out, resume;
  std::vector<std::filesystem::path> inputs;
  Seizure seizure;
  SeizureOptions options;
  int threads = 0;
  std::string device{kDefaultDevice};
};

std::string_view doing(SeizureStep step) {
  switch (step) {
    case SeizureStep::kDescribe:
      return "reading and describing photos";
    case SeizureStep::kCompare:
      return "comparing photos with the catalogue and with each other";
    case SeizureStep::kReport:
      break;
  }
  return "writing results";
}

// Steps on stderr, each with its own progress line.
class Reporter {
 public:
  SeizureControl control(int threads, const Context& context) {
    SeizureControl control;
    control.run = {threads, context.stop, [this](const Progress& now) {
                     if (line_) line_->update(now);
                   }};
    control.on_step = [this](SeizureStep step) {
      line_.reset();
      print_message(doing(step));
      line_.emplace();
    };
    return control;
  }
  void end() { line_.reset(); }

 private:
  std::optional<ProgressLine> line_;
};

int run_seizure(const Arguments& arguments, const Context& context) {
  const bool is_new = arguments.resume.empty();
  const std::filesystem::path directory = is_new ? arguments.out : arguments.resume;
  if (is_new) {
    if (const ImageFilter& filter = arguments.options.match.filter; !filter.selects_all()) {
      const Catalogue known = Catalogue::open(arguments.catalogue, Catalogue::Access::kRead);
      require_seizures(known, filter);
      report_selection(known, filter);
    }
    const PhotoList list = gather_inputs(arguments.inputs);
    for (const InputIssue& issue : list.issues) print_issue(issue.file, issue.reason);
    begin_seizure(directory, arguments.catalogue, list, arguments.seizure, arguments.options,
                  context.arguments);
  }
  Reporter reporter;
  const SeizureControl control = reporter.control(arguments.threads, context);
  const SeizureSummary summary = continue_seizure(directory, control, arguments.device);
  reporter.end();
  if (summary.interrupted) {
    print_message(
        fmt::format("interrupted; to go on: pressmark seizure --resume {}", display(directory)));
    return kInterruptedRun;
  }
  if (summary.catalogue_changed) {
    print_message(
        "the catalogue was changed while the run went on: it answered from its state at the "
        "beginning");
  }
  print_line(fmt::format("inputs      {}", summary.inputs));
  print_line(fmt::format("photos      {} ({} unusable, {} duplicates, {} failed)", summary.photos,
                         summary.unusable, summary.duplicates, summary.failed));
  print_line(fmt::format("marks       {}", summary.marks));
  print_line(summary.linked_marks == 0
                 ? std::string("links       nothing known: no mark is linked to the catalogue")
                 : fmt::format("links       {} marks, to {} catalogued seizures",
                               summary.linked_marks, summary.linked_seizures));
  print_line(fmt::format("report      {}", display(directory / "report" / "index.html")));
  if (summary.failed > 0) {
    print_message(fmt::format("{} inputs failed; {} says why", summary.failed,
                              display(directory / "photos.csv")));
  }
  return summary.failed > 0 ? kSomeInputsFailed : kOk;
}

struct ReplayArguments {
  std::filesystem::path directory, out;
  int threads = 0;
  std::string device{kDefaultDevice};
};

int run_replay(const ReplayArguments& arguments, const Context& context) {
  Reporter reporter;
  const SeizureControl control = reporter.control(arguments.threads, context);
  const ReplayResult result =
      replay_seizure(arguments.directory, arguments.out, control, arguments.device);
  reporter.end();
  if (result.interrupted) {
    print_message("interrupted; nothing was compared");
    return kInterruptedRun;
  }
  for (const std::filesystem::path& file : result.different) {
    print_line(fmt::format("differs  {}", display(file)));
  }
  print_message(result.different.empty()
                    ? fmt::format("all {} files are the same, byte for byte", result.files)
                    : fmt::format("{} of {} files differ", result.different.size(), result.files));
  return result.different.empty() ? kOk : kFailed;
}

}  // namespace

void add_seizure_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "seizure", "Work through all photos of a seizure: its marks, their packages and links");
  CLI::Option* catalogue =
      command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory");
  CLI::Option* photos =
      command->add_option("PHOTOS", arguments->inputs,
                          "Folders, photos, or manifests (.csv, .jsonl; docs/manifest.md)");
  CLI::Option* out = command
                         ->add_option("--out", arguments->out,
                                      "Directory to create, for the run and all its results")
                         ->type_name("DIR");
  CLI::Option* resume =
      command->add_option("--resume", arguments->resume, "Go on with the run in this directory")
          ->type_name("DIR");
  CLI::Option* name =
      command->add_option("--seizure", arguments->seizure.name, "Name of this seizure");
  command->add_option("--place", arguments->seizure.place, "Place of the seizure")->needs(name);
  command->add_option("--date", arguments->seizure.date, "Date of the seizure, YYYY[-MM[-DD]]")
      ->needs(name);
  command->add_option("--agency", arguments->seizure.agency, "Agency of the seizure")->needs(name);
  MatchOptions& match = arguments->options.match;
  command
      ->add_option("--candidates", match.search.candidates,
                   "Candidates per photo that are verified, in the catalogue and in the seizure")
      ->capture_default_str()
      ->type_name("N");
  add_thorough_option(*command, match.search);
  command->add_option("--max-hits", match.max_hits, "Hits per photo in the catalogue, best first")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--false-links", arguments->options.false_links,
                   "Within the seizure, trust a single link where so many false ones are to be "
                   "expected among all pairs")
      ->capture_default_str()
      ->type_name("E");
  command
      ->add_option("--linked-share", arguments->options.linked_share,
                   "Share of compared pairs that must be linked between groups that become one "
                   "mark (0..1)")
      ->capture_default_str()
      ->type_name("R");
  command->add_flag_callback(
      "--no-quality-gate", [arguments] { arguments->options.match.quality_gate = false; },
      "Compare photos that are too blurred, too dark or without a mark, too");
  add_where_option(*command, match.filter,
                   "Compare only with catalogued images of which this holds: 'place=Rotterdam', "
                   "'seizure!=S12'; repeat it for several conditions (docs/filters.md)");
  add_verify_options(*command, match.verify);
  add_decode_options(*command, arguments->options.decode);
  // All of these are part of the run; a resumed one has them already.
  for (CLI::Option* option : command->get_options()) {
    if (option != resume && option != command->get_help_ptr()) resume->excludes(option);
  }
  add_threads_option(*command, arguments->threads);
  add_device_option(*command, arguments->device);
  command->callback([arguments, catalogue, photos, out, resume, &context] {
    for (const CLI::Option* option : {catalogue, photos, out}) {
      if (resume->count() == 0 && option->count() == 0) {
        throw CLI::RequiredError(option->get_name() + " (or --resume)");
      }
    }
    context.action = [arguments, &context] { return run_seizure(*arguments, context); };
  });
}

void add_replay_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* command = app.add_subcommand(
      "replay", "Repeat a finished run of `seizure` and compare the results byte by byte");
  command->add_option("DIR", arguments->directory, "Directory of the run")->required();
  command->add_option("--out", arguments->out, "Directory to create for the repeated run")
      ->required()
      ->type_name("DIR");
  add_threads_option(*command, arguments->threads);
  add_device_option(*command, arguments->device);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_replay(*arguments, context); };
  });
}

}  // namespace pressmark::cli
