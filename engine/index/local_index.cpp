// SPDX-License-Identifier: Apache-2.0
#include "engine/index/local_index.hpp"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <mutex>
#include <numbers>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "engine/index/geometric_votes.hpp"
#include "engine/index/questions.hpp"
#include "engine/index/removed_rows.hpp"
#include "engine/index/sample.hpp"
#include "engine/index/tally.hpp"

namespace pressmark::index {
namespace {

// Figures: docs/decisions/0006-candidates-by-local-votes.md.
constexpr std::size_t kQueryCodes = 384;  // of each channel, the strongest
constexpr int kProbedWords = 8;

// Rows of a part whose ballots are held at once, those of all queries together.
constexpr std::size_t kRowsAtOnce = 16'384;

struct IndexedPart {
  std::shared_ptr<const LocalPart> part;
  RemovedRows removed;
};

std::array<std::size_t, kChannels.size()> word_counts(const std::array<ChannelWords, 2>& words) {
  return {static_cast<std::size_t>(words[0].vocabulary.words),
          static_cast<std::size_t>(words[1].vocabulary.words)};
}

// What is asked of the index on behalf of some queries. The questions borrow from `asked`.
struct Inquiry {
  Inquiry(const kernels::Backend& backend, std::size_t queries)
      : asked(queries), questions(backend, queries) {}
  std::vector<std::array<LocalCodes, kVoteKinds>> asked;  // of each query, under each hypothesis
  Questions questions;
};

// Rows of one part that are gone through together.
struct Chunk {
  std::uint32_t part = 0;
  RowRange rows;
  std::shared_ptr<const RowFlags> flags;  // of the whole part
  std::shared_ptr<const std::vector<WordList>> lists;
};

// What is looked at closely of a query's images: what its votes weigh, and how many agree.
struct Standard {
  std::int64_t weight = 0;
  float votes = 0;
};
constexpr float kNoPositions = std::numeric_limits<float>::infinity();

// The votes of one query for images of a chunk.
class ImageVotes {
 public:
  // All are borrowed. `tally`: of the chunk; what is asked of after keep().
  ImageVotes(const Chunk& chunk, const std::array<LocalCodes, kVoteKinds>& asked,
             const Tally& tally, std::size_t query)
      : chunk_(chunk), asked_(asked), tally_(tally), query_(query) {}

  // Until the next call.
  std::span<const Vote> of(std::size_t row) {
    const std::span<const Ballot> kept = tally_.ballots(query_, row);
    ballots_.assign(kept.begin(), kept.end());
    keep_distinct(ballots_);
    votes_.clear();
    for (const Ballot& ballot : ballots_) {
      votes_.push_back({ballot.kind, static_cast<float>(ballot.weight),
                        asked_[ballot.kind].keypoints[ballot.keypoint],
                        (*chunk_.lists)[ballot.list].points[ballot.place].keypoint()});
    }
    return votes_;
  }

 private:
  const Chunk& chunk_;
  const std::array<LocalCodes, kVoteKinds>& asked_;
  const Tally& tally_;
  std::size_t query_;
  std::vector<Ballot> ballots_;
  std::vector<Vote> votes_;
};

}  // namespace

struct LocalIndex::Impl {
  const kernels::Backend* backend = nullptr;
  std::array<ChannelWords, 2> words;
  std::vector<IndexedPart> parts;
  std::shared_ptr<LocalTail> tail;  // the last part, where it grows
  std::int64_t images = 0, codes = 0;

  void ask(std::size_t number, const Description& query, Inquiry& inquiry) const;
  std::optional<RowFlags> flags(const IndexedPart& part, const ImageSelection* selection) const;
  RowFlags sampled(const IndexedPart& part, const RowFlags& taking_part,
                   const Sample& sample) const;
  std::vector<Standard> find_standards(const Inquiry& inquiry, std::span<const Chunk> sampled,
                                       double agreed, double positioned) const;
  std::vector<VotedImage> agree(const Chunk& chunk, const std::array<LocalCodes, kVoteKinds>& asked,
                                const Tally& tally, std::size_t query, float least_votes) const;
};

// The strongest codes of both channels, as they are and as if the contrast were inverted.
void LocalIndex::Impl::ask(std::size_t number, const Description& query, Inquiry& inquiry) const {
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    const LocalCodes& local = query.local(kChannels[c]);
    const std::size_t strongest_codes = std::min(local.keypoints.size(), kQueryCodes);
    const auto probed = static_cast<std::size_t>(std::min(kProbedWords, words[c].vocabulary.words));
    const auto strongest =
        std::span<const std::int8_t>(local.codes).first(strongest_codes * kLocalCodeSize);
    kernels::WordAssignment nearest;
    backend->assign({&strongest, 1}, words[c].vocabulary, words[c].even_size,
                    static_cast<int>(probed), {&nearest, 1});
    for (const bool inverted : {false, true}) {
      const int kind = vote_kind(c, inverted);
      LocalCodes& seen = inquiry.asked[number][static_cast<std::size_t>(kind)];
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
        inquiry.questions.add({code, static_cast<std::uint16_t>(number),
                               static_cast<std::uint16_t>(i), static_cast<std::uint8_t>(kind)},
                              c, found.subspan(i * probed, probed));
      }
    }
  }
}

// Nothing where no row of the part takes part.
std::optional<RowFlags> LocalIndex::Impl::flags(const IndexedPart& part,
                                                const ImageSelection* selection) const {
  const std::span<const PartRow> rows = part.part->rows();
  if (part.removed.count() == rows.size()) return std::nullopt;
  if (selection == nullptr) {
    if (part.removed.count() == 0) return RowFlags{};
  } else if (selection->count_between(rows.front().id, rows.back().id) == 0) {
    return std::nullopt;
  }
  RowFlags flags(kMostPartRows, 0);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    flags[row] =
        !part.removed.contains(row) && (selection == nullptr || selection->contains(rows[row].id));
  }
  return flags;
}

RowFlags LocalIndex::Impl::sampled(const IndexedPart& part, const RowFlags& taking_part,
                                   const Sample& sample) const {
  const std::span<const PartRow> rows = part.part->rows();
  RowFlags flags(kMostPartRows, 0);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    flags[row] = (taking_part.empty() || taking_part[row] != 0) && sample.contains(rows[row].id);
  }
  return flags;
}

// Of each query, found from the images of some chunks that stand for all.
std::vector<Standard> LocalIndex::Impl::find_standards(const Inquiry& inquiry,
                                                       std::span<const Chunk> sampled,
                                                       double agreed, double positioned) const {
  struct Seen {
    std::int64_t weight;
    float votes;
  };
  const std::size_t queries = inquiry.asked.size();
  std::vector<std::vector<Seen>> seen(queries);
  std::mutex mutex;
  const std::vector<std::int64_t> least(queries, 0);
  tbb::enumerable_thread_specific<Tally> tallies;
  tbb::parallel_for(std::size_t{0}, sampled.size(), [&](std::size_t c) {
    const Chunk& chunk = sampled[c];
    Tally& tally = tallies.local();
    tally.begin(chunk.rows, queries);
    inquiry.questions.vote(*chunk.lists, *chunk.flags, tally);
    tally.keep(least);
    for (std::size_t q = 0; q < queries; ++q) {
      std::vector<Seen> of_query;
      ImageVotes votes(chunk, inquiry.asked[q], tally, q);
      for (std::size_t row = chunk.rows.first; row < chunk.rows.last; ++row) {
        if (!chunk.flags->empty() && (*chunk.flags)[row] == 0) continue;
        of_query.push_back({tally.weights(q)[row - chunk.rows.first],
                            find_agreement(votes.of(row), kNoPositions).votes});
      }
      const std::lock_guard lock(mutex);
      seen[q].insert(seen[q].end(), of_query.begin(), of_query.end());
    }
  });
  std::vector<Standard> standards;
  for (std::vector<Seen>& of_query : seen) {
    // Of those from `from` on, what the last of the first share of all has.
    const auto last_of = [&](double share, const auto& value) {
      const auto wanted = std::max<std::ptrdiff_t>(
          1, static_cast<std::ptrdiff_t>(share * static_cast<double>(of_query.size())));
      if (wanted > std::ssize(of_query)) return decltype(value(of_query.front())){0};
      const auto last = of_query.begin() + wanted - 1;
      std::nth_element(of_query.begin(), last, of_query.end(),
                       [&](const Seen& a, const Seen& b) { return value(a) > value(b); });
      return value(*last);
    };
    Standard& standard = standards.emplace_back();
    standard.weight = last_of(agreed, [](const Seen& one) { return one.weight; });
    standard.votes = last_of(positioned, [&](const Seen& one) {
      return one.weight >= standard.weight ? one.votes : 0.0f;
    });
  }
  return standards;
}

// The images of a chunk whose ballots of a query were kept.
std::vector<LocalIndex::VotedImage> LocalIndex::Impl::agree(
    const Chunk& chunk, const std::array<LocalCodes, kVoteKinds>& asked, const Tally& tally,
    std::size_t query, float least_votes) const {
  std::vector<VotedImage> voted;
  const std::span<const PartRow> rows = parts[chunk.part].part->rows();
  ImageVotes votes(chunk, asked, tally, query);
  for (std::size_t row = chunk.rows.first; row < chunk.rows.last; ++row) {
    if (tally.ballots(query, row).empty()) continue;
    voted.push_back({{chunk.part, static_cast<std::uint32_t>(row)},
                     rows[row].id,
                     find_agreement(votes.of(row), least_votes)});
  }
  return voted;
}

LocalIndex::LocalIndex(const kernels::Backend& backend, const std::array<ChannelWords, 2>& words)
    : impl_(std::make_unique<Impl>()) {
  impl_->backend = &backend;
  impl_->words = words;
}
LocalIndex::~LocalIndex() = default;
LocalIndex::LocalIndex(LocalIndex&&) noexcept = default;
LocalIndex& LocalIndex::operator=(LocalIndex&&) noexcept = default;

void LocalIndex::add_part(std::shared_ptr<const LocalPart> part) {
  impl_->tail = nullptr;
  impl_->images += static_cast<std::int64_t>(part->rows().size());
  for (const PartRow& row : part->rows()) impl_->codes += row.codes;
  impl_->parts.push_back({std::move(part), {}});
}

RowPlace LocalIndex::add(ImageId id, const Description& description) {
  if (impl_->tail == nullptr || impl_->tail->rows().size() == kMostPartRows) {
    impl_->tail = std::make_shared<LocalTail>(word_counts(impl_->words));
    impl_->parts.push_back({impl_->tail, {}});
  }
  impl_->tail->add(id, description);
  impl_->images += 1;
  impl_->codes += impl_->tail->rows().back().codes;
  return {static_cast<std::uint32_t>(impl_->parts.size() - 1),
          static_cast<std::uint32_t>(impl_->tail->rows().size() - 1)};
}

void LocalIndex::remove(std::span<const ImageId> ids) {
  for (const ImageId id : ids) {
    const std::optional<RowPlace> place = find(id);
    if (!place) continue;
    impl_->parts[place->part].removed.insert(place->row);
    --impl_->images;
    impl_->codes -= row(*place).codes;
  }
}

std::optional<RowPlace> LocalIndex::find(ImageId id) const {
  for (std::uint32_t p = 0; p < impl_->parts.size(); ++p) {
    const std::span<const PartRow> rows = impl_->parts[p].part->rows();
    if (rows.empty() || id < rows.front().id || id > rows.back().id) continue;
    const auto place = std::lower_bound(rows.begin(), rows.end(), id,
                                        [](const PartRow& row, ImageId of) { return row.id < of; });
    if (place->id != id) continue;
    const RowPlace found{p, static_cast<std::uint32_t>(place - rows.begin())};
    if (is_present(found)) return found;
  }
  return std::nullopt;
}

std::size_t LocalIndex::parts() const {
  return impl_->parts.size();
}

std::span<const PartRow> LocalIndex::rows(std::uint32_t part) const {
  return impl_->parts[part].part->rows();
}

const PartRow& LocalIndex::row(RowPlace place) const {
  return rows(place.part)[place.row];
}

bool LocalIndex::is_present(RowPlace place) const {
  return !impl_->parts[place.part].removed.contains(place.row);
}

void LocalIndex::for_each(const ImageSelection* selection,
                          const std::function<void(RowPlace)>& on_row) const {
  for (std::uint32_t p = 0; p < impl_->parts.size(); ++p) {
    const std::optional<RowFlags> flags = impl_->flags(impl_->parts[p], selection);
    if (!flags) continue;
    const std::size_t rows = impl_->parts[p].part->rows().size();
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (flags->empty() || (*flags)[row] != 0) on_row({p, row});
    }
  }
}

void LocalIndex::search(std::span<const Description* const> queries,
                        const ImageSelection* selection, const Looks& looks,
                        const OnImages& on_images) const {
  const std::int64_t images = size(selection);
  const Sample sample(images);
  Inquiry inquiry(*impl_->backend, queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q) impl_->ask(q, *queries[q], inquiry);
  inquiry.questions.sort();
  const std::size_t rows_at_once = kRowsAtOnce / std::max<std::size_t>(1, queries.size());
  std::vector<Chunk> chunks, sampled_chunks;
  for (std::uint32_t p = 0; p < impl_->parts.size(); ++p) {
    const IndexedPart& part = impl_->parts[p];
    std::optional<RowFlags> flags = impl_->flags(part, selection);
    if (!flags) continue;
    const auto lists =
        std::make_shared<const std::vector<WordList>>(inquiry.questions.lists(*part.part));
    const auto add_chunks = [&](std::vector<Chunk>& to, std::size_t most_rows,
                                const std::shared_ptr<const RowFlags>& taking_part) {
      const std::size_t rows = part.part->rows().size();
      for (std::size_t first = 0; first < rows; first += most_rows) {
        to.push_back({p, {first, std::min(first + most_rows, rows)}, taking_part, lists});
      }
    };
    const auto taking_part = std::make_shared<const RowFlags>(*std::move(flags));
    add_chunks(chunks, rows_at_once, taking_part);
    const auto sampled =
        sample.is_everything()
            ? taking_part
            : std::make_shared<const RowFlags>(impl_->sampled(part, *taking_part, sample));
    inquiry.questions.count(*lists, *sampled);
    add_chunks(sampled_chunks, rows_at_once * sample.one_of(), sampled);
  }
  inquiry.questions.settle();
  std::vector<Standard> standards(queries.size());
  const auto is_limited = [&](std::size_t looked_at) {
    return static_cast<std::size_t>(images) > looked_at;
  };
  const auto share = [&](std::size_t looked_at) {
    return static_cast<double>(looked_at) / static_cast<double>(images);
  };
  if (is_limited(looks.agreed) || (looks.positioned > 0 && is_limited(looks.positioned))) {
    standards = impl_->find_standards(inquiry, sampled_chunks, share(looks.agreed),
                                      share(looks.positioned));
  }
  if (looks.positioned == 0) {
    for (Standard& standard : standards) standard.votes = kNoPositions;
  }
  std::vector<std::int64_t> least_weights;
  for (const Standard& standard : standards) least_weights.push_back(standard.weight);
  tbb::enumerable_thread_specific<Tally> tallies;
  tbb::parallel_for(std::size_t{0}, chunks.size(), [&](std::size_t c) {
    const Chunk& chunk = chunks[c];
    Tally& tally = tallies.local();
    tally.begin(chunk.rows, queries.size());
    inquiry.questions.vote(*chunk.lists, *chunk.flags, tally);
    tally.keep(least_weights);
    // Isolated, so that a thread that waits does not begin another chunk meanwhile.
    tbb::this_task_arena::isolate([&] {
      tbb::parallel_for(std::size_t{0}, queries.size(), [&](std::size_t q) {
        std::vector<VotedImage> voted =
            impl_->agree(chunk, inquiry.asked[q], tally, q, standards[q].votes);
        if (!voted.empty()) on_images(q, std::move(voted));
      });
    });
  });
}

std::int64_t LocalIndex::size() const {
  return impl_->images;
}

std::int64_t LocalIndex::size(const ImageSelection* selection) const {
  if (selection == nullptr) return size();
  std::int64_t selected = 0;
  for_each(selection, [&](RowPlace) { ++selected; });
  return selected;
}

std::string LocalIndex::description() const {
  return fmt::format("Votes, 2 x {} words, {} codes of {} images", impl_->words[0].vocabulary.words,
                     impl_->codes, size());
}

}  // namespace pressmark::index
