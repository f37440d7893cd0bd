// SPDX-License-Identifier: Apache-2.0
//
// What a query's codes say about the images of one part: each code, under each hypothesis about the
// contrast, asks the lists of its nearest words (docs/decisions/0006-candidates-by-local-votes.md).
// A part is gone through twice: what is unlike chance is known only when a code has been compared
// with all parts. Lists are visited in the order in which they lie in a file, so that each is read
// once per round, whatever the number of codes that ask it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/index/local_part.hpp"
#include "kernels/ops.hpp"

namespace pressmark::index {

// A code of the query under one hypothesis.
struct Question {
  std::span<const std::int8_t> code;  // kLocalCodeSize values
  std::uint16_t keypoint = 0;         // of the query
  std::uint8_t kind = 0;              // vote_kind()
};

// A vote before it is known what else its image got.
struct Ballot {
  GridPoint point;          // of the image
  std::int32_t weight = 0;  // > 0
  std::uint32_t place = 0;  // in the list
  std::uint16_t word = 0;
  std::uint16_t row = 0;       // of the image
  std::uint16_t keypoint = 0;  // of the query
  std::uint8_t kind = 0;       // vote_kind()
  std::uint8_t rank = 0;       // of the word among the nearest of the question
};

// For each row of a part whether it takes part; kMostPartRows flags, so that every number that a
// list can hold is one of them. Empty: all rows take part.
using RowFlags = std::vector<char>;

// All questions of a query, by the lists that they ask.
class Questions {
 public:
  explicit Questions(const kernels::Backend& backend) : backend_(backend) {}

  // words: nearest first. Kept: question.code is borrowed.
  void add(const Question& question, std::size_t channel, std::span<const std::uint16_t> words);

  // After the last add: by channel and word.
  void sort();

  // First round: similarities with all codes of the part are counted.
  void compare(const LocalPart& part, const RowFlags& flags);

  // After all parts: what each question calls unlike chance.
  void settle();

  // Second round: adds the ballots of one part, in any order; of one question and image several.
  void vote(const LocalPart& part, const RowFlags& flags, std::vector<Ballot>& ballots) const;

 private:
  struct Asked {
    std::uint16_t word;
    std::uint8_t channel, rank;
    std::uint32_t question;
  };
  template <typename OnRun>
  void go_through(const LocalPart& part, const RowFlags& flags, const OnRun& on_run) const;

  const kernels::Backend& backend_;
  std::vector<Question> questions_;
  std::vector<Asked> asked_;
  std::vector<std::uint32_t> counts_;  // of each question, of each step of similarity
  std::vector<std::uint64_t> compared_;
  std::vector<std::int32_t> chance_;
};

}  // namespace pressmark::index
