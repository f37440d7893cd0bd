// SPDX-License-Identifier: Apache-2.0
#include "pressmark/evaluate.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "command.hpp"
#include "inputs.hpp"
#include "outputs.hpp"
#include "pressmark/report.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path directory, truth, queries, model, report;
  std::string json;  // a file, "-" for stdout, or empty
  EvaluateOptions options;
  int threads = 0;
};

std::string figure(const std::optional<double>& value) {
  return value ? fmt::format("{:.3f}", *value) : std::string("-");
}

std::string verdicts(const MouldVerdictCounts& counts) {
  return fmt::format("{} same, {} different, {} cannot tell", counts.same, counts.different,
                     counts.cannot_tell);
}

const char* title_of(const QuestionFigures& question) {
  if (question.name == "same_design") return "same design";
  if (question.name == "same_mould") return "same mould";
  return "same mould, within the design";
}

void print_question(const QuestionFigures& question) {
  print_line(fmt::format("{}  {} queries, {} pairs of mates, {} of others",
                         styled(Style::kBold, title_of(question)), question.queries,
                         question.mate_pairs, question.non_mate_pairs));
  print_line(styled(
      Style::kDim, "  channel       mAP    R@1    R@5   R@10  R@100    AUC  TPR at FPR .01  .001"));
  for (const ChannelFigures& channel : question.channels) {
    std::string line =
        fmt::format("  {:<10} {:>6}", channel.name, figure(channel.mean_average_precision));
    for (const ShareAt& recall : channel.recall_at)
      line += fmt::format(" {:>6}", figure(recall.share));
    line += fmt::format(" {:>6}", figure(channel.auc));
    line += fmt::format(" {:>15}", figure(channel.tpr_at_fpr[0].true_positive_rate));
    line += fmt::format(" {:>5}", figure(channel.tpr_at_fpr[1].true_positive_rate));
    print_line(line);
  }
  print_line(fmt::format(
      "  verified: {} of the mates, {} of the others", figure(question.verified_tpr),
      question.verified_fpr ? fmt::format("{:.5f}", *question.verified_fpr) : std::string("-")));
  if (question.name != "same_design") {
    print_line("  mould of verified mates:  " + verdicts(question.verdicts_mates));
    print_line("  mould of verified others: " + verdicts(question.verdicts_non_mates));
  }
  for (const CandidateRecall& path : question.candidate_recall) {
    std::string line = fmt::format("  mates among candidates, {}:", path.path);
    for (const ShareAt& recall : path.mates) {
      line += fmt::format("  {} in the first {}", figure(recall.share), recall.count);
    }
    print_line(line);
  }
}

void print_lights(const EvaluationResult& result) {
  if (result.light_gaps.empty()) return;
  print_line(styled(Style::kBold, "mates by the gap between their lights"));
  std::string head = "  gap          pairs  verified";
  for (const std::string& channel : result.channels) head += fmt::format("  {:>10}", channel);
  print_line(styled(Style::kDim, head));
  for (const LightGapFigures& gap : result.light_gaps) {
    std::string line = fmt::format("  {:>3}-{:<3} deg  {:>6}  {:>8}", gap.from_deg, gap.to_deg,
                                   gap.pairs, figure(gap.verified));
    for (const auto& score : gap.mean_scores) {
      line += fmt::format("  {:>10}", score ? fmt::format("{:.1f}", *score) : std::string("-"));
    }
    print_line(line);
  }
}

// Facts without a clock: the record that opens JSON output is the same for every run.
std::vector<std::string> records_of(RunFacts facts, const EvaluationResult& result) {
  facts.started_at.clear();
  facts.finished_at.clear();
  std::vector<std::string> records{run_manifest_json(facts, -1)};
  for (const EvaluatedImage& image : result.images) {
    if (image.ok) continue;
    records.push_back(to_json(
        InputIssue{(result.directory / image.truth.file).native(), image.code, image.reason}));
  }
  records.push_back(to_json(result));
  return records;
}

EvaluationResult run_evaluation(const Model& model, const EvaluationSet& set,
                                const Arguments& arguments, const Context& context) {
  std::optional<ProgressLine> line;
  std::int64_t before = 0;
  RunControl control{arguments.threads, context.stop, [&](const Progress& now) {
                       // Images first, then pairs, each with a rate of its own.
                       if (!line || now.done < before) line.emplace();
                       before = now.done;
                       line->update(now);
                     }};
  const EvaluationResult result = evaluate(model, set, arguments.options, control);
  print_device(arguments.options.device, result.device);
  return result;
}

int run_evaluate(const Arguments& arguments, const Context& context) {
  EvaluationSet set;
  set.directory = arguments.directory;
  set.images = read_truth(arguments.directory, arguments.truth);
  set.queries = arguments.queries.empty() ? queries_with_mates(set.images)
                                          : read_queries(arguments.queries, set.images);
  const Model model = load_model(arguments.model);
  RunFacts facts = begin_run(context, model, arguments.options.device);
  facts.threads = arguments.threads;
  facts.decode = arguments.options.decode;
  facts.describe = arguments.options.describe;
  facts.evaluate = arguments.options;

  // Outputs that cannot be written are better known before the work than after it.
  std::optional<LineFile> file;
  if (!arguments.json.empty() && arguments.json != "-") {
    check_writable(arguments.json);
    file.emplace(arguments.json);
  }
  if (!arguments.report.empty()) check_writable(arguments.report);

  const EvaluationResult result = run_evaluation(model, set, arguments, context);
  facts.device = result.device;
  facts.finished_at = utc_now();
  for (const EvaluatedImage& image : result.images) {
    const std::filesystem::path path = result.directory / image.truth.file;
    facts.inputs.push_back({path, image.info.sha256});
    if (!image.ok) print_issue(path.native(), image.reason);
  }

  const std::vector<std::string> records = records_of(facts, result);
  if (arguments.json == "-") {
    RecordPrinter printer(OutputFormat{true, false});
    for (const std::string& record : records) printer.print(record);
    printer.finish();
  } else {
    for (const QuestionFigures& question : result.questions) print_question(question);
    print_lights(result);
  }
  if (file) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      file->write(i == 0 ? "[" : ",");
      file->write(records[i]);
    }
    file->write("]");
    file->finish();
  }
  if (!arguments.report.empty()) {
    ReportOptions options;
    options.title = "Evaluation report";
    options.manifest_json = run_manifest_json(facts);
    options.decode = arguments.options.decode;
    write_evaluation_report(arguments.report, result, options);
  }
  print_message(fmt::format("{} images, {} queries, {} failed; {} pairs compared in {:.1f} s",
                            static_cast<std::int64_t>(result.images.size()) - result.failed,
                            result.queries, result.failed, result.compared_pairs,
                            result.timings.total_s));
  if (!arguments.report.empty()) {
    print_message(fmt::format("report: {}", display(arguments.report)));
  }
  return result.failed > 0 ? kSomeInputsFailed : kOk;
}

}  // namespace

void add_evaluate_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  EvaluateOptions& options = arguments->options;
  CLI::App* command =
      app.add_subcommand("evaluate", "Measure the engine on your own photos of known truth");
  command->add_option("DIR", arguments->directory, "Directory of the photos")->required();
  command
      ->add_option("--truth", arguments->truth,
                   "CSV: file, identity; optional design, light_azimuth_deg, scale_mm_per_px")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--queries", arguments->queries,
                   "CSV: file; which photos are queries. Default: all whose identity occurs twice")
      ->type_name("FILE");
  command->add_option("--json", arguments->json, "Write a JSON array of records; -: to stdout")
      ->type_name("FILE");
  command->add_option("--report", arguments->report, "Write an HTML report")->type_name("FILE");
  command->add_option("--model", arguments->model, "Model directory; default: the shipped model")
      ->type_name("DIR");
  command
      ->add_option("--dense-images", options.search.dense_images,
                   "To find candidates, correlate dense codes in all positions up to this many "
                   "images, and only where local codes propose beyond (0..10000)")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--candidates", options.search.candidates,
                   "Candidates per query that are compared; the others rank below")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--query-keypoints", options.query_keypoints,
                   "Keypoints of a photo in the query's part (16..4096)")
      ->capture_default_str()
      ->type_name("N");
  command->add_flag("--both-directions", options.both_directions,
                    "Compare each pair both ways instead of once");
  add_describe_options(*command, options.describe);
  add_verify_options(*command, options.verify);
  add_decode_options(*command, options.decode);
  add_threads_option(*command, arguments->threads);
  add_device_option(*command, options.device);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_evaluate(*arguments, context); };
  });
}

}  // namespace pressmark::cli
