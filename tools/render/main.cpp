// SPDX-License-Identifier: Apache-2.0
//
// pressmark-render: photos of pressed and printed marks with ground truth (docs/rendering.md).
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <map>

#include "tools/render/sets.hpp"

namespace pressmark::render {
namespace {

int run(int argc, char** argv) {
  SetOptions options;
  bool lists_designs = false;
  std::string split = "test";
  CLI::App app("Renders photos of package marks with ground truth.", "pressmark-render");
  app.add_option("SET", options.kind, "relief, printed or distractors")
      ->required()
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, SetKind>{{"relief", SetKind::kRelief},
                                         {"printed", SetKind::kPrinted},
                                         {"distractors", SetKind::kDistractors}}));
  auto* out = app.add_option("--out", options.directory, "Folder for the photos and truth.csv");
  auto* list = app.add_flag("--list-designs", lists_designs,
                            "Print one line per design instead: its sources, tab, its description");
  out->excludes(list);
  app.add_option("--seed", options.seed, "Seed")->capture_default_str();
  app.add_option("--split", split, "Partition of designs and seeds")
      ->check(CLI::IsMember({"train", "test"}))
      ->capture_default_str();
  app.add_option("--designs", options.designs, "Designs")
      ->check(CLI::Range(1, 3000))
      ->capture_default_str();
  app.add_option("--moulds", options.moulds, "Moulds per design (relief)")
      ->check(CLI::Range(1, 99))
      ->capture_default_str();
  app.add_option("--photos", options.photos, "Photos per mould")
      ->check(CLI::Range(1, 99))
      ->capture_default_str();
  app.add_option("--count", options.count, "Photos (distractors)")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "Threads; 0: as many as there are cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--physics", options.physics, "simple or hard (default)")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Physics>{{"simple", Physics::kSimple}, {"hard", Physics::kHard}}));
  auto* size = app.add_option("--size", options.size_px,
                              "Typical longer side of a photo, pixels (distractors: 512)")
                   ->check(CLI::Range(128, 2048))
                   ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!lists_designs && options.directory.empty()) {
    std::cerr << "pressmark-render: --out or --list-designs is required\n";
    return 2;
  }
  options.is_test = split == "test";
  if (options.kind == SetKind::kDistractors && size->empty()) options.size_px = 512;
  try {
    const Assets assets = load_assets();
    if (!lists_designs) {
      write_set(assets, options);
      return 0;
    }
    for (const Design& design : set_designs(assets, options)) {
      for (std::size_t i = 0; i < design.sources.size(); ++i) {
        std::cout << (i == 0 ? "" : " ") << design.sources[i];
      }
      std::cout << '\t' << design.description << '\n';
    }
    return std::cout.flush() ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "pressmark-render: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace
}  // namespace pressmark::render

int main(int argc, char** argv) {
  // Images of some megabytes come and go; to give each back to the system costs a sixth of the
  // time.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  return pressmark::render::run(argc, argv);
}
