// SPDX-License-Identifier: Apache-2.0
//
// The verbs that only look: info, list, show.
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "image_selection.hpp"
#include "outputs.hpp"
#include "pressmark/error.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue;
  std::string image;
  ImageFilter filter;
  bool seizures = false;
  OutputFormat format;
};

void print_field(std::string_view name, std::string_view value) {
  if (!value.empty()) print_line(fmt::format("{:<12} {}", name, display(value)));
}

std::string describe_index_files(const CatalogueInfo& info) {
  const double bytes = static_cast<double>(info.index_bytes);
  std::string text =
      fmt::format("{}, {:.1f} MB, {} images", info.index_files, bytes / 1e6, info.indexed_images);
  if (info.indexed_images > 0) {
    text +=
        fmt::format(" ({:.1f} KB each)", bytes / 1e3 / static_cast<double>(info.indexed_images));
  }
  if (info.unindexed_images > 0) {
    text += fmt::format("; {} images without, which make searches slower to start",
                        info.unindexed_images);
  }
  return text;
}

int run_info(const Arguments& arguments) {
  const Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kRead);
  const CatalogueInfo info = catalogue.info();
  if (arguments.format.is_table()) {
    print_field("catalogue", info.directory.native());
    print_field("format", fmt::format("{}", info.format_version));
    print_field("model", fmt::format("{} {}", info.model_name, info.model_id));
    print_field("photos", fmt::format("reduced to {} px, at most {} keypoints",
                                      info.describe.long_side_px, info.describe.max_keypoints));
    print_field("images", fmt::format("{} ({} removed)", info.images, info.removed));
    print_field("seizures", fmt::format("{}, with {} packages", info.seizures, info.packages));
    print_field("keypoints", fmt::format("{}", info.keypoints));
    print_field("segments", fmt::format("{}", info.segments));
    print_field("size", fmt::format("{:.1f} MB", static_cast<double>(info.bytes) / 1e6));
    print_field("index", info.index);
    print_field("local index", info.local_index);
    print_field("index files", describe_index_files(info));
    for (const std::string& problem : info.index_problems) print_error(problem);
  }
  RecordPrinter records(arguments.format);
  records.print(to_json(info));
  records.finish();
  return kOk;
}

void print_image(const CatalogueImage& image) {
  print_field("image", fmt::format("{}", image.id));
  print_field("file", image.file.native());
  print_field("sha256", image.info.sha256.hex());
  print_field("photo",
              fmt::format("{} {} x {} px, {} bytes", image.info.format, image.info.width_px,
                          image.info.height_px, image.info.file_bytes));
  print_field("seizure", image.facts.seizure);
  print_field("package", image.facts.package);
  print_field("kind", to_string(image.facts.kind));
  if (image.facts.scale_mm_per_px) {
    print_field("scale", fmt::format("{} mm per pixel", *image.facts.scale_mm_per_px));
  }
  if (const auto& region = image.facts.region) {
    print_field("region",
                fmt::format("{} {} {} {}", region->x, region->y, region->width, region->height));
  }
  if (image.facts.metadata_json != "{}") print_field("metadata", image.facts.metadata_json);
  print_field("keypoints", fmt::format("{}", image.keypoints));
  print_field("added", image.added_at);
}

int run_list_seizures(const Catalogue& catalogue, const OutputFormat& format) {
  RecordPrinter records(format);
  for (const SeizureInfo& info : catalogue.list_seizures()) {
    if (format.is_table()) {
      print_line(fmt::format("{:>8} images  {:>6} packages  {:<10}  {}  {}  {}", info.images,
                             info.packages, info.seizure.date,
                             display(std::string_view(info.seizure.name)),
                             display(std::string_view(info.seizure.place)),
                             display(std::string_view(info.seizure.agency))));
    }
    records.print(to_json(info));
  }
  records.finish();
  return kOk;
}

int run_list(const Arguments& arguments, const Context& context) {
  const Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kRead);
  if (arguments.seizures) return run_list_seizures(catalogue, arguments.format);
  require_seizures(catalogue, arguments.filter);
  std::int64_t listed = 0;
  RecordPrinter records(arguments.format);
  catalogue.list_images(arguments.filter, [&](const CatalogueImage& image) {
    if (arguments.format.is_table()) {
      print_line(fmt::format("{:>8}  {}  {:<8}  {}{}", image.id,
                             image.info.sha256.hex().substr(0, 12), to_string(image.facts.kind),
                             display(image.file), describe_origin(image.facts)));
    }
    records.print(to_json(image));
    ++listed;
    return !context.stop.stop_requested();
  });
  records.finish();
  if (listed == 0) report_selection(catalogue, arguments.filter);
  return context.stop.stop_requested() ? kInterruptedRun : kOk;
}

int run_show(const Arguments& arguments) {
  const Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kRead);
  const CatalogueImage image = select_image(catalogue, arguments.image);
  if (arguments.format.is_table()) print_image(image);
  RecordPrinter records(arguments.format);
  records.print(to_json(image));
  records.finish();
  return kOk;
}

}  // namespace

void add_info_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("info", "Say what a catalogue holds");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  add_format_options(*command, arguments->format);
  command->callback(
      [arguments, &context] { context.action = [arguments] { return run_info(*arguments); }; });
}

void add_list_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("list", "List images or seizures");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  CLI::Option* seizures =
      command->add_flag("--seizures", arguments->seizures, "List seizures instead of images");
  for (CLI::Option* option : add_selection_options(
           *command, arguments->filter,
           "Only images that fulfil it, e.g. 'place=Bonn' or 'date>=2023-05'; repeat it for "
           "several conditions (docs/filters.md)")) {
    option->excludes(seizures);
  }
  add_format_options(*command, arguments->format);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_list(*arguments, context); };
  });
}

void add_show_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("show", "Show all that is known of one image");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command->add_option("IMAGE", arguments->image, "Number, or first digits of the SHA-256")
      ->required();
  add_format_options(*command, arguments->format);
  command->callback(
      [arguments, &context] { context.action = [arguments] { return run_show(*arguments); }; });
}

}  // namespace pressmark::cli
