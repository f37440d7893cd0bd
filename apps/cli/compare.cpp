// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "hit_table.hpp"
#include "inputs.hpp"
#include "outputs.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/report.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path first, second, model, report;
  DescribeOptions describe;
  DecodeOptions decode;
  VerifyOptions verify;
  std::string device{kDefaultDevice};
  OutputFormat format;
};

// The pair as the answer to a query, so that table, JSON and report say the same as for a match.
QueryResult as_result(const DescribedPhoto& query, const DescribedPhoto& other,
                      Verification verification) {
  QueryResult result;
  result.file = query.file;
  result.ok = true;
  result.info = query.info;
  result.width_px = query.description.width_px;
  result.height_px = query.description.height_px;
  result.keypoints = query.description.keypoint_count();
  result.light = query.description.light;
  result.candidates = 1;
  if (verification.verified) {
    Hit hit;
    hit.image.file = std::filesystem::absolute(other.file);
    hit.image.info = other.info;
    hit.image.keypoints = other.description.keypoint_count();
    hit.verification = std::move(verification);
    result.hits.push_back(std::move(hit));
  }
  return result;
}

int run_compare(const Arguments& arguments, const Context& context) {
  const Engine engine(load_model(arguments.model), arguments.describe, arguments.decode,
                      arguments.device);
  RunFacts facts = begin_run(context, engine.model(), engine.device());
  print_device(arguments.device, engine.device());
  facts.describe = arguments.describe;
  facts.decode = arguments.decode;
  MatchOptions& match = facts.match.emplace();
  match.search.candidates = match.max_hits = 1;
  match.verify = arguments.verify;
  match.query_keypoints = arguments.describe.max_keypoints;

  const DescribedPhoto query = engine.describe_file(arguments.first);
  const DescribedPhoto other = engine.describe_file(arguments.second);
  for (const DescribedPhoto* photo : {&query, &other}) {
    if (!photo->ok) print_issue(photo->file.native(), photo->reason);
    facts.inputs.push_back({photo->file, photo->info.sha256});
  }
  if (!query.ok || !other.ok) return kFailed;

  const Verification verification =
      engine.verify(query.description, other.description, arguments.verify);
  const QueryResult result = as_result(query, other, verification);
  if (arguments.format.is_table()) {
    print_hits(result);
    if (result.hits.empty()) {
      print_line(fmt::format("  score {:.1f} ({:.1f} needed), {} inliers ({} needed) of {} matches",
                             verification.score, arguments.verify.min_score,
                             verification.inlier_count, arguments.verify.min_inliers,
                             verification.local(verification.channel).tentative));
    } else {
      print_line("  " + explain(verification.mould));
    }
  }
  RecordPrinter records(arguments.format);
  records.print(run_manifest_json(facts, -1));
  records.print(to_json(verification));
  records.finish();

  if (!arguments.report.empty()) {
    facts.finished_at = utc_now();
    facts.matched = MatchSummary{1, static_cast<std::int64_t>(result.hits.size()), 0, 0, false};
    ReportOptions options;
    options.title = "Comparison of two photos";
    options.manifest_json = run_manifest_json(facts);
    options.decode = arguments.decode;
    HtmlReport report(arguments.report, options);
    report.add(result);
    report.finish(*facts.matched);
    print_message(fmt::format("report: {}", display(arguments.report)));
  }
  return kOk;
}

}  // namespace

void add_compare_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("compare", "Explain how one photo registers on another");
  command->add_option("A", arguments->first, "Query photo")->required();
  command->add_option("B", arguments->second, "Photo to register it on")->required();
  command->add_option("--model", arguments->model, "Model directory; default: the shipped model")
      ->type_name("DIR");
  command->add_option("--report", arguments->report, "Also write an HTML report")
      ->type_name("FILE");
  add_describe_options(*command, arguments->describe);
  add_verify_options(*command, arguments->verify);
  add_decode_options(*command, arguments->decode);
  add_device_option(*command, arguments->device);
  add_format_options(*command, arguments->format);
  command->callback([arguments, &context] {
    context.action = [arguments, &context] { return run_compare(*arguments, context); };
  });
}

}  // namespace pressmark::cli
