// SPDX-License-Identifier: Apache-2.0
#include "engine/index/local_index.hpp"

#include <algorithm>
#include <numbers>
#include <numeric>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "engine/index/ballots.hpp"
#include "engine/index/geometric_votes.hpp"
#include "engine/index/removed_rows.hpp"

namespace pressmark::index {
namespace {

// Figures: docs/decisions/0006-candidates-by-local-votes.md.
constexpr std::size_t kQueryCodes = 384;  // of each channel, the strongest
constexpr int kProbedWords = 8;

struct IndexedPart {
  std::shared_ptr<const LocalPart> part;
  RemovedRows removed;
};

std::array<std::size_t, kChannels.size()> word_counts(const std::array<ChannelWords, 2>& words) {
  return {static_cast<std::size_t>(words[0].vocabulary.words),
          static_cast<std::size_t>(words[1].vocabulary.words)};
}

// What is asked of the index on behalf of a query. The questions borrow from `asked`.
struct Inquiry {
  explicit Inquiry(const kernels::Backend& backend) : questions(backend) {}
  std::array<LocalCodes, kVoteKinds> asked;  // under each hypothesis
  Questions questions;
};

}  // namespace

struct LocalIndex::Impl {
  const kernels::Backend* backend = nullptr;
  std::array<ChannelWords, 2> words;
  std::vector<IndexedPart> parts;
  std::shared_ptr<LocalTail> tail;  // the last part, where it grows
  std::int64_t images = 0, codes = 0;

  void ask(const Description& query, Inquiry& inquiry) const;
  std::optional<RowFlags> flags(const IndexedPart& part, const ImageSelection* selection) const;
  void agree(std::uint32_t part, const Inquiry& inquiry, std::vector<Ballot>& ballots,
             const OnImage& on_image) const;
};

namespace {

// A code has one ballot for an image: its best.
void keep_one_per_question(std::vector<Ballot>& ballots) {
  const auto question = [](const Ballot& b) { return std::tuple(b.kind, b.keypoint); };
  std::sort(ballots.begin(), ballots.end(), [&](const Ballot& a, const Ballot& b) {
    return std::tuple(question(a), -a.weight, a.rank, a.place) <
           std::tuple(question(b), -b.weight, b.rank, b.place);
  });
  ballots.erase(
      std::unique(ballots.begin(), ballots.end(),
                  [&](const Ballot& a, const Ballot& b) { return question(a) == question(b); }),
      ballots.end());
}

// Of ballots for one keypoint of an image the heaviest remains: texture that looks like many of the
// query's keypoints is one observation.
void keep_one_per_posting(std::vector<Ballot>& ballots) {
  const auto posting = [](const Ballot& b) { return std::tuple(b.kind, b.word, b.place); };
  std::sort(ballots.begin(), ballots.end(), [&](const Ballot& a, const Ballot& b) {
    return std::tuple(posting(a), -a.weight, a.keypoint) <
           std::tuple(posting(b), -b.weight, b.keypoint);
  });
  ballots.erase(
      std::unique(ballots.begin(), ballots.end(),
                  [&](const Ballot& a, const Ballot& b) { return posting(a) == posting(b); }),
      ballots.end());
}

// Ballots by row, rows ascending: counting sort. starts: where each row's begin.
std::vector<Ballot> by_row(const std::vector<Ballot>& ballots, std::vector<std::uint32_t>& starts) {
  for (const Ballot& ballot : ballots) ++starts[ballot.row + std::size_t{1}];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<std::uint32_t> next(starts.begin(), starts.end() - 1);
  std::vector<Ballot> sorted(ballots);
  for (const Ballot& ballot : ballots) sorted[next[ballot.row]++] = ballot;
  return sorted;
}

}  // namespace

// The strongest codes of both channels, as they are and as if the contrast were inverted.
void LocalIndex::Impl::ask(const Description& query, Inquiry& inquiry) const {
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
      LocalCodes& seen = inquiry.asked[static_cast<std::size_t>(kind)];
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
        inquiry.questions.add(
            {code, static_cast<std::uint16_t>(i), static_cast<std::uint8_t>(kind)}, c,
            found.subspan(i * probed, probed));
      }
    }
  }
  inquiry.questions.sort();
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

// Calls on_image for the images of one part that have ballots.
void LocalIndex::Impl::agree(std::uint32_t part, const Inquiry& inquiry,
                             std::vector<Ballot>& ballots, const OnImage& on_image) const {
  const std::span<const PartRow> rows = parts[part].part->rows();
  std::vector<std::uint32_t> starts(kMostPartRows + 1, 0);
  const std::vector<Ballot> sorted = by_row(ballots, starts);
  std::vector<Vote> votes;
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    if (starts[row] == starts[row + 1]) continue;
    ballots.assign(sorted.begin() + starts[row], sorted.begin() + starts[row + 1]);
    keep_one_per_question(ballots);
    keep_one_per_posting(ballots);
    votes.clear();
    for (const Ballot& ballot : ballots) {
      votes.push_back({ballot.kind, static_cast<float>(ballot.weight),
                       inquiry.asked[ballot.kind].keypoints[ballot.keypoint],
                       ballot.point.keypoint()});
    }
    on_image({part, row}, rows[row].id, find_agreement(votes));
  }
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

void LocalIndex::search(const Description& query, const ImageSelection* selection,
                        const OnImage& on_image) const {
  Inquiry inquiry(*impl_->backend);
  impl_->ask(query, inquiry);
  for (const IndexedPart& part : impl_->parts) {
    const std::optional<RowFlags> flags = impl_->flags(part, selection);
    if (flags) inquiry.questions.compare(*part.part, *flags);
  }
  inquiry.questions.settle();
  std::vector<Ballot> ballots;
  for (std::uint32_t p = 0; p < impl_->parts.size(); ++p) {
    const IndexedPart& part = impl_->parts[p];
    const std::optional<RowFlags> flags = impl_->flags(part, selection);
    if (!flags) continue;
    ballots.clear();
    inquiry.questions.vote(*part.part, *flags, ballots);
    impl_->agree(p, inquiry, ballots, on_image);
  }
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
