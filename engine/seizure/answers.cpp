// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/answers.hpp"

#include <algorithm>
#include <thread>

#include "pressmark/error.hpp"

namespace pressmark::seizure {
namespace {

// Photos for each thread that are compared before their answers are written: a stop or crash costs
// that many, a longer batch only saves the wait for its slowest photo.
constexpr std::size_t kPhotosPerThread = 8;

PairFigures figures_of(const Hit& hit) {
  const Verification& v = hit.verification;
  return {hit.image.id,           v.score,         v.evidence,      v.inlier_count,
          v.dense.agreeing_cells, v.mould.verdict, v.mould.evidence};
}

Json pairs_value(const std::vector<PairFigures>& pairs) {
  Json value = Json::array();
  for (const PairFigures& pair : pairs) {
    value.push_back({pair.other, pair.score, pair.evidence, pair.inliers, pair.agreeing_cells,
                     static_cast<int>(pair.mould), pair.mould_evidence});
  }
  return value;
}

std::vector<PairFigures> pairs_from(const Json& value) {
  std::vector<PairFigures> pairs;
  for (const Json& pair : value) {
    pairs.push_back({pair.at(0), pair.at(1), pair.at(2), pair.at(3), pair.at(4),
                     static_cast<MouldVerdict>(pair.at(5).get<int>()), pair.at(6)});
  }
  return pairs;
}

}  // namespace

Json record_value(const Answer& answer) {
  return {{"photo", answer.photo},
          {"outside", pairs_value(answer.outside)},
          {"within", pairs_value(answer.within)},
          {"compared", answer.compared}};
}

bool compare_all(const Catalogue& catalogue, const Catalogue& photos,
                 std::span<const ImageId> usable, const SeizureOptions& options, Journal& journal,
                 const RunControl& control) {
  const auto all = static_cast<std::int64_t>(usable.size());
  if (journal.size() > all) journal.cut(all);
  const auto is_usable = [&](ImageId id) {
    return std::binary_search(usable.begin(), usable.end(), id);
  };
  MatchOptions within = options.match;
  within.quality_gate = false;  // the usable were chosen before
  within.filter = {};           // chooses among catalogued images
  within.max_hits = std::max(within.max_hits, within.search.candidates);
  MatchOptions outside = options.match;
  outside.quality_gate = false;
  const std::size_t threads = control.threads > 0
                                  ? static_cast<std::size_t>(control.threads)
                                  : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  const std::size_t batch = kPhotosPerThread * threads;
  for (auto done = static_cast<std::size_t>(journal.size()); done < usable.size();) {
    const std::span<const ImageId> part =
        usable.subspan(done, std::min(batch, usable.size() - done));
    std::vector<Answer> answers;
    // Both comparisons of a photo count half, so that progress moves evenly.
    std::size_t steps = 0;
    RunControl inner{control.threads, control.stop, {}};
    const auto step = [&] {
      ++steps;
      if (control.on_progress) {
        control.on_progress({static_cast<std::int64_t>(done + steps / 2), all});
      }
    };
    MatchSummary summary =
        catalogue.match_images(photos, part, outside, inner, [&](const ImageMatch& match) {
          Answer& answer = answers.emplace_back();
          answer.photo = match.query;
          for (const Hit& hit : match.hits) answer.outside.push_back(figures_of(hit));
          step();
        });
    if (summary.interrupted) return false;
    std::size_t next = 0;
    summary = photos.match_images(photos, part, within, inner, [&](const ImageMatch& match) {
      Answer& answer = answers[next++];
      for (const Hit& hit : match.hits) {
        if (is_usable(hit.image.id)) answer.within.push_back(figures_of(hit));
      }
      for (const ImageId id : match.compared) {
        if (is_usable(id)) answer.compared.push_back(id);
      }
      std::sort(answer.compared.begin(), answer.compared.end());
      step();
    });
    if (summary.interrupted) return false;
    std::vector<Json> records;
    for (const Answer& answer : answers) records.push_back(record_value(answer));
    journal.append(records);
    done += part.size();
  }
  return true;
}

AnswerReader::AnswerReader(const std::filesystem::path& directory)
    : lines_(directory / kAnswersName) {}

std::optional<Answer> AnswerReader::next() {
  const std::optional<Json> record = lines_.next();
  if (!record) return std::nullopt;
  return Answer{record->at("photo"), pairs_from(record->at("outside")),
                pairs_from(record->at("within")), record->at("compared")};
}

}  // namespace pressmark::seizure
