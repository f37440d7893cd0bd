// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "image_selection.hpp"
#include "inputs.hpp"
#include "pressmark/error.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue;
  std::vector<std::string> images;
  ImageFilter filter;
};

int run_remove(const Arguments& arguments) {
  Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kWrite);
  require_seizures(catalogue, arguments.filter);
  std::vector<ImageId> ids;
  int failed = 0;
  for (const std::string& name : arguments.images) {
    try {
      ids.push_back(select_image(catalogue, name).id);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNotFound && error.code() != ErrorCode::kInvalidArgument)
        throw;
      print_issue(name, error.what());
      ++failed;
    }
  }
  if (!arguments.filter.selects_all()) {
    catalogue.list_images(arguments.filter, [&](const CatalogueImage& image) {
      ids.push_back(image.id);
      return true;
    });
  }
  print_message(
      fmt::format("{} removed; the photos themselves were not touched", catalogue.remove(ids)));
  return failed > 0 ? kSomeInputsFailed : kOk;
}

}  // namespace

void add_remove_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("remove", "Remove images from a catalogue; photos are not touched");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  CLI::Option* images = command->add_option("IMAGES", arguments->images,
                                            "Numbers, or first digits of SHA-256 hashes");
  ImageFilter& filter = arguments->filter;
  CLI::Option* seizure = add_fact_option(*command, "--seizure", FilterField::kSeizure, filter,
                                         "All images of this seizure");
  add_fact_option(*command, "--package", FilterField::kPackage, filter,
                  "Only those of this package")
      ->needs(seizure);
  // Beside named images it would be a guess which are meant: these of them, or these besides?
  CLI::Option* where =
      add_where_option(*command, filter,
                       "All images that fulfil it, e.g. 'added<2020'; repeat it for several "
                       "conditions, see 'list --where' (docs/filters.md)")
          ->excludes(images);
  command->callback([arguments, images, seizure, where, &context] {
    if (images->count() == 0 && seizure->count() == 0 && where->count() == 0) {
      throw CLI::RequiredError("IMAGES, --seizure or --where");
    }
    context.action = [arguments] { return run_remove(*arguments); };
  });
}

}  // namespace pressmark::cli
