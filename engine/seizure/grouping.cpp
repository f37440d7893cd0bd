// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/grouping.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <queue>
#include <tuple>
#include <utility>

namespace pressmark::seizure {
namespace {

// What lies between two groups. Sums of scores are kept in fixed point: unlike those of floating
// point they do not depend on the order of merging.
struct Between {
  std::int64_t score_sum = 0;  // millionths
  std::int64_t compared = 0, linked = 0;
  bool has_firm = false;
  bool is_rejected = false;

  void add(const Between& other) {
    score_sum += other.score_sum;
    compared += other.compared;
    linked += other.linked;
    has_firm |= other.has_firm;
    is_rejected |= other.is_rejected;
  }
  double mean() const {
    return compared == 0 ? 0 : static_cast<double>(score_sum) / static_cast<double>(compared);
  }
  bool may_join(const GroupingRule& rule) const {
    return !is_rejected && linked > 0 && (has_firm || linked >= 2) &&
           static_cast<double>(linked) >= rule.linked_share * static_cast<double>(compared);
  }
};

class Groups {
 public:
  Groups(PhotoIndex photos, const GroupingRule& rule)
      : rule_(rule), parent_(photos), versions_(photos, 0), neighbours_(photos) {
    std::iota(parent_.begin(), parent_.end(), PhotoIndex{0});
  }

  PhotoIndex find(PhotoIndex photo) {
    while (parent_[photo] != photo) photo = parent_[photo] = parent_[parent_[photo]];
    return photo;
  }

  void relate(PhotoIndex a, PhotoIndex b, const Between& between) {
    neighbours_[a][b].add(between);
    neighbours_[b][a].add(between);
  }

  bool is_rejected(PhotoIndex a, PhotoIndex b) const {
    const auto found = neighbours_[a].find(b);
    return found != neighbours_[a].end() && found->second.is_rejected;
  }

  // The group is known by its lowest photo from now on.
  void merge(PhotoIndex a, PhotoIndex b) {
    const PhotoIndex kept = std::min(a, b), gone = std::max(a, b);
    parent_[gone] = kept;
    neighbours_[kept].erase(gone);
    neighbours_[gone].erase(kept);
    for (const auto& [other, between] : neighbours_[gone]) {
      neighbours_[kept][other].add(between);
      neighbours_[other].erase(gone);
      neighbours_[other][kept].add(between);
    }
    neighbours_[gone].clear();
    ++versions_[kept];
    ++versions_[gone];
  }

  void join_all() {
    for (PhotoIndex photo = 0; photo < parent_.size(); ++photo) offer(photo, true);
    while (!queue_.empty()) {
      const Offer best = queue_.top();
      queue_.pop();
      if (versions_[best.a] != best.version_a || versions_[best.b] != best.version_b) continue;
      merge(best.a, best.b);
      offer(best.a, false);
    }
  }

 private:
  struct Offer {
    double mean = 0;
    PhotoIndex a = 0, b = 0;  // a < b
    std::uint32_t version_a = 0, version_b = 0;
    bool operator<(const Offer& other) const {
      return std::tuple(mean, other.a, other.b) < std::tuple(other.mean, a, b);
    }
  };

  void offer(PhotoIndex group, bool only_upwards) {
    for (const auto& [other, between] : neighbours_[group]) {
      if ((only_upwards && other < group) || !between.may_join(rule_)) continue;
      const PhotoIndex a = std::min(group, other), b = std::max(group, other);
      queue_.push({between.mean(), a, b, versions_[a], versions_[b]});
    }
  }

  GroupingRule rule_;
  std::vector<PhotoIndex> parent_;
  std::vector<std::uint32_t> versions_;
  std::vector<std::map<PhotoIndex, Between>> neighbours_;
  std::priority_queue<Offer> queue_;
};

// Whether a third photo is linked with both; lists ascend.
bool have_common(const std::vector<PhotoIndex>& a, const std::vector<PhotoIndex>& b) {
  auto left = a.begin(), right = b.begin();
  while (left != a.end() && right != b.end()) {
    if (*left == *right) return true;
    if (*left < *right) {
      ++left;
    } else {
      ++right;
    }
  }
  return false;
}

// The strongest links first; the last that still joins two parts of a group is its weakest.
void find_weakest(std::span<const ComparedPair> pairs, const std::vector<std::size_t>& group_of,
                  std::vector<PhotoGroup>& groups) {
  std::vector<ComparedPair> links;
  for (const ComparedPair& pair : pairs) {
    if (pair.score > 0 && group_of[pair.a] == group_of[pair.b]) links.push_back(pair);
  }
  std::sort(links.begin(), links.end(), [](const ComparedPair& x, const ComparedPair& y) {
    return std::tuple(-x.score, x.a, x.b) < std::tuple(-y.score, y.a, y.b);
  });
  Groups parts(static_cast<PhotoIndex>(group_of.size()), {});
  for (const ComparedPair& link : links) {
    const PhotoIndex a = parts.find(link.a), b = parts.find(link.b);
    if (a == b) continue;
    parts.merge(a, b);
    groups[group_of[link.a]].weakest = link;
  }
}

}  // namespace

double sure_score(std::int64_t photos, double false_links, double min_score) {
  const double pairs = 0.5 * static_cast<double>(photos) * static_cast<double>(photos - 1);
  return pairs > 0 ? std::max(min_score, std::log10(pairs / false_links)) : min_score;
}

std::vector<PhotoGroup> group_photos(PhotoIndex photos, std::span<const ComparedPair> pairs,
                                     std::span<const PhotoPair> together,
                                     std::span<const PhotoPair> apart, const GroupingRule& rule) {
  std::vector<std::vector<PhotoIndex>> linked(photos);
  for (const ComparedPair& pair : pairs) {
    if (pair.score <= 0) continue;
    linked[pair.a].push_back(pair.b);
    linked[pair.b].push_back(pair.a);
  }
  for (std::vector<PhotoIndex>& others : linked) std::sort(others.begin(), others.end());

  Groups groups(photos, rule);
  for (const ComparedPair& pair : pairs) {
    Between between;
    between.compared = 1;
    if (pair.score > 0) {
      between.score_sum = std::llround(1e6 * pair.score);
      between.linked = 1;
      between.has_firm =
          pair.score >= rule.sure_score || have_common(linked[pair.a], linked[pair.b]);
    }
    groups.relate(pair.a, pair.b, between);
  }
  for (const PhotoPair& pair : apart) {
    Between between;
    between.is_rejected = true;
    groups.relate(pair.a, pair.b, between);
  }
  std::vector<PhotoPair> stated(together.begin(), together.end());
  std::sort(stated.begin(), stated.end(), [](const PhotoPair& x, const PhotoPair& y) {
    return std::tuple(x.a, x.b) < std::tuple(y.a, y.b);
  });
  for (const PhotoPair& pair : stated) {
    const PhotoIndex a = groups.find(pair.a), b = groups.find(pair.b);
    if (a != b && !groups.is_rejected(a, b)) groups.merge(a, b);
  }
  groups.join_all();

  std::vector<PhotoGroup> result;
  std::vector<std::size_t> group_of(photos);
  for (PhotoIndex photo = 0; photo < photos; ++photo) {
    const PhotoIndex first = groups.find(photo);
    if (first == photo) {
      group_of[photo] = result.size();
      result.emplace_back();
    } else {
      group_of[photo] = group_of[first];
    }
    result[group_of[photo]].photos.push_back(photo);
  }
  find_weakest(pairs, group_of, result);
  return result;
}

}  // namespace pressmark::seizure
