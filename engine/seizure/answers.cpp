// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/answers.hpp"

#include <algorithm>
#include <thread>

#include "pressmark/error.hpp"

namespace pressmark::seizure {
namespace {

// Answers for each thread that are written together: a crash costs these and what is being
// compared.
constexpr std::size_t kAnswersPerThread = 8;

// Photos for one call of match_images, which needs some hundred bytes for each; its end waits for
// the slowest one.
constexpr std::size_t kPhotosAtOnce = 1024;

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
  const MatchTarget targets[] = {{&catalogue, outside}, {&photos, within}};
  const std::size_t threads = control.threads > 0
                                  ? static_cast<std::size_t>(control.threads)
                                  : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  auto done = static_cast<std::size_t>(journal.size());
  std::vector<Json> records;
  const auto write_records = [&] {
    if (records.empty()) return;
    journal.append(records);
    records.clear();
  };
  const auto take = [&](std::span<const ImageMatch> found) {
    Answer answer;
    answer.photo = found[0].query;
    for (const Hit& hit : found[0].hits) answer.outside.push_back(figures_of(hit));
    for (const Hit& hit : found[1].hits) {
      if (is_usable(hit.image.id)) answer.within.push_back(figures_of(hit));
    }
    for (const ImageId id : found[1].compared) {
      if (is_usable(id)) answer.compared.push_back(id);
    }
    std::sort(answer.compared.begin(), answer.compared.end());
    records.push_back(record_value(answer));
    if (records.size() == kAnswersPerThread * threads) write_records();
    ++done;
    if (control.on_progress) control.on_progress({static_cast<std::int64_t>(done), all});
  };
  const RunControl inner{control.threads, control.stop, {}};
  bool is_stopped = false;
  while (done < usable.size() && !is_stopped) {
    const std::span<const ImageId> part =
        usable.subspan(done, std::min(kPhotosAtOnce, usable.size() - done));
    is_stopped = Catalogue::match_images(targets, photos, part, inner, take).front().interrupted;
    write_records();
  }
  return !is_stopped;
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
