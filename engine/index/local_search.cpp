// SPDX-License-Identifier: Apache-2.0
#include "engine/index/local_search.hpp"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <numbers>
#include <utility>

#include "engine/index/geometric_votes.hpp"

namespace pressmark::index {
namespace {

// Figures: docs/decisions/0006-candidates-by-local-votes.md.
constexpr std::size_t kQueryCodes = 384;  // of each channel, the strongest
constexpr int kProbedWords = 8;

// Ballots that a thread notes before they are put together, about: some 2.5 MB with those that are
// kept.
constexpr double kBallotsAtOnce = 1 << 16;
constexpr std::size_t kLeastRowsAtOnce = 64, kMostRowsAtOnce = 512;

constexpr float kNoPositions = std::numeric_limits<float>::infinity();

}  // namespace

// The votes of one query for images of a chunk.
class LocalSearch::ImageVotes {
 public:
  // All are borrowed. `tally`: of the chunk; what is asked of after keep().
  ImageVotes(const LocalSearch& search, const Chunk& chunk, const Tally& tally, std::size_t query)
      : search_(search), chunk_(chunk), tally_(tally), query_(query) {}

  // Until the next call.
  std::span<const Vote> of(std::size_t row) {
    const std::span<const Ballot> kept = tally_.ballots(query_, row);
    ballots_.assign(kept.begin(), kept.end());
    keep_distinct(ballots_);
    votes_.clear();
    const Asked& asked = search_.asked_[query_];
    for (const Ballot& ballot : ballots_) {
      votes_.push_back(
          {ballot.kind, static_cast<float>(ballot.weight),
           asked[ballot.kind].keypoints[ballot.keypoint],
           search_.questions_.points(*chunk_.part->part, ballot)[ballot.place].keypoint()});
    }
    return votes_;
  }

 private:
  const LocalSearch& search_;
  const Chunk& chunk_;
  const Tally& tally_;
  std::size_t query_;
  std::vector<Ballot> ballots_;
  std::vector<Vote> votes_;
};

LocalSearch::LocalSearch(const kernels::Backend& backend, const std::array<ChannelWords, 2>& words,
                         std::span<const Description* const> queries, std::int64_t images)
    : backend_(backend),
      images_(images),
      sample_(images),
      asked_(queries.size()),
      questions_(backend, queries.size()) {
  for (std::size_t q = 0; q < queries.size(); ++q) ask(q, *queries[q], words);
  questions_.sort();
}

// The strongest codes of both channels, as they are and as if the contrast were inverted.
void LocalSearch::ask(std::size_t number, const Description& query,
                      const std::array<ChannelWords, 2>& words) {
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    const LocalCodes& local = query.local(kChannels[c]);
    const std::size_t strongest_codes = std::min(local.keypoints.size(), kQueryCodes);
    const auto probed = static_cast<std::size_t>(std::min(kProbedWords, words[c].vocabulary.words));
    const auto strongest =
        std::span<const std::int8_t>(local.codes).first(strongest_codes * kLocalCodeSize);
    kernels::WordAssignment nearest;
    backend_.assign({&strongest, 1}, words[c].vocabulary, words[c].even_size,
                    static_cast<int>(probed), {&nearest, 1});
    for (const bool inverted : {false, true}) {
      const int kind = vote_kind(c, inverted);
      LocalCodes& seen = asked_[number][static_cast<std::size_t>(kind)];
      seen.codes.assign(strongest.begin(), strongest.end());
      seen.keypoints.assign(local.keypoints.begin(),
                            local.keypoints.begin() + static_cast<std::ptrdiff_t>(strongest_codes));
      if (inverted) {
        for (std::size_t i = 0; i < seen.codes.size(); ++i) {
          if (static_cast<int>(i % kLocalCodeSize) < words[c].even_size) continue;
          seen.codes[i] = static_cast<std::int8_t>(-seen.codes[i]);
        }
        for (Keypoint& point : seen.keypoints) point.angle_rad += std::numbers::pi_v<float>;
      }
      const std::span<const std::uint16_t> found = inverted ? nearest.inverted : nearest.same;
      for (std::size_t i = 0; i < strongest_codes; ++i) {
        const auto code =
            std::span<const std::int8_t>(seen.codes).subspan(i * kLocalCodeSize, kLocalCodeSize);
        questions_.add({code, static_cast<std::uint16_t>(number), static_cast<std::uint16_t>(i),
                        static_cast<std::uint8_t>(kind)},
                       c, found.subspan(i * probed, probed));
      }
    }
  }
}

void LocalSearch::add_part(std::uint32_t number, const LocalPart& part, RowFlags taking_part) {
  AskedPart& asked = parts_.emplace_back();
  asked.number = number;
  asked.part = &part;
  asked.taking_part = std::move(taking_part);
  if (sample_.is_everything()) {
    asked.sampled = asked.taking_part;
  } else {
    asked.sampled.assign(kMostPartRows, 0);
    const std::span<const PartRow> rows = part.rows();
    for (std::size_t row = 0; row < rows.size(); ++row) {
      asked.sampled[row] = (asked.taking_part.empty() || asked.taking_part[row] != 0) &&
                           sample_.contains(rows[row].id);
    }
  }
  questions_.count(part, asked.sampled);
}

std::vector<LocalSearch::Chunk> LocalSearch::chunks(RowFlags AskedPart::*flags,
                                                    std::size_t most_rows) const {
  std::vector<Chunk> result;
  for (const AskedPart& part : parts_) {
    const std::size_t rows = part.part->rows().size();
    for (std::size_t first = 0; first < rows; first += most_rows) {
      result.push_back({&part, &(part.*flags), {first, std::min(first + most_rows, rows)}});
    }
  }
  return result;
}

void LocalSearch::vote(const Chunk& chunk, std::span<const std::int64_t> least_weights,
                       Tally& tally) const {
  tally.begin(chunk.rows, asked_.size());
  questions_.vote(*chunk.part->part, *chunk.flags, tally);
  tally.keep(least_weights);
}

// From the images that stand for all.
std::vector<LocalSearch::Standard> LocalSearch::find_standards(const LocalIndex::Looks& looks,
                                                               std::size_t rows_at_once) const {
  const auto images = static_cast<std::size_t>(images_);
  const bool is_positioned = looks.positioned > 0;
  std::vector<Standard> standards(asked_.size());
  if (images <= looks.agreed && (!is_positioned || images <= looks.positioned)) return standards;
  struct Seen {
    std::int64_t weight;
    float votes;
  };
  const std::size_t queries = asked_.size();
  const std::vector<Chunk> sampled = chunks(&AskedPart::sampled, rows_at_once * sample_.one_of());
  std::vector<std::vector<Seen>> seen(queries);
  std::mutex mutex;
  const std::vector<std::int64_t> least(queries, 0);
  tbb::enumerable_thread_specific<Tally> tallies;
  tbb::parallel_for(std::size_t{0}, sampled.size(), [&](std::size_t c) {
    const Chunk& chunk = sampled[c];
    Tally& tally = tallies.local();
    vote(chunk, least, tally);
    for (std::size_t q = 0; q < queries; ++q) {
      std::vector<Seen> of_query;
      ImageVotes votes(*this, chunk, tally, q);
      for (std::size_t row = chunk.rows.first; row < chunk.rows.last; ++row) {
        if (!chunk.flags->empty() && (*chunk.flags)[row] == 0) continue;
        of_query.push_back({tally.weights(q)[row - chunk.rows.first],
                            is_positioned ? find_agreement(votes.of(row), kNoPositions).votes : 0});
      }
      const std::lock_guard lock(mutex);
      seen[q].insert(seen[q].end(), of_query.begin(), of_query.end());
    }
  });
  for (std::size_t q = 0; q < queries; ++q) {
    std::vector<Seen>& of_query = seen[q];
    // What the last one has of so many of all images.
    const auto last_of = [&](std::size_t most, const auto& value) {
      const auto wanted =
          static_cast<std::ptrdiff_t>(static_cast<double>(most) / static_cast<double>(images) *
                                      static_cast<double>(of_query.size()));
      if (wanted >= std::ssize(of_query)) return decltype(value(of_query.front())){0};
      const auto last = of_query.begin() + std::max<std::ptrdiff_t>(wanted, 1) - 1;
      std::nth_element(of_query.begin(), last, of_query.end(),
                       [&](const Seen& a, const Seen& b) { return value(a) > value(b); });
      return value(*last);
    };
    Standard& standard = standards[q];
    standard.weight = last_of(looks.agreed, [](const Seen& one) { return one.weight; });
    if (!is_positioned) continue;
    standard.votes = last_of(looks.positioned, [&](const Seen& one) {
      return one.weight >= standard.weight ? one.votes : 0.0f;
    });
  }
  return standards;
}

// The images of a chunk whose ballots of a query were kept.
std::vector<LocalIndex::VotedImage> LocalSearch::agree(const Chunk& chunk, const Tally& tally,
                                                       std::size_t query, float least_votes) const {
  std::vector<LocalIndex::VotedImage> voted;
  ImageVotes votes(*this, chunk, tally, query);
  for (std::size_t row = chunk.rows.first; row < chunk.rows.last; ++row) {
    if (tally.ballots(query, row).empty()) continue;
    voted.push_back({{chunk.part->number, static_cast<std::uint32_t>(row)},
                     chunk.part->part->rows()[row].id,
                     find_agreement(votes.of(row), least_votes)});
  }
  return voted;
}

void LocalSearch::run(const LocalIndex::Looks& looks, const LocalIndex::OnImages& on_images) {
  if (parts_.empty()) return;
  const double ballots = static_cast<double>(questions_.settle()) *
                         static_cast<double>(sample_.one_of()) / static_cast<double>(images_);
  const auto rows_at_once = std::clamp(static_cast<std::size_t>(kBallotsAtOnce / (ballots + 1)),
                                       kLeastRowsAtOnce, kMostRowsAtOnce);
  const std::vector<Standard> standards = find_standards(looks, rows_at_once);
  std::vector<std::int64_t> least_weights;
  for (const Standard& standard : standards) least_weights.push_back(standard.weight);
  const std::vector<Chunk> all = chunks(&AskedPart::taking_part, rows_at_once);
  tbb::enumerable_thread_specific<Tally> tallies;
  tbb::parallel_for(std::size_t{0}, all.size(), [&](std::size_t c) {
    const Chunk& chunk = all[c];
    Tally& tally = tallies.local();
    vote(chunk, least_weights, tally);
    // Isolated, so that a thread that waits does not begin another chunk meanwhile.
    tbb::this_task_arena::isolate([&] {
      tbb::parallel_for(std::size_t{0}, asked_.size(), [&](std::size_t q) {
        std::vector<LocalIndex::VotedImage> voted =
            agree(chunk, tally, q, looks.positioned > 0 ? standards[q].votes : kNoPositions);
        if (!voted.empty()) on_images(q, std::move(voted));
      });
    });
  });
}

}  // namespace pressmark::index
