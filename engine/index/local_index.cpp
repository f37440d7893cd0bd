// SPDX-License-Identifier: Apache-2.0
#include "engine/index/local_index.hpp"

#include <algorithm>
#include <cassert>
#include <numbers>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "engine/index/geometric_votes.hpp"
#include "kernels/math/keypoint_grid.hpp"

namespace pressmark::index {
namespace {

// Figures: docs/decisions/0006-candidates-by-local-votes.md.
constexpr std::size_t kQueryCodes = 384;  // of each channel, the strongest
constexpr int kProbedWords = 8;
// Share of the codes compared with a query's code that may vote: what lies above this quantile of
// similarities is unlike chance, whatever the code, however large the catalogue.
constexpr double kVotingShare = 0.03;
// With fewer images than this a share of what was compared would be nothing.
constexpr std::size_t kLeastVoting = 3;
// Similarities are ranked in steps of 2^-8 or so.
constexpr int kSimilarityShift = 6;
constexpr std::int32_t kMaxSimilarity = 127 * 127 + 1024;  // rounded codes may be a bit too long
constexpr std::size_t kSimilaritySteps = (std::size_t{2} * kMaxSimilarity >> kSimilarityShift) + 1;

// Where a code comes from, on the grid of keypoints.
struct Posting {
  std::uint32_t row;  // of its image
  std::uint16_t x, y, size, angle;

  Keypoint keypoint() const {
    return {kernels::px_from_grid(x), kernels::px_from_grid(y), kernels::px_from_grid(size),
            kernels::angle_from_grid(angle)};
  }
};

struct PostingList {
  std::vector<Posting> postings;
  std::vector<std::int8_t> codes;  // postings.size() x kLocalCodeSize
};

std::size_t similarity_step(std::int32_t similarity) {
  return static_cast<std::size_t>(std::clamp(similarity, -kMaxSimilarity, kMaxSimilarity) +
                                  kMaxSimilarity) >>
         kSimilarityShift;
}

// A vote before it is known what else its image got.
struct Ballot {
  Posting posting;      // a copy: the lists are read once, in order
  std::uint16_t query;  // keypoint
  std::uint8_t kind;    // vote_kind()
  std::int32_t weight;
  std::uint32_t word, place;  // of the posting
};

}  // namespace

struct LocalIndex::Impl {
  const kernels::Backend* backend;
  std::array<ChannelWords, 2> words;
  std::array<std::vector<PostingList>, 2> lists;  // of each channel, by word
  std::vector<ImageId> ids;                       // of each row, ascending
  std::vector<char> present;                      // of each row
  std::vector<std::uint32_t> codes_of;            // indexed codes of each row
  std::int64_t removed = 0, codes = 0;
};

namespace {

// The ballots of one query; scratch that its codes share.
class Poll {
 public:
  Poll(const kernels::Backend& backend, std::size_t rows, const std::vector<char>& present)
      : backend_(backend), present_(present), last_ballot_(rows, 0) {}

  // One code asks the lists of its nearest words.
  void ask(std::span<const std::int8_t> code, std::uint16_t query, int kind,
           std::span<const std::uint16_t> words, const std::vector<PostingList>& lists) {
    similarities_.clear();
    for (const std::uint16_t word : words) {
      const PostingList& list = lists[word];
      const std::size_t start = similarities_.size();
      similarities_.resize(start + list.postings.size());
      backend_.similarities(code, list.codes, std::span(similarities_).subspan(start));
    }
    const std::int32_t chance = chance_level();
    const std::size_t first = ballots_.size();
    std::size_t next = 0;
    for (const std::uint16_t word : words) {
      const std::vector<Posting>& postings = lists[word].postings;
      for (std::size_t place = 0; place < postings.size(); ++place) {
        const std::int32_t weight = similarities_[next++] - chance;
        if (weight <= 0) continue;
        cast({postings[place], query, static_cast<std::uint8_t>(kind), weight, word,
              static_cast<std::uint32_t>(place)},
             first);
      }
    }
  }

  std::vector<Ballot>& ballots() { return ballots_; }

 private:
  // The similarity that all but a small share of those compared stay below.
  std::int32_t chance_level() {
    steps_.fill(0);
    for (const std::int32_t similarity : similarities_) ++steps_[similarity_step(similarity)];
    const std::size_t wanted = std::max(
        kLeastVoting,
        static_cast<std::size_t>(static_cast<double>(similarities_.size()) * kVotingShare));
    std::size_t step = kSimilaritySteps, above = 0;
    while (step > 0 && above < wanted) above += steps_[--step];
    // Never below what unrelated codes reach: with few codes to compare, all would vote.
    return std::max<std::int32_t>(
        0, (static_cast<std::int32_t>(step) << kSimilarityShift) - kMaxSimilarity);
  }

  // A code has one ballot for an image: its best.
  void cast(const Ballot& ballot, std::size_t first) {
    if (present_[ballot.posting.row] == 0) return;
    std::uint32_t& last = last_ballot_[ballot.posting.row];  // + 1
    if (last > first) {
      if (ballot.weight > ballots_[last - 1].weight) ballots_[last - 1] = ballot;
      return;
    }
    ballots_.push_back(ballot);
    last = static_cast<std::uint32_t>(ballots_.size());
  }

  const kernels::Backend& backend_;
  const std::vector<char>& present_;
  std::vector<std::uint32_t> last_ballot_;
  std::vector<Ballot> ballots_;
  std::vector<std::int32_t> similarities_;
  std::array<std::size_t, kSimilaritySteps> steps_;
};

// Of ballots for one keypoint of an image the heaviest remains: texture that looks like many of the
// query's keypoints is one observation.
void keep_one_per_posting(std::vector<Ballot>& ballots) {
  const auto posting = [](const Ballot& b) { return std::tuple(b.kind, b.word, b.place); };
  std::sort(ballots.begin(), ballots.end(), [&](const Ballot& a, const Ballot& b) {
    return std::tuple(posting(a), -a.weight, a.query) < std::tuple(posting(b), -b.weight, b.query);
  });
  ballots.erase(
      std::unique(ballots.begin(), ballots.end(),
                  [&](const Ballot& a, const Ballot& b) { return posting(a) == posting(b); }),
      ballots.end());
}

// Ballots by row, rows ascending: counting sort, which keeps their order otherwise.
std::vector<Ballot> by_row(const std::vector<Ballot>& ballots, std::vector<std::size_t>& starts) {
  for (const Ballot& ballot : ballots) ++starts[ballot.posting.row + 1];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
  std::vector<Ballot> sorted(ballots.size());
  for (const Ballot& ballot : ballots) sorted[next[ballot.posting.row]++] = ballot;
  return sorted;
}

}  // namespace

LocalIndex::LocalIndex(const kernels::Backend& backend, const std::array<ChannelWords, 2>& words)
    : impl_(std::make_unique<Impl>()) {
  impl_->backend = &backend;
  impl_->words = words;
  for (std::size_t c = 0; c < words.size(); ++c) {
    impl_->lists[c].resize(static_cast<std::size_t>(words[c].vocabulary.words));
  }
}
LocalIndex::~LocalIndex() = default;
LocalIndex::LocalIndex(LocalIndex&&) noexcept = default;
LocalIndex& LocalIndex::operator=(LocalIndex&&) noexcept = default;

void LocalIndex::add(ImageId id, const Description& description) {
  assert(impl_->ids.empty() || impl_->ids.back() < id);
  const auto row = static_cast<std::uint32_t>(impl_->ids.size());
  std::uint32_t added = 0;
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    const LocalCodes& local = description.local(kChannels[c]);
    std::vector<PostingList>& lists = impl_->lists[c];
    for (std::size_t i = 0; i < local.words.size(); ++i) {
      // A word that the vocabulary lacks can only come from another model's description.
      if (local.words[i] >= lists.size()) continue;
      PostingList& list = lists[local.words[i]];
      const Keypoint& point = local.keypoints[i];
      list.postings.push_back(
          {row, kernels::grid_from_px(point.x_px), kernels::grid_from_px(point.y_px),
           kernels::grid_from_px(point.size_px), kernels::grid_from_angle(point.angle_rad)});
      const auto code = local.codes.begin() + static_cast<std::ptrdiff_t>(i * kLocalCodeSize);
      list.codes.insert(list.codes.end(), code, code + kLocalCodeSize);
      ++added;
    }
  }
  impl_->ids.push_back(id);
  impl_->present.push_back(1);
  impl_->codes_of.push_back(added);
  impl_->codes += added;
}

void LocalIndex::remove(std::span<const ImageId> ids) {
  for (const ImageId id : ids) {
    const auto place = std::lower_bound(impl_->ids.begin(), impl_->ids.end(), id);
    if (place == impl_->ids.end() || *place != id) continue;
    const auto row = static_cast<std::size_t>(place - impl_->ids.begin());
    if (impl_->present[row] == 0) continue;
    impl_->present[row] = 0;
    impl_->codes -= impl_->codes_of[row];
    ++impl_->removed;
  }
}

void LocalIndex::search(const Description& query,
                        const std::function<void(ImageId, const Agreement&)>& on_image) const {
  const std::size_t rows = impl_->ids.size();
  Poll poll(*impl_->backend, rows, impl_->present);
  std::array<LocalCodes, kVoteKinds> asked;  // under each hypothesis
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    const LocalCodes& local = query.local(kChannels[c]);
    const ChannelWords& words = impl_->words[c];
    const std::size_t codes = std::min(local.keypoints.size(), kQueryCodes);
    const int probed = std::min(kProbedWords, words.vocabulary.words);
    const auto strongest = std::span<const std::int8_t>(local.codes).first(codes * kLocalCodeSize);
    kernels::WordAssignment nearest;
    impl_->backend->assign({&strongest, 1}, words.vocabulary, words.even_size, probed,
                           {&nearest, 1});
    for (const bool inverted : {false, true}) {
      const int kind = vote_kind(c, inverted);
      LocalCodes& seen = asked[static_cast<std::size_t>(kind)];
      seen.codes.assign(strongest.begin(), strongest.end());
      seen.keypoints.assign(local.keypoints.begin(),
                            local.keypoints.begin() + static_cast<std::ptrdiff_t>(codes));
      if (inverted) {
        for (std::size_t i = 0; i < seen.codes.size(); ++i) {
          if (static_cast<int>(i % kLocalCodeSize) < words.even_size) continue;
          seen.codes[i] = static_cast<std::int8_t>(-seen.codes[i]);
        }
        for (Keypoint& point : seen.keypoints) point.angle_rad += std::numbers::pi_v<float>;
      }
      const std::span<const std::uint16_t> found = inverted ? nearest.inverted : nearest.same;
      for (std::size_t i = 0; i < codes; ++i) {
        poll.ask(
            std::span<const std::int8_t>(seen.codes).subspan(i * kLocalCodeSize, kLocalCodeSize),
            static_cast<std::uint16_t>(i), kind,
            found.subspan(i * static_cast<std::size_t>(probed), static_cast<std::size_t>(probed)),
            impl_->lists[c]);
      }
    }
  }

  std::vector<std::size_t> starts(rows + 1, 0);
  const std::vector<Ballot> sorted = by_row(poll.ballots(), starts);
  std::vector<Ballot> ballots;
  std::vector<Vote> votes;
  for (std::size_t row = 0; row < rows; ++row) {
    if (starts[row] == starts[row + 1]) continue;
    ballots.assign(sorted.begin() + static_cast<std::ptrdiff_t>(starts[row]),
                   sorted.begin() + static_cast<std::ptrdiff_t>(starts[row + 1]));
    keep_one_per_posting(ballots);
    votes.clear();
    for (const Ballot& ballot : ballots) {
      votes.push_back({ballot.kind, static_cast<float>(ballot.weight),
                       asked[ballot.kind].keypoints[ballot.query], ballot.posting.keypoint()});
    }
    on_image(impl_->ids[row], find_agreement(votes));
  }
}

std::int64_t LocalIndex::size() const {
  return static_cast<std::int64_t>(impl_->ids.size()) - impl_->removed;
}

std::string LocalIndex::description() const {
  return fmt::format("Votes, 2 x {} words, {} codes of {} images", impl_->words[0].vocabulary.words,
                     impl_->codes, size());
}

}  // namespace pressmark::index
