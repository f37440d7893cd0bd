// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "image_selection.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue;
  std::vector<std::string> images;
  std::string seizure, package, kind, metadata, place, date, agency;
  double scale_mm_per_px = 0;
};

// Which options were given: an empty text is a value too.
struct Stated {
  CLI::Option *seizure, *package, *kind, *scale, *metadata, *place, *date, *agency;
};

template <typename T>
std::optional<T> value_of(const CLI::Option* option, const T& value) {
  return option->count() > 0 ? std::optional<T>(value) : std::nullopt;
}

int update_seizure(const Arguments& arguments, const Stated& stated) {
  Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kWrite);
  catalogue.update_seizure(arguments.seizure, {value_of(stated.place, arguments.place),
                                               value_of(stated.date, arguments.date),
                                               value_of(stated.agency, arguments.agency)});
  print_message(fmt::format("seizure '{}' updated", display(std::string_view(arguments.seizure))));
  return kOk;
}

int update_images(const Arguments& arguments, const Stated& stated) {
  Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kWrite);
  // All or nothing: a name that is wrong may mean that others are, too.
  std::vector<ImageId> ids;
  for (const std::string& name : arguments.images) ids.push_back(select_image(catalogue, name).id);
  FactsUpdate changes;
  changes.seizure = value_of(stated.seizure, arguments.seizure);
  changes.package = value_of(stated.package, arguments.package);
  if (stated.kind->count() > 0) changes.kind = image_kind_from_string(arguments.kind);
  changes.scale_mm_per_px = value_of(stated.scale, arguments.scale_mm_per_px);
  changes.metadata_json = value_of(stated.metadata, arguments.metadata);
  print_message(fmt::format("{} updated", catalogue.update(ids, changes)));
  return kOk;
}

}  // namespace

void add_update_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "update", "Correct facts of images, or of a seizure where no image is named");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  CLI::Option* images = command->add_option("IMAGES", arguments->images,
                                            "Numbers, or first digits of SHA-256 hashes");
  Stated stated{};
  stated.seizure = command->add_option("--seizure", arguments->seizure,
                                       "Seizure that the images belong to, or that is corrected");
  stated.package =
      command->add_option("--package", arguments->package, "Package of the images; '': none");
  stated.kind = command->add_option("--kind", arguments->kind, "What the photos show")
                    ->check(is_image_kind());
  stated.scale = command
                     ->add_option("--scale", arguments->scale_mm_per_px,
                                  "Millimetres per pixel of the photos; 0: unknown")
                     ->check(CLI::NonNegativeNumber);
  stated.metadata = command->add_option("--metadata", arguments->metadata,
                                        "A JSON object that replaces the present one");
  stated.place = command->add_option("--place", arguments->place, "Place of the seizure");
  stated.date = command->add_option("--date", arguments->date, "Its date, YYYY[-MM[-DD]]");
  stated.agency = command->add_option("--agency", arguments->agency, "Its agency");
  for (CLI::Option* option : {stated.place, stated.date, stated.agency}) {
    option->needs(stated.seizure)->excludes(images);
  }
  for (CLI::Option* option : {stated.package, stated.kind, stated.scale, stated.metadata}) {
    option->needs(images);
  }
  command->callback([arguments, images, stated, &context] {
    const bool of_seizure = images->count() == 0;
    const bool says_something =
        of_seizure ? stated.place->count() + stated.date->count() + stated.agency->count() > 0
                   : stated.seizure->count() + stated.package->count() + stated.kind->count() +
                             stated.scale->count() + stated.metadata->count() >
                         0;
    if (!says_something) throw CLI::RequiredError("what to change");
    context.action = [arguments, stated, of_seizure] {
      return of_seizure ? update_seizure(*arguments, stated) : update_images(*arguments, stated);
    };
  });
}

}  // namespace pressmark::cli
