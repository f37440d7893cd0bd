// SPDX-License-Identifier: Apache-2.0
//
// What the codes of several queries say about the images of one part: each code, under each
// hypothesis about the contrast, asks the lists of its nearest words
// (docs/decisions/0006-candidates-by-local-votes.md). What is unlike chance for a code is found
// first, from images that stand for all of them; then images get ballots. Lists are visited in the
// order in which they lie in a file, each with all codes that ask it, so that it is read once,
// whatever the number of queries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/index/local_part.hpp"
#include "engine/index/question_block.hpp"
#include "engine/index/tally.hpp"
#include "kernels/ops.hpp"

namespace pressmark::index {

// A code of a query under one hypothesis.
struct Question {
  std::span<const std::int8_t> code;  // kLocalCodeSize values
  std::uint16_t query = 0;
  std::uint16_t keypoint = 0;  // of the query
  std::uint8_t kind = 0;       // vote_kind()
};

// For each row of a part whether it takes part; kMostPartRows flags, so that every number that a
// list can hold is one of them. Empty: all rows take part.
using RowFlags = std::vector<char>;

// All questions of some queries, by the lists that they ask.
class Questions {
 public:
  Questions(const kernels::Backend& backend, std::size_t queries)
      : backend_(backend), queries_(queries) {}

  // Queries ascend from call to call. words: nearest first. Kept: question.code is borrowed.
  void add(const Question& question, std::size_t channel, std::span<const std::uint16_t> words);

  // After the last add.
  void sort();

  // Counts similarities with the codes of a part that take part, by the threads of the caller's
  // arena. Throws DamagedPart.
  void count(const LocalPart& part, const RowFlags& flags);

  // After all parts were counted: what each question calls unlike chance. Returns how many of the
  // codes counted are, all questions together; about.
  std::uint64_t settle();

  // Adds the ballots for the rows of the tally, of one question and image several. After settle(),
  // from many threads. Throws DamagedPart.
  void vote(const LocalPart& part, const RowFlags& flags, Tally& tally) const;

  // The keypoints of the list that a ballot names. Throws DamagedPart.
  std::span<const GridPoint> points(const LocalPart& part, const Ballot& ballot) const {
    const Asked& first = lists_[ballot.list].asked.front();
    return part.list_points(first.channel, first.word);
  }

 private:
  struct Asked {
    std::uint16_t word;
    std::uint8_t channel, rank;
    std::uint32_t question;
  };
  // One list, and what asks it.
  struct AskedList {
    std::span<const Asked> asked;  // by question, and so by query
    std::size_t first_block = 0;  // in blocks_: kMost questions each, the last ones perhaps in none
    std::size_t blocks = 0;

    WordList of(const LocalPart& part) const {
      return part.list(asked.front().channel, asked.front().word);
    }
  };
  void count_query(std::size_t query, const AskedList& list, std::span<const std::int8_t> codes,
                   std::vector<std::int32_t>& similarities);

  const kernels::Backend& backend_;
  std::size_t queries_;
  std::vector<Question> questions_;
  std::vector<Asked> asked_;
  std::vector<AskedList> lists_;  // by channel and word
  std::vector<QuestionBlock> blocks_;
  std::vector<std::uint32_t> counts_;  // of each question, of each step of similarity
  std::vector<std::uint64_t> compared_;
  std::vector<std::int32_t> chance_;
};

}  // namespace pressmark::index
