// SPDX-License-Identifier: Apache-2.0
#include "engine/index/questions.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <memory>
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
// Of those below 0, which never vote, nothing but their number counts.
constexpr std::size_t kFirstStep = std::size_t{kMaxSimilarity} >> kSimilarityShift;
constexpr std::size_t kSimilaritySteps =
    (std::size_t{2} * kMaxSimilarity >> kSimilarityShift) + 1 - kFirstStep;

// Fewer questions are compared one by one: in a block most products would be for nothing.
constexpr std::size_t kLeastInBlock = 4;
// What is read of lists before it is counted, query by query: so many slices of so many codes each,
// about, of which those that take part are copied.
constexpr std::size_t kSlicesAtOnce = 16;
constexpr std::size_t kCodesInSlice = 2048;

// For so many questions of a list; the last of them perhaps in none.
constexpr std::size_t blocks_of(std::size_t questions) {
  if (questions < kLeastInBlock) return 0;
  return (questions - kLeastInBlock) / QuestionBlock::kMost + 1;
}

std::size_t similarity_step(std::int32_t similarity) {
  const auto above = static_cast<std::size_t>(std::clamp(similarity, 0, kMaxSimilarity));
  return ((above + std::size_t{kMaxSimilarity}) >> kSimilarityShift) - kFirstStep;
}

// The first of ascending `rows`, from `guess` on either way, that is not below `row`. A list's rows
// are spread evenly more or less, and only what lies near the answer is read.
std::size_t first_not_below(std::span<const std::uint16_t> rows, std::size_t row,
                            std::size_t guess) {
  std::size_t low = std::min(guess, rows.size()), high = low;
  for (std::size_t step = 8; low > 0 && rows[low - 1] >= row; step *= 2) {
    high = low - 1;
    low -= std::min(low, step);
  }
  for (std::size_t step = 8; high < rows.size() && rows[high] < row; step *= 2) {
    low = high + 1;
    high += std::min(rows.size() - high, step);
  }
  const auto at = rows.begin();
  return static_cast<std::size_t>(std::lower_bound(at + static_cast<std::ptrdiff_t>(low),
                                                   at + static_cast<std::ptrdiff_t>(high), row) -
                                  at);
}

// The codes of a list whose rows are in a range and take part, and where each stands in the list.
// Where all take part nothing is copied.
class TakenCodes {
 public:
  // `list` must stay while this is used.
  void take(const WordList& list, const RowFlags& flags, RowRange rows) {
    const std::size_t all = list.rows.size();
    std::size_t last = all;
    first_ = 0;
    if (all > 0 && (rows.first > 0 || rows.last <= list.rows.back())) {
      const std::size_t spread = std::size_t{list.rows.back()} + 1;
      first_ = first_not_below(list.rows, rows.first, all * rows.first / spread);
      last = first_not_below(list.rows, rows.last, first_ + all * rows.size() / spread);
    }
    const std::size_t count = std::max(last, first_) - first_;
    places_.clear();
    is_whole_ = flags.empty();
    if (is_whole_) {
      codes_ = list.code(first_, count);
      return;
    }
    for (std::size_t i = first_; i < first_ + count; ++i) {
      if (flags[list.rows[i]] != 0) places_.push_back(static_cast<std::uint32_t>(i));
    }
    copied_.resize(places_.size() * kLocalCodeSize);
    for (std::size_t i = 0; i < places_.size(); ++i) {
      std::copy_n(list.code(places_[i]).data(), kLocalCodeSize,
                  copied_.data() + i * kLocalCodeSize);
    }
    codes_ = copied_;
  }

  std::span<const std::int8_t> codes() const { return codes_; }
  std::size_t size() const { return codes_.size() / kLocalCodeSize; }
  std::size_t place(std::size_t i) const { return is_whole_ ? first_ + i : places_[i]; }

 private:
  std::size_t first_ = 0;
  bool is_whole_ = true;
  std::vector<std::uint32_t> places_;
  std::vector<std::int8_t> copied_;
  std::span<const std::int8_t> codes_;
};

}  // namespace

void Questions::add(const Question& question, std::size_t channel,
                    std::span<const std::uint16_t> words) {
  assert(questions_.empty() || questions_.back().query <= question.query);
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
  std::size_t blocks = 0;
  for (std::size_t first = 0; first < asked_.size();) {
    std::size_t last = first + 1;
    while (last < asked_.size() && asked_[last].channel == asked_[first].channel &&
           asked_[last].word == asked_[first].word) {
      ++last;
    }
    AskedList& list = lists_.emplace_back();
    list.asked = std::span<const Asked>(asked_).subspan(first, last - first);
    list.first_block = blocks;
    list.blocks = blocks_of(list.asked.size());
    blocks += list.blocks;
    first = last;
  }
  // All the room at once: what a growing vector leaves behind is not free to others in time.
  blocks_.resize(blocks);
  for (const AskedList& list : lists_) {
    for (std::size_t b = 0; b < list.blocks; ++b) {
      const std::size_t at = b * QuestionBlock::kMost;
      const std::size_t count = std::min(QuestionBlock::kMost, list.asked.size() - at);
      for (const Asked& asked : list.asked.subspan(at, count)) {
        blocks_[list.first_block + b].add(questions_[asked.question].code);
      }
    }
  }
  counts_.assign(questions_.size() * kSimilaritySteps, 0);
  compared_.assign(questions_.size(), 0);
}

// Of one query's questions in a list.
void Questions::count_query(std::size_t query, const AskedList& list,
                            std::span<const std::int8_t> codes,
                            std::vector<std::int32_t>& similarities) {
  const auto query_of = [&](const Asked& asked) { return questions_[asked.question].query; };
  auto asked = std::partition_point(list.asked.begin(), list.asked.end(),
                                    [&](const Asked& one) { return query_of(one) < query; });
  similarities.resize(codes.size() / kLocalCodeSize);
  for (; asked != list.asked.end() && query_of(*asked) == query; ++asked) {
    backend_.similarities(questions_[asked->question].code, codes, similarities);
    std::uint32_t* const counts = counts_.data() + asked->question * kSimilaritySteps;
    for (const std::int32_t similarity : similarities) ++counts[similarity_step(similarity)];
    compared_[asked->question] += similarities.size();
  }
}

void Questions::count(const LocalPart& part, const RowFlags& flags) {
  // A list may have a hundred times the codes of another.
  struct Slice {
    const AskedList* asked;
    WordList list;
    RowRange rows;
    TakenCodes taken;
  };
  std::array<Slice, kSlicesAtOnce> slices;
  std::size_t several = 0;
  const auto count_slices = [&] {
    tbb::parallel_for(std::size_t{0}, several, [&](std::size_t i) {
      slices[i].taken.take(slices[i].list, flags, slices[i].rows);
    });
    // Each question's counts are touched by one thread.
    tbb::parallel_for(std::size_t{0}, queries_, [&](std::size_t query) {
      std::vector<std::int32_t> similarities;
      for (std::size_t i = 0; i < several; ++i) {
        count_query(query, *slices[i].asked, slices[i].taken.codes(), similarities);
      }
    });
    several = 0;
  };
  for (std::size_t l = 0; l < lists_.size(); ++l) {
    const WordList one = lists_[l].of(part);
    if (one.rows.empty()) continue;
    const std::size_t rows = std::size_t{one.rows.back()} + 1;
    const std::size_t parts = one.rows.size() / kCodesInSlice + 1;
    for (std::size_t p = 0; p < parts; ++p) {
      slices[several].asked = &lists_[l];
      slices[several].list = one;
      slices[several].rows = {p * rows / parts, (p + 1) * rows / parts};
      if (++several == kSlicesAtOnce) count_slices();
    }
  }
  count_slices();
}

// The similarity that all but a small share of those compared stay below.
std::uint64_t Questions::settle() {
  std::uint64_t all_wanted = 0;
  chance_.resize(questions_.size());
  for (std::size_t q = 0; q < questions_.size(); ++q) {
    const std::uint32_t* const counts = counts_.data() + q * kSimilaritySteps;
    const auto wanted = std::max(
        kLeastVoting, static_cast<std::uint64_t>(static_cast<double>(compared_[q]) * kVotingShare));
    std::size_t step = kSimilaritySteps;
    std::uint64_t above = 0;
    while (step > 0 && above < wanted) above += counts[--step];
    all_wanted += wanted;
    // Never below what unrelated codes reach: with few codes to compare, all would vote.
    chance_[q] = std::max<std::int32_t>(
        0, (static_cast<std::int32_t>(step + kFirstStep) << kSimilarityShift) - kMaxSimilarity);
  }
  counts_ = std::vector<std::uint32_t>();  // which frees them; {} would not
  return all_wanted;
}

void Questions::vote(const LocalPart& part, const RowFlags& flags, Tally& tally) const {
  const RowRange rows = tally.rows();
  TakenCodes taken;
  std::vector<std::int32_t> similarities;
  const auto hits = std::make_unique<QuestionBlock::Hits>();
  for (std::size_t l = 0; l < lists_.size(); ++l) {
    const AskedList& asked_list = lists_[l];
    const WordList list = asked_list.of(part);
    taken.take(list, flags, rows);
    if (taken.size() == 0) continue;
    const auto add_ballot = [&](const Asked& asked, std::size_t code, std::int32_t similarity) {
      const Question& question = questions_[asked.question];
      const std::size_t place = taken.place(code), row = list.rows[place];
      // Rows of a list ascend, but no checksum vouches for it before it was written.
      if (row < rows.first || row >= rows.last) return;
      tally.add(question.query, row,
                {similarity - chance_[asked.question], static_cast<std::uint32_t>(place),
                 static_cast<std::uint16_t>(l), question.keypoint, question.kind, asked.rank});
    };
    for (std::size_t b = 0; b < asked_list.blocks; ++b) {
      const QuestionBlock& block = blocks_[asked_list.first_block + b];
      const auto asked = asked_list.asked.subspan(b * QuestionBlock::kMost, block.size());
      QuestionBlock::Thresholds chance{};
      for (std::size_t i = 0; i < asked.size(); ++i) chance[i] = chance_[asked[i].question];
      for (std::size_t first = 0; first < taken.size(); first += QuestionBlock::kMostCodes) {
        const std::size_t count = std::min(QuestionBlock::kMostCodes, taken.size() - first);
        const std::size_t found = block.find_above(
            taken.codes().subspan(first * kLocalCodeSize, count * kLocalCodeSize), chance, *hits);
        for (std::size_t h = 0; h < found; ++h) {
          const QuestionBlock::Hit& hit = (*hits)[h];
          add_ballot(asked[hit.question], first + hit.code, hit.similarity);
        }
      }
    }
    similarities.resize(taken.size());
    const std::size_t in_blocks =
        std::min(asked_list.blocks * QuestionBlock::kMost, asked_list.asked.size());
    for (const Asked& asked : asked_list.asked.subspan(in_blocks)) {
      backend_.similarities(questions_[asked.question].code, taken.codes(), similarities);
      const std::int32_t chance = chance_[asked.question];
      for (std::size_t i = 0; i < similarities.size(); ++i) {
        if (similarities[i] > chance) add_ballot(asked, i, similarities[i]);
      }
    }
  }
}

}  // namespace pressmark::index
