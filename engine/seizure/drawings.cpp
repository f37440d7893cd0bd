// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/drawings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <iterator>
#include <map>
#include <numbers>
#include <tuple>

#include "engine/report/text.hpp"

namespace pressmark::seizure {
namespace {

using report::markup;

constexpr int kWidth = 960;
constexpr int kRow = 26;

std::string figure(int height, const std::string& label, const std::string& body,
                   const std::string& caption) {
  return fmt::format(
      "<figure class=\"chart\"><svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {} {}\">{}</svg>"
      "<figcaption>{}</figcaption></figure>\n",
      label, kWidth, height, body, caption);
}

std::string shortened(const std::string& raw) {
  constexpr std::size_t kMost = 40;
  std::string text = report::displayable(raw);
  if (text.size() > kMost) {
    text.resize(kMost);
    text = report::valid_utf8(text) + "…";
  }
  return text;
}

}  // namespace

std::optional<double> days_of(const std::string& date) {
  int parts[3] = {0, 0, 0};
  int count = 0;
  const char* at = date.data();
  const char* const end = at + date.size();
  while (count < 3) {
    const auto [stop, error] = std::from_chars(at, end, parts[count]);
    if (error != std::errc()) return std::nullopt;
    ++count;
    if (stop == end) break;
    if (*stop != '-') return std::nullopt;
    at = stop + 1;
  }
  using namespace std::chrono;
  const year_month_day day{
      year(parts[0]), month(count < 2 ? 7u : static_cast<unsigned>(parts[1])),
      std::chrono::day(count < 3 ? (count < 2 ? 2u : 15u) : static_cast<unsigned>(parts[2]))};
  if (!day.ok()) return std::nullopt;
  return static_cast<double>(sys_days(day).time_since_epoch().count());
}

std::string draw_links(const Findings& findings, const std::vector<LinkedSeizure>& linked) {
  if (linked.empty()) return {};
  std::vector<const LinkedSeizure*> right;
  for (const LinkedSeizure& other : linked) right.push_back(&other);
  std::stable_sort(right.begin(), right.end(), [](const auto* a, const auto* b) {
    return std::tuple(-static_cast<std::int64_t>(a->marks.size()), -a->best_score()) <
           std::tuple(-static_cast<std::int64_t>(b->marks.size()), -b->best_score());
  });
  const std::size_t all_right = right.size();
  right.resize(std::min(right.size(), kDrawnNodes));
  std::stable_sort(right.begin(), right.end(),
                   [](const auto* a, const auto* b) { return a->facts.date < b->facts.date; });
  std::vector<const Mark*> left;
  std::size_t all_left = 0;
  for (const Mark& mark : findings.marks) {
    if (!mark.is_linked()) continue;
    if (++all_left <= kDrawnNodes) left.push_back(&mark);
  }
  const int rows = static_cast<int>(std::max(left.size(), right.size()));
  const int height = rows * kRow + 20;
  const auto y_of = [&](std::size_t place, std::size_t count) {
    return 10 + (static_cast<double>(place) + 0.5) * rows * kRow / static_cast<double>(count);
  };
  std::map<int, double> mark_y;
  std::string nodes, edges;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double y = mark_y[left[i]->number] = y_of(i, left.size());
    fmt::format_to(std::back_inserter(nodes),
                   "<a href=\"marks/{0}.html\"><text x=\"150\" y=\"{1:.1f}\" text-anchor=\"end\">"
                   "{0} <tspan class=\"soft\">{2} photo{3}</tspan></text></a>"
                   "<circle class=\"node\" cx=\"164\" cy=\"{4:.1f}\" r=\"5\"/>",
                   mark_name(*left[i]), y + 4, left[i]->photos.size(),
                   left[i]->photos.size() == 1 ? "" : "s", y);
  }
  for (std::size_t i = 0; i < right.size(); ++i) {
    const double y = y_of(i, right.size());
    const LinkedSeizure& other = *right[i];
    fmt::format_to(std::back_inserter(nodes),
                   "<circle class=\"node\" cx=\"620\" cy=\"{:.1f}\" r=\"5\"/>"
                   "<text x=\"634\" y=\"{:.1f}\">{} <tspan class=\"soft\">{} {}</tspan></text>",
                   y, y + 4, markup(shortened(other.title())), markup(other.facts.date),
                   markup(shortened(other.facts.place)));
    for (const auto& [mark, score] : other.marks) {
      const auto from = mark_y.find(mark);
      if (from == mark_y.end()) continue;
      fmt::format_to(std::back_inserter(edges),
                     "<path class=\"edge\" stroke-width=\"{:.1f}\" d=\"M164 {:.1f}C390 {:.1f} 390 "
                     "{:.1f} 620 {:.1f}\"/>",
                     std::clamp(score / 3, 1.0, 6.0), from->second, from->second, y, y);
    }
  }
  std::string caption = "Marks of this seizure and catalogued seizures that share them, by date.";
  if (all_left > left.size() || all_right > right.size()) {
    caption += fmt::format(" The first {} of {} marks and {} of {} seizures are drawn.",
                           left.size(), all_left, right.size(), all_right);
  }
  return figure(height, "Graph of marks and seizures", edges + nodes, caption);
}

std::string draw_time_line(const Seizure& own, const std::vector<LinkedSeizure>& linked) {
  struct Event {
    double day = 0;
    const Seizure* seizure = nullptr;
    bool is_own = false;
  };
  std::vector<Event> events;
  for (const LinkedSeizure& other : linked) {
    if (const auto day = days_of(other.facts.date)) events.push_back({*day, &other.facts, false});
  }
  if (events.empty()) return {};
  if (const auto day = days_of(own.date)) events.push_back({*day, &own, true});
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.day < b.day; });
  const double first = events.front().day, last = events.back().day;
  const double span = std::max(1.0, last - first);
  constexpr int kLeft = 40, kRight = 60, kLanes = 6;
  std::string body = fmt::format("<path class=\"axis\" d=\"M{} 24H{}\"/>", kLeft, kWidth - 20);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    const double x = kLeft + (kWidth - kLeft - kRight) * (event.day - first) / span;
    const double y = 50 + 18.0 * static_cast<double>(i % kLanes);
    const std::string name =
        event.is_own && event.seizure->name.empty() ? "this seizure" : event.seizure->name;
    const bool is_late = x > 0.7 * kWidth;
    fmt::format_to(
        std::back_inserter(body),
        "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"24\" r=\"5\"/><path class=\"axis\" d=\"M{:.1f} "
        "29V{:.1f}\"/><text x=\"{:.1f}\" y=\"{:.1f}\"{}>{} <tspan class=\"soft\">{}</tspan></text>",
        event.is_own ? "own" : "node", x, x, y - 10, x + (is_late ? 4 : -4), y,
        is_late ? " text-anchor=\"end\"" : "", markup(shortened(name)),
        markup(event.seizure->date));
  }
  const int lanes = static_cast<int>(std::min<std::size_t>(kLanes, events.size()));
  return figure(60 + 18 * lanes, "Time line", body,
                "When the linked seizures were made; this one in red where its date is known.");
}

std::string draw_map(const std::optional<std::pair<double, double>>& own,
                     const std::vector<LinkedSeizure>& linked) {
  struct Place {
    double x = 0, y = 0;
    std::string name;
    bool is_own = false;
  };
  std::vector<Place> places;
  if (own) places.push_back({own->second, own->first, "this seizure", true});
  for (const LinkedSeizure& other : linked) {
    if (other.position) {
      places.push_back({other.position->second, other.position->first, other.title(), false});
    }
  }
  if (places.empty()) return {};
  double south = 90, north = -90, west = 180, east = -180;
  for (const Place& place : places) {
    south = std::min(south, place.y);
    north = std::max(north, place.y);
    west = std::min(west, place.x);
    east = std::max(east, place.x);
  }
  const double shrink = std::cos(0.5 * (south + north) * std::numbers::pi / 180);
  constexpr double kMargin = 60, kMostHeight = 480, kLeastDegrees = 0.1;
  const double scale =
      std::min((kWidth - 3 * kMargin) / std::max(kLeastDegrees, (east - west) * shrink),
               (kMostHeight - kMargin) / std::max(kLeastDegrees, north - south));
  const auto x_of = [&](double longitude) { return kMargin + (longitude - west) * shrink * scale; };
  const auto y_of = [&](double latitude) { return 0.5 * kMargin + (north - latitude) * scale; };
  std::string lines, dots;
  for (const Place& place : places) {
    const double x = x_of(place.x), y = y_of(place.y);
    if (own && !place.is_own) {
      fmt::format_to(std::back_inserter(lines),
                     "<path class=\"edge\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", x_of(own->second),
                     y_of(own->first), x, y);
    }
    fmt::format_to(std::back_inserter(dots),
                   "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/><text x=\"{:.1f}\" "
                   "y=\"{:.1f}\">{}</text>",
                   place.is_own ? "own" : "node", x, y, x + 9, y + 4,
                   markup(shortened(place.name)));
  }
  const double kilometres = 100 / scale * 111.2;
  const int height = static_cast<int>(kMargin + (north - south) * scale);
  return figure(
      height, "Map", lines + dots,
      fmt::format("Where the linked seizures were made, as far as metadata states coordinates; "
                  "north is up, 100 units of the drawing are about {:.3g} km.",
                  kilometres));
}

}  // namespace pressmark::seizure
