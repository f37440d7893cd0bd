// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "engine/seizure/grouping.hpp"
#include "engine/seizure/intake.hpp"
#include "engine/seizure/verdicts.hpp"
#include "engine/verify/photos_score.hpp"
#include "pressmark/error.hpp"

namespace pressmark::seizure {
namespace {

class FindingsMaker {
 public:
  FindingsMaker(const std::filesystem::path& directory, const Plan& plan,
                const Catalogue& catalogue)
      : directory_(directory),
        plan_(plan),
        verdicts_(catalogue),
        images_(plan.state.searched),  // others may have added some since
        catalogue_(catalogue) {}

  Findings make() {
    take_photos();
    take_within_links();
    const std::vector<PhotoGroup> groups = group();
    make_marks(groups);
    take_outside_links();
    return std::move(result_);
  }

 private:
  void take_photos() {
    std::map<std::string, std::int32_t> packages;
    for_each_input(
        directory_, [&](std::int64_t number, const PhotoInput& photo, const IntakeRecord& record) {
          ++result_.inputs;
          result_.duplicates += record.status == AddStatus::kDuplicate;
          result_.failed += record.status == AddStatus::kFailed;
          if (record.status != AddStatus::kAdded) return;
          if (!record.is_usable(plan_.options.match.quality_gate)) {
            ++result_.unusable;
            return;
          }
          MarkedPhoto& added = result_.photos.emplace_back();
          added.id = record.id;
          added.input = number;
          added.sha256 = record.info.sha256;
          if (!photo.facts.package.empty()) {
            const std::string name = photo.facts.seizure + '\0' + photo.facts.package;
            const auto [place, is_new] =
                packages.try_emplace(name, static_cast<std::int32_t>(result_.packages.size()));
            if (is_new) result_.packages.push_back(photo.facts.package);
            added.package = place->second;
          }
          if (!photo.mark.empty()) {
            named_[photo.mark].push_back(static_cast<std::uint32_t>(result_.photos.size() - 1));
          }
        });
    result_.inputs += static_cast<std::int64_t>(plan_.issues.size());
    result_.failed += static_cast<std::int64_t>(plan_.issues.size());
  }

  std::uint32_t index_of(ImageId id) const {
    const auto place = std::lower_bound(
        result_.photos.begin(), result_.photos.end(), id,
        [](const MarkedPhoto& photo, ImageId wanted) { return photo.id < wanted; });
    if (place == result_.photos.end() || place->id != id) {
      throw Error(ErrorCode::kCorruptData,
                  fmt::format("{}: photo {} is not in {}", (directory_ / kAnswersName).native(), id,
                              kIntakeName));
    }
    return static_cast<std::uint32_t>(place - result_.photos.begin());
  }

  // Both directions of a pair become one link.
  void take_within_links() {
    std::vector<WithinLink>& links = result_.within;
    AnswerReader answers(directory_);
    while (const std::optional<Answer> answer = answers.next()) {
      const std::uint32_t query = index_of(answer->photo);
      for (const PairFigures& pair : answer->within) {
        const std::uint32_t other = index_of(pair.other);
        links.push_back({std::min(query, other), std::max(query, other), pair, query < other});
      }
    }
    std::sort(links.begin(), links.end(), [](const WithinLink& x, const WithinLink& y) {
      return std::tuple(x.a, x.b, -x.best.score, !x.is_from_a) <
             std::tuple(y.a, y.b, -y.best.score, !y.is_from_a);
    });
    const auto last = std::unique(
        links.begin(), links.end(),
        [](const WithinLink& x, const WithinLink& y) { return x.a == y.a && x.b == y.b; });
    links.erase(last, links.end());
    for (WithinLink& link : links) {
      const auto verdict =
          verdicts_.of(result_.photos[link.a].sha256, result_.photos[link.b].sha256);
      link.is_rejected = verdict == Verdict::kRejected;
      link.is_confirmed = verdict == Verdict::kConfirmed;
      result_.decisions += verdict.has_value();
    }
  }

  // Pairs without link matter only where links lead from one photo to the other.
  std::vector<ComparedPair> compared_pairs() {
    std::vector<std::uint32_t> part(result_.photos.size());
    std::iota(part.begin(), part.end(), 0u);
    const auto root = [&](std::uint32_t photo) {
      while (part[photo] != photo) photo = part[photo] = part[part[photo]];
      return photo;
    };
    std::vector<ComparedPair> pairs;
    for (const WithinLink& link : result_.within) {
      pairs.push_back({link.a, link.b, link.is_rejected ? 0 : link.best.score});
      if (!link.is_rejected) part[root(link.a)] = root(link.b);
    }
    AnswerReader answers(directory_);
    while (const std::optional<Answer> answer = answers.next()) {
      const std::uint32_t query = index_of(answer->photo);
      for (const ImageId id : answer->compared) {
        const std::uint32_t other = index_of(id);
        if (root(query) == root(other)) {
          pairs.push_back({std::min(query, other), std::max(query, other), 0});
        }
      }
    }
    std::sort(pairs.begin(), pairs.end(), [](const ComparedPair& x, const ComparedPair& y) {
      return std::tuple(x.a, x.b, -x.score) < std::tuple(y.a, y.b, -y.score);
    });
    const auto last = std::unique(
        pairs.begin(), pairs.end(),
        [](const ComparedPair& x, const ComparedPair& y) { return x.a == y.a && x.b == y.b; });
    pairs.erase(last, pairs.end());
    return pairs;
  }

  std::vector<PhotoGroup> group() {
    std::vector<PhotoPair> together, apart;
    for (const auto& [name, photos] : named_) {
      for (const std::uint32_t photo : photos) together.push_back({photos.front(), photo});
    }
    for (const WithinLink& link : result_.within) {
      if (link.is_confirmed) together.push_back({link.a, link.b});
      if (link.is_rejected) apart.push_back({link.a, link.b});
    }
    const SeizureOptions& options = plan_.options;
    result_.sure_score = sure_score(static_cast<std::int64_t>(result_.photos.size()),
                                    options.false_links, options.match.verify.min_score);
    return group_photos(static_cast<PhotoIndex>(result_.photos.size()), compared_pairs(), together,
                        apart, {result_.sure_score, options.linked_share});
  }

  void make_marks(const std::vector<PhotoGroup>& groups) {
    for (const PhotoGroup& group : groups) {
      Mark& mark = result_.marks.emplace_back();
      mark.photos = group.photos;
      std::set<std::int32_t> packages;
      for (const std::uint32_t photo : mark.photos) {
        const std::int32_t package = result_.photos[photo].package;
        if (package < 0) {
          ++mark.unpacked;
        } else {
          packages.insert(package);
        }
      }
      mark.packages = static_cast<int>(packages.size());
      if (group.weakest) {
        const auto place =
            std::lower_bound(result_.within.begin(), result_.within.end(), *group.weakest,
                             [](const WithinLink& link, const ComparedPair& wanted) {
                               return std::tuple(link.a, link.b) < std::tuple(wanted.a, wanted.b);
                             });
        mark.weakest = static_cast<std::uint32_t>(place - result_.within.begin());
      }
    }
    std::sort(result_.marks.begin(), result_.marks.end(), [](const Mark& x, const Mark& y) {
      return std::tuple(-x.carriers(), -static_cast<std::int64_t>(x.photos.size()),
                        x.photos.front()) < std::tuple(-y.carriers(),
                                                       -static_cast<std::int64_t>(y.photos.size()),
                                                       y.photos.front());
    });
    for (std::size_t i = 0; i < result_.marks.size(); ++i) {
      result_.marks[i].number = static_cast<int>(i) + 1;
      for (const std::uint32_t photo : result_.marks[i].photos) {
        result_.photos[photo].mark = static_cast<std::int32_t>(i);
      }
    }
    for (const WithinLink& link : result_.within) {
      const std::int32_t mark = result_.photos[link.a].mark;
      if (link.is_rejected || mark != result_.photos[link.b].mark) continue;
      Mark& both = result_.marks[static_cast<std::size_t>(mark)];
      ++both.links;
      both.mould.add(link.best.mould);
    }
    for (const auto& [name, photos] : named_) {
      std::set<std::int32_t> marks;
      for (const std::uint32_t photo : photos) marks.insert(result_.photos[photo].mark);
      for (const std::int32_t mark : marks) {
        result_.marks[static_cast<std::size_t>(mark)].names.push_back(name);
      }
    }
  }

  void take_outside_links() {
    std::vector<std::map<ImageId, OutsideLink>> links(result_.marks.size());
    AnswerReader answers(directory_);
    while (const std::optional<Answer> answer = answers.next()) {
      const std::uint32_t query = index_of(answer->photo);
      MarkedPhoto& photo = result_.photos[query];
      for (const PairFigures& pair : answer->outside) {
        const std::optional<CatalogueImage> image = catalogue_.find(pair.other);
        if (!image) continue;  // removed since: no hit any more
        if (image->info.sha256 == photo.sha256) {
          photo.catalogued = pair.other;
          continue;
        }
        PhotoHit hit{query, pair};
        const std::optional<Verdict> verdict = verdicts_.of(photo.sha256, image->info.sha256);
        hit.is_rejected = verdict == Verdict::kRejected;
        hit.is_confirmed = verdict == Verdict::kConfirmed;
        result_.decisions += verdict.has_value();
        OutsideLink& link = links[static_cast<std::size_t>(photo.mark)][pair.other];
        link.image = pair.other;
        link.hits.push_back(hit);
      }
    }
    for (Mark& mark : result_.marks) {
      for (auto& [id, link] : links[static_cast<std::size_t>(mark.number - 1)]) {
        judge(link, mark.photos.size());
        mark.outside.push_back(std::move(link));
      }
      std::sort(mark.outside.begin(), mark.outside.end(),
                [](const OutsideLink& x, const OutsideLink& y) {
                  return std::tuple(!x.holds, x.is_rejected(), -x.score, x.image) <
                         std::tuple(!y.holds, y.is_rejected(), -y.score, y.image);
                });
    }
  }

  // Photos of the mark that do not hit the image count, too: each was a chance of a false hit.
  void judge(OutsideLink& link, std::size_t photos) const {
    std::sort(link.hits.begin(), link.hits.end(), [](const PhotoHit& x, const PhotoHit& y) {
      return std::tuple(x.is_rejected, -x.figures.score, x.photo) <
             std::tuple(y.is_rejected, -y.figures.score, y.photo);
    });
    std::vector<double> scores(photos, 0.0);
    for (std::size_t i = 0; i < link.hits.size(); ++i) {
      if (link.hits[i].is_rejected) continue;
      scores[i] = link.hits[i].figures.score;
      link.mould.add(link.hits[i].figures.mould);
    }
    link.score = verify::score_of_photos(scores);
    link.expected_false_hits = static_cast<double>(images_) * std::pow(10.0, -link.score);
    link.holds = !link.is_rejected() &&
                 (link.is_confirmed() || link.score >= plan_.options.match.verify.min_score);
  }

  const std::filesystem::path& directory_;
  const Plan& plan_;
  Verdicts verdicts_;
  std::int64_t images_;
  const Catalogue& catalogue_;
  std::map<std::string, std::vector<std::uint32_t>> named_;  // photos that a manifest names alike
  Findings result_;
};

}  // namespace

bool OutsideLink::is_confirmed() const {
  return std::any_of(hits.begin(), hits.end(),
                     [](const PhotoHit& hit) { return hit.is_confirmed; });
}

Findings find_marks(const std::filesystem::path& directory, const Plan& plan,
                    const Catalogue& catalogue) {
  return FindingsMaker(directory, plan, catalogue).make();
}

std::string mark_name(int number) {
  return fmt::format("M{:03}", number);
}

std::string mark_name(const Mark& mark) {
  return mark_name(mark.number);
}

}  // namespace pressmark::seizure
