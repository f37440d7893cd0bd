// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

int run_reindex(const std::filesystem::path& directory, const Context& context) {
  Catalogue catalogue = Catalogue::open(directory, Catalogue::Access::kWrite);
  with_progress(context, 0, [&](const RunControl& control) { catalogue.reindex(control); });
  const CatalogueInfo info = catalogue.info();
  print_message(fmt::format("{} images indexed in {} files, {:.1f} MB", info.indexed_images,
                            info.index_files, static_cast<double>(info.index_bytes) / 1e6));
  return kOk;
}

}  // namespace

void add_reindex_command(CLI::App& app, Context& context) {
  auto directory = std::make_shared<std::filesystem::path>();
  CLI::App* command = app.add_subcommand(
      "reindex", "Build the index files of a catalogue anew; interrupted, nothing changes");
  command->add_option("CATALOGUE", *directory, "Catalogue directory")->required();
  command->callback([directory, &context] {
    context.action = [directory, &context] { return run_reindex(*directory, context); };
  });
}

}  // namespace pressmark::cli
