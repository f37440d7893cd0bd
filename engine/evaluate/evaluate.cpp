// SPDX-License-Identifier: Apache-2.0
//
// Describe all images (parallel over images) - compare pairs (parallel over rows of the table of
// pairs, or over queries) - rank answers (parallel over queries), count (in order).
#include "pressmark/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "engine/evaluate/candidate_paths.hpp"
#include "engine/evaluate/channels.hpp"
#include "engine/evaluate/light_gaps.hpp"
#include "engine/evaluate/question.hpp"
#include "engine/model/model_data.hpp"
#include "engine/parallel/ordered_pipeline.hpp"
#include "engine/verify/verify.hpp"
#include "kernels/backends.hpp"
#include "kernels/ops.hpp"
#include "pressmark/catalogue.hpp"

namespace pressmark {
namespace {

using evaluation::Answer;
using evaluation::PairScores;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLargestTable = 5000;  // images; 12.5 million pairs

// Time that workers spent on items of one kind.
class Stopwatch {
 public:
  template <typename Work>
  auto time(const Work& work) {
    const auto start = Clock::now();
    auto result = work();
    nanoseconds_ +=
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
    ++items_;
    return result;
  }
  std::int64_t items() const { return items_; }
  std::optional<double> mean_ms() const {
    if (items_ == 0) return std::nullopt;
    return static_cast<double>(nanoseconds_) / 1e6 / static_cast<double>(items_);
  }

 private:
  std::atomic<std::int64_t> nanoseconds_{0}, items_{0};
};

// Runs work(i) for 0 <= i < count in parallel and done(i, result) in order.
template <typename Work, typename Done>
void for_each_in_order(std::size_t count, const RunControl& control, const Work& work,
                       const Done& done) {
  using Result = decltype(work(std::size_t{0}));
  struct Item {
    std::size_t index = 0;
    std::optional<Result> result;
  };
  std::size_t next = 0;
  const auto source = [&]() -> parallel::Token<Item> {
    if (next == count || control.stop.stop_requested()) return nullptr;
    auto item = std::make_unique<Item>();
    item->index = next++;
    return item;
  };
  const auto stage = [&](Item& item) { item.result.emplace(work(item.index)); };
  const auto sink = [&](Item& item) { done(item.index, std::move(*item.result)); };
  parallel::run_pipeline<Item>(control, source, parallel::parallel_stage(stage), sink);
  if (control.stop.stop_requested()) {
    throw Error(ErrorCode::kInterrupted, "interrupted: figures of a part would mislead");
  }
}

// The scores of pairs i < j, each computed once.
class PairTable {
 public:
  explicit PairTable(std::size_t images)
      : images_(images), scores_(images * (images - 1) / 2), wanted_(scores_.size(), 0) {}

  void want(std::size_t i, std::size_t j) { wanted_[place(i, j)] = 1; }
  bool is_wanted(std::size_t i, std::size_t j) const { return wanted_[place(i, j)] != 0; }
  std::int64_t wanted() const { return std::count(wanted_.begin(), wanted_.end(), 1); }
  PairScores& at(std::size_t i, std::size_t j) { return scores_[place(i, j)]; }

 private:
  std::size_t place(std::size_t i, std::size_t j) const {
    if (i > j) std::swap(i, j);
    return i * (2 * images_ - i - 1) / 2 + (j - i - 1);
  }

  std::size_t images_;
  std::vector<PairScores> scores_;
  std::vector<char> wanted_;
};

// Equal texts get equal numbers.
class Numbering {
 public:
  std::size_t operator()(const std::string& text) {
    return numbers_.try_emplace(text, numbers_.size()).first->second;
  }

 private:
  std::map<std::string, std::size_t> numbers_;
};

class Evaluation {
 public:
  Evaluation(const Model& model, const EvaluationSet& set, const EvaluateOptions& options,
             const RunControl& control)
      : set_(set),
        options_(options),
        control_(control),
        gallery_engine_(model, options.describe, options.decode, options.device),
        query_engine_(model, query_describe_options(options), options.decode, options.device),
        backend_(kernels::make_backend(options.device)) {}

  EvaluationResult run() {
    const auto start = Clock::now();
    result_.directory = set_.directory;
    result_.device = gallery_engine_.device();
    describe();
    const evaluation::CandidatePaths paths(gallery_, gallery_engine_.model().data(), *backend_,
                                           options_.search);
    std::unique_ptr<PairTable> table;
    if (!options_.both_directions && gallery_.size() > 1 && gallery_.size() <= kLargestTable) {
      table = std::make_unique<PairTable>(gallery_.size());
      fill(*table, paths);
    }
    answer(paths, table.get());
    result_.compared_pairs = verify_time_.items();
    result_.timings = {describe_time_.mean_ms(), candidates_time_.mean_ms(), verify_time_.mean_ms(),
                       std::chrono::duration<double>(Clock::now() - start).count()};
    return std::move(result_);
  }

 private:
  static DescribeOptions query_describe_options(const EvaluateOptions& options) {
    DescribeOptions describe = options.describe;
    describe.max_keypoints = options.query_keypoints;
    return describe;
  }

  void report_progress(std::int64_t done, std::int64_t total) const {
    if (control_.on_progress) control_.on_progress({done, total});
  }

  struct TwoDescriptions {
    DescribedPhoto gallery, query;
  };

  // Fills result_.images, and what is known of those that can be used.
  void describe() {
    std::map<Sha256, std::size_t> first_with;  // these bytes
    Numbering identity, design;
    std::vector<char> is_query(set_.images.size(), 0);
    for (const std::size_t query : set_.queries) is_query.at(query) = 1;
    const bool one_budget = options_.query_keypoints == options_.describe.max_keypoints;
    for_each_in_order(
        set_.images.size(), control_,
        [&](std::size_t i) {
          const std::filesystem::path file = set_.directory / set_.images[i].file;
          return describe_time_.time([&] {
            TwoDescriptions both{gallery_engine_.describe_file(file), {}};
            // Without a second direction, an image that stands first in its pair is the query.
            const bool asks = is_query[i] != 0 || !options_.both_directions;
            if (both.gallery.ok && asks) {
              both.query = one_budget ? both.gallery : query_engine_.describe_file(file);
            }
            return both;
          });
        },
        [&](std::size_t i, TwoDescriptions both) {
          EvaluatedImage image;
          image.truth = set_.images[i];
          image.ok = both.gallery.ok;
          image.code = both.gallery.code;
          image.reason = both.gallery.reason;
          image.info = both.gallery.info;
          if (image.ok) {
            const auto [first, is_new] = first_with.try_emplace(image.info.sha256, i);
            if (!is_new) {
              image.ok = false;
              image.code = ErrorCode::kInvalidArgument;
              image.reason = fmt::format("same bytes as {} in line {}: a copy proves nothing",
                                         set_.images[first->second].file.native(),
                                         set_.images[first->second].line);
            }
          }
          if (image.ok) {
            image.keypoints = both.gallery.description.keypoint_count();
            if (is_query[i] != 0) queries_.push_back(gallery_.size());
            gallery_.push_back(std::move(both.gallery.description));
            as_query_.push_back(std::move(both.query.description));
            place_in_set_.push_back(i);
            labels_.identity.push_back(identity(image.truth.identity));
            labels_.design.push_back(design(image.truth.design));
          }
          result_.failed += !image.ok;
          result_.images.push_back(std::move(image));
          report_progress(static_cast<std::int64_t>(i) + 1,
                          static_cast<std::int64_t>(set_.images.size()));
        });
    result_.queries = static_cast<std::int64_t>(queries_.size());
    compared_ = std::min(static_cast<std::size_t>(options_.search.candidates),
                         gallery_.empty() ? 0 : gallery_.size() - 1);
    result_.exhaustive = compared_ + 1 >= gallery_.size();
  }

  verify::PreparedQuery prepare(std::size_t query) const {
    return verify::PreparedQuery(*backend_, as_query_[query]);
  }

  PairScores compare(const verify::PreparedQuery& query, std::size_t other) {
    return verify_time_.time([&] {
      return evaluation::scores_of(verify::verify_pair(*backend_, gallery_engine_.model().data(),
                                                       query, gallery_[other], options_.verify));
    });
  }

  void fill(PairTable& table, const evaluation::CandidatePaths& paths) {
    for_each_in_order(
        queries_.size(), control_,
        [&](std::size_t i) {
          std::vector<std::size_t> candidates;
          if (result_.exhaustive) {  // whatever their order
            for (std::size_t other = 0; other < gallery_.size(); ++other) {
              if (other != queries_[i]) candidates.push_back(other);
            }
            return candidates;
          }
          candidates = std::move(paths.rank(as_query_[queries_[i]], queries_[i]).back());
          candidates.resize(compared_);
          return candidates;
        },
        [&](std::size_t i, const std::vector<std::size_t>& candidates) {
          for (const std::size_t other : candidates) table.want(queries_[i], other);
        });
    std::int64_t done = 0;
    const std::int64_t total = table.wanted();
    for_each_in_order(
        gallery_.size(), control_,
        [&](std::size_t i) {
          std::int64_t compared = 0;
          std::optional<verify::PreparedQuery> query;
          for (std::size_t j = i + 1; j < gallery_.size(); ++j) {
            if (!table.is_wanted(i, j) || control_.stop.stop_requested()) continue;
            if (!query) query.emplace(prepare(i));
            table.at(i, j) = compare(*query, j);
            ++compared;
          }
          return compared;
        },
        [&](std::size_t, std::int64_t compared) { report_progress(done += compared, total); });
  }

  Answer answer_to(std::size_t query, const evaluation::CandidatePaths& paths, PairTable* table) {
    Answer answer;
    answer.query = query;
    answer.paths = candidates_time_.time([&] { return paths.rank(as_query_[query], query); });
    std::optional<verify::PreparedQuery> prepared;
    if (table == nullptr && compared_ > 0) prepared.emplace(prepare(query));
    for (std::size_t i = 0; i < compared_; ++i) {
      const std::size_t other = answer.candidates()[i];
      const bool swapped = !options_.both_directions && other < query;
      answer.scores.push_back(table != nullptr ? table->at(query, other)
                              : swapped        ? compare(prepare(other), query)
                                               : compare(*prepared, other));
    }
    return answer;
  }

  // An identity has one design, so there are more identities than designs then.
  bool has_design_of_two_moulds() const {
    const std::set<std::size_t> identities(labels_.identity.begin(), labels_.identity.end());
    const std::set<std::size_t> designs(labels_.design.begin(), labels_.design.end());
    return identities.size() > designs.size();
  }

  std::optional<double> light_gap(std::size_t a, std::size_t b) const {
    const auto& light_a = set_.images[a].light_azimuth_deg;
    const auto& light_b = set_.images[b].light_azimuth_deg;
    if (!light_a || !light_b) return std::nullopt;
    return evaluation::light_gap_deg(*light_a, *light_b);
  }

  void answer(const evaluation::CandidatePaths& paths, PairTable* table) {
    using evaluation::Question;
    using evaluation::QuestionKind;
    std::vector<Question> questions;
    const bool has_designs = !set_.images.empty() && !set_.images.front().design.empty();
    if (has_designs) questions.emplace_back(QuestionKind::kSameDesign, labels_, paths.names());
    questions.emplace_back(QuestionKind::kSameMould, labels_, paths.names());
    if (has_designs && has_design_of_two_moulds()) {
      questions.emplace_back(QuestionKind::kSameMouldWithinDesign, labels_, paths.names());
    }
    evaluation::LightGaps light_gaps;

    struct Viewed {
      Answer answer;
      std::vector<Question::View> views;
    };
    for_each_in_order(
        queries_.size(), control_,
        [&](std::size_t i) {
          Viewed viewed{answer_to(queries_[i], paths, table), {}};
          for (const Question& question : questions) {
            viewed.views.push_back(question.view(viewed.answer));
          }
          return viewed;
        },
        [&](std::size_t i, Viewed viewed) {
          for (std::size_t q = 0; q < questions.size(); ++q) {
            questions[q].add(std::move(viewed.views[q]));
          }
          count_lights(viewed.answer, light_gaps);
          if (table == nullptr) {
            report_progress(static_cast<std::int64_t>((i + 1) * compared_),
                            static_cast<std::int64_t>(queries_.size() * compared_));
          }
        });

    for (const evaluation::ScoreChannel& channel : evaluation::channels()) {
      result_.channels.emplace_back(channel.name);
    }
    for (const Question& question : questions) {
      result_.questions.push_back(question.figures());
      for (auto* pairs :
           {&result_.questions.back().worst_mates, &result_.questions.back().best_non_mates}) {
        for (PairExample& pair : *pairs) {
          pair.query = place_in_set_[pair.query];
          pair.other = place_in_set_[pair.other];
          pair.light_gap_deg = light_gap(pair.query, pair.other);
        }
      }
    }
    const auto lights = std::count_if(set_.images.begin(), set_.images.end(),
                                      [](const TruthRow& row) { return row.light_azimuth_deg; });
    if (lights >= 2) result_.light_gaps = light_gaps.figures();
  }

  void count_lights(const Answer& answer, evaluation::LightGaps& light_gaps) const {
    for (std::size_t i = 0; i < answer.candidates().size(); ++i) {
      const std::size_t other = answer.candidates()[i];
      if (labels_.identity[answer.query] != labels_.identity[other]) continue;
      const auto gap = light_gap(place_in_set_[answer.query], place_in_set_[other]);
      if (gap) light_gaps.add(*gap, i < answer.scores.size() ? &answer.scores[i] : nullptr);
    }
  }

  const EvaluationSet& set_;
  const EvaluateOptions& options_;
  const RunControl& control_;
  const Engine gallery_engine_, query_engine_;
  const std::unique_ptr<kernels::Backend> backend_;
  Stopwatch describe_time_, candidates_time_, verify_time_;
  EvaluationResult result_;

  // Images that can be used; what counts from here on.
  std::vector<Description> gallery_, as_query_;
  std::vector<std::size_t> place_in_set_;
  std::vector<std::size_t> queries_;
  evaluation::Labels labels_;
  std::size_t compared_ = 0;  // candidates of each query that are compared
};

}  // namespace

void EvaluateOptions::validate() const {
  decode.validate();
  describe.validate();
  MatchOptions match;
  match.search = search;
  match.verify = verify;
  match.query_keypoints = query_keypoints;
  match.validate();
}

EvaluationResult evaluate(const Model& model, const EvaluationSet& set,
                          const EvaluateOptions& options, const RunControl& control) {
  options.validate();
  for (const std::size_t query : set.queries) {
    if (query < set.images.size()) continue;
    throw Error(ErrorCode::kInvalidArgument, "a query is not an image of the set");
  }
  return Evaluation(model, set, options, control).run();
}

}  // namespace pressmark
