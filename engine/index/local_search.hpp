// SPDX-License-Identifier: Apache-2.0
//
// One search of a LocalIndex, from what queries ask to the images that they vote for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/index/local_index.hpp"
#include "engine/index/local_part.hpp"
#include "engine/index/questions.hpp"
#include "engine/index/sample.hpp"
#include "engine/index/tally.hpp"
#include "kernels/ops.hpp"

namespace pressmark::index {

// Borrows all that it is given. Parts ascend in number. Runs on the threads of the caller's arena.
class LocalSearch {
 public:
  // images: those of all parts that take part.
  LocalSearch(const kernels::Backend& backend, const std::array<ChannelWords, 2>& words,
              std::span<const Description* const> queries, std::int64_t images);

  // taking_part: at least one row. Throws DamagedPart, as run() does.
  void add_part(std::uint32_t number, const LocalPart& part, RowFlags taking_part);

  // After the last part.
  void run(const LocalIndex::Looks& looks, const LocalIndex::OnImages& on_images);

 private:
  // A query's strongest codes, under each hypothesis.
  using Asked = std::array<LocalCodes, kVoteKinds>;
  struct AskedPart {
    std::uint32_t number;
    const LocalPart* part;
    RowFlags taking_part, sampled;
  };
  // Rows of one part that are gone through together.
  struct Chunk {
    const AskedPart* part;
    const RowFlags* flags;
    RowRange rows;
  };
  // What of a query's images is looked at closely: what its votes weigh, and how many agree.
  struct Standard {
    std::int64_t weight = 0;
    float votes = 0;
  };
  class ImageVotes;

  void ask(std::size_t number, const Description& query, const std::array<ChannelWords, 2>& words);
  std::vector<Chunk> chunks(RowFlags AskedPart::*flags, std::size_t most_rows) const;
  // Tallies the votes for a chunk, of rows that weigh at least so much for each query.
  void vote(const Chunk& chunk, std::span<const std::int64_t> least_weights, Tally& tally) const;
  std::vector<Standard> find_standards(const LocalIndex::Looks& looks,
                                       std::size_t rows_at_once) const;
  std::vector<LocalIndex::VotedImage> agree(const Chunk& chunk, const Tally& tally,
                                            std::size_t query, float least_votes) const;

  const kernels::Backend& backend_;
  std::int64_t images_;
  Sample sample_;
  std::vector<Asked> asked_;
  Questions questions_;  // borrow from asked_
  std::vector<AskedPart> parts_;
};

}  // namespace pressmark::index
