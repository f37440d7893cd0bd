// SPDX-License-Identifier: Apache-2.0
#include "engine/index/ballots.hpp"

#include <algorithm>
#include <tuple>

namespace pressmark::index {
namespace {

// Figures: docs/decisions/0006-candidates-by-local-votes.md.
//
// Share of the codes compared with a query's code that may vote: what lies above this quantile of
// similarities is unlike chance, whatever the code, however large the catalogue.
constexpr double kVotingShare = 0.03;
// With fewer images than this a share of what was compared would be nothing.
constexpr std::uint64_t kLeastVoting = 3;
// Similarities are ranked in steps of 2^-8 or so.
constexpr int kSimilarityShift = 6;
constexpr std::int32_t kMaxSimilarity = 127 * 127 + 1024;  // rounded codes may be a bit too long
constexpr std::size_t kSimilaritySteps = (std::size_t{2} * kMaxSimilarity >> kSimilarityShift) + 1;

std::size_t similarity_step(std::int32_t similarity) {
  return static_cast<std::size_t>(std::clamp(similarity, -kMaxSimilarity, kMaxSimilarity) +
                                  kMaxSimilarity) >>
         kSimilarityShift;
}

// Calls on_run(first, count) for neighbours of a list whose rows take part.
template <typename OnRun>
void for_runs(std::span<const std::uint16_t> rows, const RowFlags& flags, const OnRun& on_run) {
  if (flags.empty()) {
    if (!rows.empty()) on_run(std::size_t{0}, rows.size());
    return;
  }
  for (std::size_t i = 0; i < rows.size();) {
    if (flags[rows[i]] == 0) {
      ++i;
      continue;
    }
    const std::size_t first = i;
    while (i < rows.size() && flags[rows[i]] != 0) ++i;
    on_run(first, i - first);
  }
}

}  // namespace

void Questions::add(const Question& question, std::size_t channel,
                    std::span<const std::uint16_t> words) {
  for (std::size_t rank = 0; rank < words.size(); ++rank) {
    asked_.push_back({words[rank], static_cast<std::uint8_t>(channel),
                      static_cast<std::uint8_t>(rank),
                      static_cast<std::uint32_t>(questions_.size())});
  }
  questions_.push_back(question);
}

void Questions::sort() {
  std::sort(asked_.begin(), asked_.end(), [](const Asked& a, const Asked& b) {
    return std::tuple(a.channel, a.word, a.question) < std::tuple(b.channel, b.word, b.question);
  });
  counts_.assign(questions_.size() * kSimilaritySteps, 0);
  compared_.assign(questions_.size(), 0);
}

// on_run(asked, list, first, similarities): a run of the list, compared with a question's code.
template <typename OnRun>
void Questions::go_through(const LocalPart& part, const RowFlags& flags,
                           const OnRun& on_run) const {
  std::vector<std::int32_t> similarities;
  for (auto asked = asked_.begin(); asked != asked_.end();) {
    const auto last = std::find_if(asked, asked_.end(), [&](const Asked& other) {
      return other.channel != asked->channel || other.word != asked->word;
    });
    const WordList list = part.list(asked->channel, asked->word);
    for_runs(list.rows, flags, [&](std::size_t first, std::size_t count) {
      similarities.resize(count);
      for (auto one = asked; one != last; ++one) {
        backend_.similarities(questions_[one->question].code, list.code(first, count),
                              similarities);
        on_run(*one, list, first, std::span<const std::int32_t>(similarities));
      }
    });
    asked = last;
  }
}

void Questions::compare(const LocalPart& part, const RowFlags& flags) {
  go_through(part, flags,
             [&](const Asked& asked, const WordList&, std::size_t,
                 std::span<const std::int32_t> similarities) {
               std::uint32_t* const counts = counts_.data() + asked.question * kSimilaritySteps;
               for (const std::int32_t similarity : similarities) {
                 ++counts[similarity_step(similarity)];
               }
               compared_[asked.question] += similarities.size();
             });
}

// The similarity that all but a small share of those compared stay below.
void Questions::settle() {
  chance_.resize(questions_.size());
  for (std::size_t q = 0; q < questions_.size(); ++q) {
    const std::uint32_t* const counts = counts_.data() + q * kSimilaritySteps;
    const auto wanted = std::max(
        kLeastVoting, static_cast<std::uint64_t>(static_cast<double>(compared_[q]) * kVotingShare));
    std::size_t step = kSimilaritySteps;
    std::uint64_t above = 0;
    while (step > 0 && above < wanted) above += counts[--step];
    // Never below what unrelated codes reach: with few codes to compare, all would vote.
    chance_[q] = std::max<std::int32_t>(
        0, (static_cast<std::int32_t>(step) << kSimilarityShift) - kMaxSimilarity);
  }
}

void Questions::vote(const LocalPart& part, const RowFlags& flags,
                     std::vector<Ballot>& ballots) const {
  go_through(
      part, flags,
      [&](const Asked& asked, const WordList& list, std::size_t first,
          std::span<const std::int32_t> similarities) {
        const std::int32_t chance = chance_[asked.question];
        const Question& question = questions_[asked.question];
        for (std::size_t i = 0; i < similarities.size(); ++i) {
          if (similarities[i] <= chance) continue;
          ballots.push_back({list.points[first + i], similarities[i] - chance,
                             static_cast<std::uint32_t>(first + i), asked.word,
                             list.rows[first + i], question.keypoint, question.kind, asked.rank});
        }
      });
}

}  // namespace pressmark::index
