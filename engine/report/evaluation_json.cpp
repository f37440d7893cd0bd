// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "engine/report/json_values.hpp"
#include "pressmark/json.hpp"

namespace pressmark {
namespace {

using report::Json;

Json value_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// {"1": share, "5": share, ...}
Json shares(const std::vector<ShareAt>& values) {
  Json object = Json::object();
  for (const ShareAt& value : values) {
    object[std::to_string(value.count)] = value_or_null(value.share);
  }
  return object;
}

Json channel_value(const ChannelFigures& channel) {
  Json rates = Json::object(), roc = Json::array();
  for (const RocPoint& point : channel.tpr_at_fpr) {
    rates[fmt::format("{:g}", point.false_positive_rate)] = value_or_null(point.true_positive_rate);
  }
  for (const RocPoint& point : channel.roc) {
    roc.push_back(
        Json::array({point.false_positive_rate, value_or_null(point.true_positive_rate)}));
  }
  const ScoreHistogram& histogram = channel.histogram;
  return {{"mAP", value_or_null(channel.mean_average_precision)},
          {"recall_at", shares(channel.recall_at)},
          {"auc", value_or_null(channel.auc)},
          {"tpr_at_fpr", std::move(rates)},
          {"roc", std::move(roc)},
          {"cmc", channel.cmc},
          {"histogram",
           {{"edges", histogram.edges},
            {"mates", histogram.mates},
            {"non_mates", histogram.non_mates},
            {"mates_not_compared", histogram.mates_not_compared},
            {"non_mates_not_compared", histogram.non_mates_not_compared}}}};
}

Json pair_value(const EvaluationResult& result, const PairExample& pair) {
  Json scores = nullptr;
  if (pair.compared) {
    scores = Json::object();
    for (std::size_t c = 0; c < result.channels.size(); ++c) {
      scores[result.channels[c]] = report::shortest(static_cast<float>(pair.scores[c]));
    }
  }
  return {{"query", result.images[pair.query].truth.file.string()},
          {"other", result.images[pair.other].truth.file.string()},
          {"rank", pair.rank},
          {"verified", pair.verified},
          {"scores", std::move(scores)},
          {"light_gap_deg", value_or_null(pair.light_gap_deg)}};
}

Json pair_list(const EvaluationResult& result, const std::vector<PairExample>& pairs) {
  Json list = Json::array();
  for (const PairExample& pair : pairs) list.push_back(pair_value(result, pair));
  return list;
}

Json verdict_counts(const MouldVerdictCounts& counts) {
  return {
      {"same", counts.same}, {"different", counts.different}, {"cannot_tell", counts.cannot_tell}};
}

Json verdicts_value(const QuestionFigures& question) {
  if (question.name == "same_design") return nullptr;
  return {{"mates", verdict_counts(question.verdicts_mates)},
          {"non_mates", verdict_counts(question.verdicts_non_mates)}};
}

Json question_value(const EvaluationResult& result, const QuestionFigures& question) {
  Json channels = Json::object(), recall = nullptr;
  for (const ChannelFigures& channel : question.channels) {
    channels[channel.name] = channel_value(channel);
  }
  if (!question.candidate_recall.empty()) recall = Json::object();
  for (const CandidateRecall& path : question.candidate_recall) {
    recall[path.path] = shares(path.mates);
  }
  return {{"queries", question.queries},
          {"mate_pairs", question.mate_pairs},
          {"non_mate_pairs", question.non_mate_pairs},
          {"verified_tpr", value_or_null(question.verified_tpr)},
          {"verified_fpr", value_or_null(question.verified_fpr)},
          {"mould_verdicts", verdicts_value(question)},
          {"channels", std::move(channels)},
          {"candidate_recall", std::move(recall)},
          {"worst_mates", pair_list(result, question.worst_mates)},
          {"best_non_mates", pair_list(result, question.best_non_mates)}};
}

Json light_gap_value(const EvaluationResult& result, const LightGapFigures& gap) {
  Json scores = Json::object();
  for (std::size_t c = 0; c < result.channels.size(); ++c) {
    scores[result.channels[c]] = value_or_null(gap.mean_scores[c]);
  }
  return {{"from_deg", gap.from_deg},
          {"to_deg", gap.to_deg},
          {"pairs", gap.pairs},
          {"verified", value_or_null(gap.verified)},
          {"mean_scores", std::move(scores)}};
}

}  // namespace

std::string to_json(const EvaluationResult& result) {
  Json questions = Json::object(), gaps = Json::array();
  for (const QuestionFigures& question : result.questions) {
    questions[question.name] = question_value(result, question);
  }
  for (const LightGapFigures& gap : result.light_gaps) {
    gaps.push_back(light_gap_value(result, gap));
  }
  return report::serialise(
      {{"type", "evaluation"},
       {"directory", result.directory.string()},
       {"images", static_cast<std::int64_t>(result.images.size()) - result.failed},
       {"failed", result.failed},
       {"queries", result.queries},
       {"compared_pairs", result.compared_pairs},
       {"exhaustive", result.exhaustive},
       {"questions", std::move(questions)},
       {"light_gaps", result.light_gaps.empty() ? Json(nullptr) : std::move(gaps)},
       {"timings",
        {{"describe_ms", value_or_null(result.timings.describe_ms)},
         {"candidates_ms", value_or_null(result.timings.candidates_ms)},
         {"verify_ms", value_or_null(result.timings.verify_ms)},
         {"total_s", result.timings.total_s}}}});
}

}  // namespace pressmark
