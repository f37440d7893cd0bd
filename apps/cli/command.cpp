// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <memory>

#include "terminal.hpp"

namespace pressmark::cli {

CLI::Validator is_image_kind() {
  return CLI::IsMember({"logo", "toolmark", "wrapping", "overview"});
}

void add_decode_options(CLI::App& command, DecodeOptions& options) {
  command
      .add_option("--max-pixels", options.max_pixels,
                  "Refuse photos of more pixels, judged by their header")
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--max-file-bytes", options.max_file_bytes, "Refuse larger files")
      ->capture_default_str()
      ->type_name("N");
}

void add_describe_options(CLI::App& command, DescribeOptions& options) {
  command
      .add_option("--long-side", options.long_side_px,
                  "Reduce photos to this long side before describing them (64..1000)")
      ->capture_default_str()
      ->type_name("PX");
  command.add_option("--keypoints", options.max_keypoints, "Keypoints per photo (16..4096)")
      ->capture_default_str()
      ->type_name("N");
}

void add_thorough_option(CLI::App& command, SearchOptions& options) {
  command.add_flag("--thorough", options.is_thorough,
                   "To find candidates, look at every image closely, however many there are: "
                   "takes time by the catalogue's size");
}

void add_verify_options(CLI::App& command, VerifyOptions& options) {
  command
      .add_option("--ratio", options.ratio,
                  "Largest distance ratio of a match to the next best elsewhere (0..1)")
      ->capture_default_str()
      ->type_name("R");
  command.add_option("--threshold", options.threshold_px, "Transfer error of an inlier, pixels")
      ->capture_default_str()
      ->type_name("PX");
  command.add_option("--min-inliers", options.min_inliers, "Inliers that a hit needs")
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--min-cells", options.min_cells,
                  "Agreeing cells that a hit with fewer inliers needs (1..36)")
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--min-score", options.min_score,
                  "Score that a hit needs: -log10 of the share of unrelated photos that reach it")
      ->capture_default_str()
      ->type_name("S");
}

void add_threads_option(CLI::App& command, int& threads) {
  command.add_option("--threads", threads, "Worker threads; 0: one per processor")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
}

void add_device_option(CLI::App& command, std::string& device) {
  command
      .add_option("--device", device,
                  "Where kernels run: cpu, cuda or cuda:N, or auto: a CUDA device if one works")
      ->capture_default_str();
}

void print_device(std::string_view asked_for, std::string_view device) {
  if (asked_for != kDefaultDevice) print_message(fmt::format("device: {}", device));
}

Model load_model(const std::filesystem::path& directory) {
  return directory.empty() ? Model::load_default() : Model::load(directory);
}

RunFacts begin_run(const Context& context, const Model& model, std::string_view device) {
  RunFacts facts;
  facts.command = context.arguments;
  facts.device = device;
  facts.model_id = model.id();
  facts.model_name = model.name();
  facts.started_at = utc_now();
  return facts;
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

void add_init_command(CLI::App& app, Context& context) {
  struct Arguments {
    std::filesystem::path catalogue, model;
    DescribeOptions describe;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("init", "Create an empty catalogue");
  command->add_option("CATALOGUE", arguments->catalogue, "Directory to create")->required();
  command->add_option("--model", arguments->model, "Model directory; default: the shipped model")
      ->type_name("DIR");
  add_describe_options(*command, arguments->describe);
  command->callback([arguments, &context] {
    context.action = [arguments] {
      const Catalogue catalogue = Catalogue::create(
          arguments->catalogue, load_model(arguments->model), arguments->describe);
      print_message(fmt::format("created catalogue {} (model {} {}, {} px, {} keypoints)",
                                display(arguments->catalogue), catalogue.model().name(),
                                catalogue.model().id(), arguments->describe.long_side_px,
                                arguments->describe.max_keypoints));
      return kOk;
    };
  });
}

}  // namespace pressmark::cli
