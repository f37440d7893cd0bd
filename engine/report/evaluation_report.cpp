// SPDX-License-Identifier: Apache-2.0
//
// An evaluation as one page. Pictures come first in the document, hidden, and are shown where pairs
// refer to them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/charts.hpp"
#include "engine/report/document.hpp"
#include "engine/report/inlier_drawing.hpp"
#include "engine/report/output_file.hpp"
#include "engine/report/picture.hpp"
#include "engine/report/run_summary.hpp"
#include "engine/report/templates.hpp"
#include "engine/report/text.hpp"
#include "pressmark/report.hpp"

namespace pressmark {
namespace {

using report::TemplateData;

constexpr auto kTrue = TemplateData::type::bool_true;
constexpr auto kList = TemplateData::type::list;
constexpr int kThumbnailSidePx = 320;

std::string figure(const std::optional<double>& value) {
  return value ? fmt::format("{:.3f}", *value) : std::string("\u2013");
}

std::string in_percent(const std::optional<double>& value) {
  if (!value) return "\u2013";
  // A rate above zero must not look like zero.
  return *value > 0 && *value < .001 ? fmt::format("{:.2g} %", 100 * *value)
                                     : report::percent(*value);
}

void add_value(TemplateData& list, const std::string& value) {
  TemplateData data;
  data.set("value", value);
  list << data;
}

void add_fact(TemplateData& facts, const std::string& label, const std::string& value,
              bool machine = false) {
  TemplateData fact;
  fact.set("label", label);
  fact.set("value", value);
  if (machine) fact.set("machine", kTrue);
  facts << fact;
}

bool has_designs(const EvaluationResult& result) {
  return std::any_of(result.images.begin(), result.images.end(),
                     [](const EvaluatedImage& image) { return !image.truth.design.empty(); });
}

struct Wording {
  std::string title, explanation, mates, mates_note, non_mates, non_mates_note;
};

Wording wording_of(const QuestionFigures& question) {
  Wording words;
  words.mates_note =
      "Of each query the mate that comes last; worst ranks first. A rank counts mates, too.";
  words.non_mates_note = "Of each query the non-mate that comes first; highest scores first.";
  if (question.name == "same_design") {
    words.title = "Same design";
    words.explanation =
        "Does the score tell images of one design, from whatever mould, from all others?";
    words.mates = "Hardest mates: same design";
    words.non_mates = "Closest non-mates: another design";
  } else if (question.name == "same_mould") {
    words.title = "Same mould";
    words.explanation =
        "Does the score tell images of one mould (one identity of the truth file) from all others?";
    words.mates = "Hardest mates: same mould";
    words.non_mates = "Closest non-mates: another mould";
  } else {
    words.title = "Same mould, within the design";
    words.explanation =
        "Among images of the same design only: does the score tell one mould from the other "
        "moulds of that design?";
    words.mates = "Hardest mates: same mould, behind others of the design";
    words.non_mates = "Closest non-mates: same design, another mould";
  }
  return words;
}

class EvaluationPage {
 public:
  EvaluationPage(const std::filesystem::path& file, const EvaluationResult& result,
                 const ReportOptions& options)
      : result_(result),
        options_(options),
        has_designs_(has_designs(result)),
        pictures_(options.decode, std::min(kThumbnailSidePx, options.preview_long_side_px)),
        spool_(file),
        target_(file) {}

  void write() {
    report::write_head(target_, options_.title, "evaluation on known truth",
                       {report::templates::report_css(), report::templates::evaluation_css()});
    const std::string rendered =
        report::parsed(report::templates::evaluation_html()).render(body_data());
    target_.append(spool_);
    target_.write(rendered);
    report::write_foot(target_, options_.manifest_json);
    target_.commit();
  }

 private:
  TemplateData body_data() {
    TemplateData data;
    const auto taking_part = static_cast<std::int64_t>(result_.images.size()) - result_.failed;
    data.set("images", report::grouped(taking_part));
    data.set("queries", report::grouped(result_.queries));
    data.set("pairs", report::grouped(result_.compared_pairs));
    data.set("failed", report::grouped(result_.failed));
    data.set("facts", facts());
    TemplateData questions{kList};
    for (const QuestionFigures& question : result_.questions) questions << question_data(question);
    data.set("questions", questions);
    if (!result_.light_gaps.empty()) add_lights(data);
    if (result_.failed > 0) add_failures(data);
    return data;
  }

  TemplateData facts() const {
    TemplateData facts{kList};
    add_fact(facts, "Compared",
             result_.exhaustive ? std::string("every query with every other image")
                                : std::string("every query with its first candidates; the other "
                                              "images rank below, in their order"));
    const EvaluationTimings& timings = result_.timings;
    const auto add_time = [&](const char* label, const std::optional<double>& ms) {
      if (ms)
        add_fact(facts, label, fmt::format("{:.{}f} ms", *ms, *ms < 1 ? 3 : *ms < 100 ? 1 : 0));
    };
    add_time("Describe an image", timings.describe_ms);
    add_time("Candidates of a query", timings.candidates_ms);
    add_time("Compare a pair", timings.verify_ms);
    add_fact(facts, "Whole run", fmt::format("{:.1f} s", timings.total_s));
    add_fact(facts, "Set", report::displayable(result_.directory.string()), true);
    for (const auto& [label, value] : report::summarise_run(options_.manifest_json).facts) {
      add_fact(facts, label, value, label == "Command");
    }
    return facts;
  }

  TemplateData question_data(const QuestionFigures& question) {
    const Wording words = wording_of(question);
    TemplateData data;
    data.set("name", question.name);
    data.set("title", words.title);
    data.set("explanation", words.explanation);
    data.set("counts",
             fmt::format("{} ranked queries; {} pairs of mates, {} of non-mates. At the engine's "
                         "own threshold {} of the mates and {} of the non-mates are verified.",
                         report::grouped(question.queries), report::grouped(question.mate_pairs),
                         report::grouped(question.non_mate_pairs),
                         in_percent(question.verified_tpr), in_percent(question.verified_fpr)));
    TemplateData channels{kList}, histograms{kList};
    for (std::size_t c = 0; c < question.channels.size(); ++c) {
      const ChannelFigures& channel = question.channels[c];
      TemplateData row, values{kList};
      row.set("channel", channel.name);
      row.set("style", std::to_string(c));
      add_value(values, figure(channel.mean_average_precision));
      for (const ShareAt& recall : channel.recall_at) add_value(values, figure(recall.share));
      add_value(values, figure(channel.auc));
      for (const RocPoint& rate : channel.tpr_at_fpr) {
        add_value(values, figure(rate.true_positive_rate));
      }
      row.set("values", values);
      channels << row;
      TemplateData histogram;
      histogram.set("channel", channel.name);
      histogram.set("chart", report::histogram_chart(
                                 channel.histogram,
                                 "Scores of mates and non-mates, channel " + channel.name));
      histograms << histogram;
    }
    data.set("channels", channels);
    data.set("histograms", histograms);
    add_curves(data, question);
    if (!question.candidate_recall.empty()) add_recall(data, question);
    add_pair_lists(data, question, words);
    return data;
  }

  static void add_curves(TemplateData& data, const QuestionFigures& question) {
    report::LogChart roc, cmc;
    roc.description = "Share of mates against share of non-mates above each threshold";
    roc.x_title = "false positive rate";
    roc.y_title = "true positive rate";
    cmc.description = "Share of queries with a mate among the first k images";
    cmc.x_title = "k";
    cmc.y_title = "share of queries";
    cmc.low = 1;
    cmc.high = 2;
    for (const ChannelFigures& channel : question.channels) {
      std::vector<report::Point> points;
      for (const RocPoint& point : channel.roc) {
        points.push_back({point.false_positive_rate, point.true_positive_rate.value_or(0)});
        roc.low = std::clamp(point.false_positive_rate, 1e-6, roc.low);
      }
      roc.series.push_back(std::move(points));
      points.clear();
      for (std::size_t k = 0; k < channel.cmc.size(); ++k) {
        points.push_back({static_cast<double>(k + 1), channel.cmc[k]});
      }
      cmc.high = std::max(cmc.high, static_cast<double>(channel.cmc.size()));
      cmc.series.push_back(std::move(points));
    }
    if (question.verified_tpr && question.verified_fpr) {
      roc.mark = report::Point{*question.verified_fpr, *question.verified_tpr};
      data.set("ring", fmt::format("Ring: the engine's own threshold{}.",
                                   *question.verified_fpr > 0 ? "" : ", which no non-mate passes"));
    }
    data.set("roc", report::log_chart(roc));
    data.set("cmc", report::log_chart(cmc));
  }

  static void add_recall(TemplateData& data, const QuestionFigures& question) {
    data.set("has_recall", kTrue);
    TemplateData rows{kList};
    for (const CandidateRecall& path : question.candidate_recall) {
      TemplateData row, values{kList};
      row.set("path", path.path);
      for (const ShareAt& recall : path.mates) add_value(values, figure(recall.share));
      row.set("values", values);
      rows << row;
    }
    data.set("recall", rows);
  }

  void add_pair_lists(TemplateData& data, const QuestionFigures& question, const Wording& words) {
    TemplateData lists{kList};
    const auto add = [&](const std::string& heading, const std::string& note,
                         const std::vector<PairExample>& pairs) {
      if (pairs.empty()) return;
      TemplateData list, figures{kList};
      list.set("heading", heading);
      list.set("note", note);
      for (const PairExample& pair : pairs) figures << pair_data(pair);
      list.set("pairs", figures);
      lists << list;
    };
    // Where designs are known, the same mould's failures among all images are those of the two
    // other questions again.
    if (!has_designs_ || question.name != "same_mould") {
      add(words.mates, words.mates_note, question.worst_mates);
      add(words.non_mates, words.non_mates_note, question.best_non_mates);
    }
    data.set("pair_lists", lists);
  }

  TemplateData pair_data(const PairExample& pair) {
    const EvaluatedImage& query = result_.images[pair.query];
    const EvaluatedImage& other = result_.images[pair.other];
    const report::PairLayout layout =
        report::side_by_side(report::display_frame(query.info.width_px, query.info.height_px),
                             report::display_frame(other.info.width_px, other.info.height_px));
    TemplateData data;
    data.set("width", std::to_string(layout.width));
    data.set("height", std::to_string(layout.height));
    data.set("query", report::picture_slot(embed(query, layout.query), layout.query, layout.query_x,
                                           layout.query_y));
    data.set("other", report::picture_slot(embed(other, layout.hit), layout.hit, layout.hit_x,
                                           layout.hit_y));
    std::string outcome = fmt::format("Rank {}, ", report::grouped(pair.rank));
    outcome += pair.compared ? fmt::format("score {:.1f}", pair.scores.back())
                             : std::string("not a candidate");
    if (pair.light_gap_deg) outcome += fmt::format(", light gap {:.0f}\u00B0", *pair.light_gap_deg);
    data.set("outcome", outcome);
    if (pair.verified) data.set("verified", kTrue);
    data.set("query_name", report::displayable(query.truth.file.string()));
    data.set("other_name", report::displayable(other.truth.file.string()));
    data.set("query_label", label_of(query.truth));
    data.set("other_label", label_of(other.truth));
    return data;
  }

  report::EmbeddedPicture embed(const EvaluatedImage& image, const report::DisplayFrame& frame) {
    return pictures_.embed(result_.directory / image.truth.file, image.info, frame, spool_);
  }

  static std::string label_of(const TruthRow& truth) {
    std::string identity = report::displayable(truth.identity);
    if (truth.design.empty()) return identity;
    return fmt::format("{}, design {}", identity, report::displayable(truth.design));
  }

  void add_lights(TemplateData& data) const {
    data.set("has_lights", kTrue);
    TemplateData channels{kList}, rows{kList};
    for (const std::string& name : result_.channels) {
      TemplateData channel;
      channel.set("channel", name);
      channels << channel;
    }
    for (const LightGapFigures& gap : result_.light_gaps) {
      TemplateData row, values{kList};
      row.set("gap", fmt::format("{:g}\u00B0 to {:g}\u00B0", gap.from_deg, gap.to_deg));
      row.set("pairs", report::grouped(gap.pairs));
      row.set("verified", in_percent(gap.verified));
      for (const auto& score : gap.mean_scores) {
        add_value(values, score ? fmt::format("{:.1f}", *score) : std::string("\u2013"));
      }
      row.set("values", values);
      rows << row;
    }
    data.set("light_channels", channels);
    data.set("lights", rows);
  }

  void add_failures(TemplateData& data) const {
    data.set("has_failures", kTrue);
    TemplateData rows{kList};
    for (const EvaluatedImage& image : result_.images) {
      if (image.ok) continue;
      TemplateData row;
      row.set("line", std::to_string(image.truth.line));
      row.set("file", report::displayable(image.truth.file.string()));
      row.set("reason", report::displayable(image.reason));
      rows << row;
    }
    data.set("failures", rows);
  }

  const EvaluationResult& result_;
  const ReportOptions& options_;
  bool has_designs_;
  report::PictureBook pictures_;
  report::SpoolFile spool_;
  report::AtomicFile target_;
};

}  // namespace

void write_evaluation_report(const std::filesystem::path& file, const EvaluationResult& result,
                             const ReportOptions& options) {
  options.validate();
  EvaluationPage(file, result, options).write();
}

}  // namespace pressmark
