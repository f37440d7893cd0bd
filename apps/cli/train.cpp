// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "inputs.hpp"
#include "pressmark/evaluate.hpp"
#include "pressmark/model.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> inputs, marks;
  std::filesystem::path out;
  std::size_t every = 1;
  int threads = 0;
  TrainOptions options;
};

int run_train(Arguments arguments, const Context& context) {
  const PhotoList list = gather_inputs(arguments.inputs);
  for (const InputIssue& issue : list.issues) print_issue(issue.file, issue.reason);
  std::vector<std::filesystem::path> files;
  for (std::size_t i = 0; i < list.photos.size(); i += arguments.every) {
    files.push_back(list.photos[i].file);
  }
  for (const std::string& argument : context.arguments) {
    arguments.options.command += (arguments.options.command.empty() ? "" : " ") + argument;
  }
  std::vector<LabelledPhoto> marks;
  for (const std::filesystem::path& truth : arguments.marks) {
    const std::filesystem::path directory = truth.has_parent_path() ? truth.parent_path() : ".";
    for (TruthRow& row : read_truth(directory, truth)) {
      // Two sets may use one name for different marks.
      marks.push_back({directory / row.file, truth.native() + ":" + row.identity,
                       row.photo_from_mark,
                       row.design.empty() ? "" : truth.native() + ":" + row.design});
    }
  }
  const TrainResult result =
      with_progress(context, arguments.threads, [&](const RunControl& control) {
        return train_model(files, marks, arguments.options, control);
      });
  for (const TrainFailure& failure : result.failures) {
    print_issue(failure.file.native(), failure.reason);
  }
  result.model.save(arguments.out);
  print_message(
      fmt::format("model {} {} from {} images, {} labelled photos and {} matching pairs in {}",
                  result.model.name(), result.model.id(), result.images, result.marks,
                  result.matching_pairs, display(arguments.out)));
  return result.failures.empty() && list.issues.empty() ? kOk : kSomeInputsFailed;
}

}  // namespace

void add_train_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  TrainOptions& options = arguments->options;
  CLI::App* command = app.add_subcommand("train", "Learn a model from photos or drawings");
  command
      ->add_option("IMAGES", arguments->inputs,
                   "Folders or images, such as printed logos; no labels needed")
      ->required();
  command
      ->add_option(
          "--marks", arguments->marks,
          "Labelled photos of pressed marks: CSV with columns file (relative to it), "
          "identity, optional design (several moulds of one teach to tell moulds apart) and "
          "h11..h33, the homography from the mark to the photo; repeatable")
      ->type_name("CSV");
  command->add_option("--out", arguments->out, "Directory of the new model")
      ->required()
      ->type_name("DIR");
  command->add_option("--name", options.name, "Name of the model")->capture_default_str();
  command->add_option("--origin", options.origin, "Where the images come from, for the record")
      ->capture_default_str();
  command->add_option("--licence", options.licence, "Under which terms, for the record")
      ->capture_default_str();
  command->add_option("--seed", options.seed, "Seed of all random choices")
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--every", arguments->every, "Use every Nth image only")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--warps", options.warps_per_image, "Synthetic views per image")
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--words", options.words, "Visual words")
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--global-size", options.global_size, "Length of the global vector")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--vocabulary", options.vocabulary,
                   "Words, at most, that local codes are indexed by")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--strangers", options.strangers,
                   "Unrelated photos that each photo is compared with to learn the score")
      ->capture_default_str()
      ->type_name("N");
  add_describe_options(*command, options.describe);
  add_decode_options(*command, options.decode);
  add_threads_option(*command, arguments->threads);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_train(*arguments, context); };
  });
}

}  // namespace pressmark::cli
