// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "inputs.hpp"
#include "outputs.hpp"
#include "pressmark/error.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue;
  std::vector<std::filesystem::path> inputs;
  Seizure seizure;
  std::string package, kind;
  double scale_mm_per_px = 0;
  AddOptions options;
  int threads = 0;
  std::string device{kDefaultDevice};
  OutputFormat format;
};

// Facts from the command line apply where the manifest states none.
void apply_facts(const Arguments& arguments, PhotoList& list) {
  for (PhotoInput& photo : list.photos) {
    if (photo.facts.seizure.empty()) photo.facts.seizure = arguments.seizure.name;
    if (photo.facts.package.empty() && photo.facts.seizure == arguments.seizure.name) {
      photo.facts.package = arguments.package;
    }
    if (photo.source.empty()) {
      if (const auto kind = image_kind_from_string(arguments.kind)) photo.facts.kind = *kind;
      if (arguments.scale_mm_per_px > 0) photo.facts.scale_mm_per_px = arguments.scale_mm_per_px;
    }
  }
  const Seizure& seizure = arguments.seizure;
  if (!seizure.place.empty() || !seizure.date.empty() || !seizure.agency.empty()) {
    list.seizures.push_back(seizure);
  }
}

void write_run_manifest(const std::filesystem::path& catalogue, const RunFacts& facts) {
  const std::filesystem::path directory = catalogue / "runs";
  std::filesystem::create_directories(directory);
  std::filesystem::path file;
  for (int n = 1; file.empty() || std::filesystem::exists(file); ++n) {
    file = directory / fmt::format("{}-add-{}.json", facts.started_at, n);
  }
  LineFile stream(file);
  stream.write(run_manifest_json(facts));
  stream.finish();
}

int run_add(const Arguments& arguments, const Context& context) {
  PhotoList list = gather_inputs(arguments.inputs);
  apply_facts(arguments, list);
  Catalogue catalogue =
      Catalogue::open(arguments.catalogue, Catalogue::Access::kWrite, arguments.device);
  RunFacts facts = begin_run(context, catalogue.model(), catalogue.device());
  print_device(arguments.device, catalogue.device());
  facts.catalogue = arguments.catalogue;
  facts.threads = arguments.threads;
  facts.add = arguments.options;
  facts.describe = catalogue.describe_options();

  RecordPrinter records(arguments.format);
  report_issues(list, records);
  const auto on_report = [&](const AddReport& report) {
    facts.inputs.push_back({report.file, report.info.sha256});
    if (report.status != AddStatus::kAdded) {
      print_issue(report.file.native(), report.reason);
    } else if (arguments.format.is_table()) {
      print_line(fmt::format("{:>8}  {}", report.id, display(report.file)));
    }
    if (!report.quality.empty()) print_issue(report.file.native(), report.quality);
    records.print(to_json(report));
  };
  const auto summary = with_progress(context, arguments.threads, [&](const RunControl& control) {
    return catalogue.add(list.photos, list.seizures, arguments.options, control, on_report);
  });
  records.finish();
  facts.added = summary;
  facts.finished_at = utc_now();
  write_run_manifest(arguments.catalogue, facts);

  const auto failed = summary.failed + static_cast<std::int64_t>(list.issues.size());
  print_message(fmt::format("{} added, {} already there, {} failed{}", summary.added,
                            summary.duplicates, failed,
                            summary.interrupted ? "; interrupted, the rest was not read" : ""));
  if (summary.interrupted) return kInterruptedRun;
  return failed > 0 ? kSomeInputsFailed : kOk;
}

}  // namespace

void add_add_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("add", "Describe photos and add them to a catalogue");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command
      ->add_option("PHOTOS", arguments->inputs,
                   "Folders, photos, or manifests (.csv, .jsonl; docs/manifest.md)")
      ->required();
  command->add_option("--seizure", arguments->seizure.name, "Seizure that the photos belong to");
  command->add_option("--package", arguments->package, "Package within the seizure")
      ->needs("--seizure");
  command->add_option("--kind", arguments->kind, "What the photos show; default: logo")
      ->check(is_image_kind());
  command->add_option("--place", arguments->seizure.place, "Place of the seizure")
      ->needs("--seizure");
  command->add_option("--date", arguments->seizure.date, "Date of the seizure, YYYY[-MM[-DD]]")
      ->needs("--seizure");
  command->add_option("--agency", arguments->seizure.agency, "Agency of the seizure")
      ->needs("--seizure");
  command->add_option("--scale", arguments->scale_mm_per_px, "Millimetres per pixel of the photos")
      ->check(CLI::PositiveNumber);
  command->add_flag("--new-seizures", arguments->options.create_seizures,
                    "Create seizures that are named but not declared by place, date or agency");
  add_decode_options(*command, arguments->options.decode);
  add_threads_option(*command, arguments->threads);
  add_device_option(*command, arguments->device);
  add_format_options(*command, arguments->format);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_add(*arguments, context); };
  });
}

}  // namespace pressmark::cli
