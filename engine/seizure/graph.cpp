// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "engine/report/json_values.hpp"
#include "engine/report/output_file.hpp"
#include "engine/report/text.hpp"
#include "engine/seizure/output.hpp"
#include "engine/seizure/results.hpp"

namespace pressmark::seizure {
namespace {

using Position = std::pair<double, double>;

std::string data(const char* key, const std::string& value) {
  return value.empty() ? std::string()
                       : fmt::format("<data key=\"{}\">{}</data>", key, report::markup(value));
}

std::optional<double> degrees(const Json& metadata, const char* name, const char* short_name,
                              double most) {
  const auto found = metadata.contains(name) ? metadata.find(name) : metadata.find(short_name);
  if (found == metadata.end()) return std::nullopt;
  double value = NAN;
  if (found->is_number()) {
    value = found->get<double>();
  } else if (found->is_string()) {
    const std::string text = found->get<std::string>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  return std::abs(value) <= most ? std::optional(value) : std::nullopt;
}

Json point_feature(const Position& position, Json properties) {
  return {{"type", "Feature"},
          {"geometry",
           {{"type", "Point"}, {"coordinates", Json::array({position.second, position.first})}}},
          {"properties", std::move(properties)}};
}

std::string own_title(const Plan& plan) {
  return plan.seizure.name.empty() ? "this seizure" : report::displayable(plan.seizure.name);
}

}  // namespace

std::string LinkedSeizure::title() const {
  return image > 0 ? fmt::format("image {}", image) : facts.name;
}

double LinkedSeizure::best_score() const {
  double best = 0;
  for (const auto& [mark, score] : marks) best = std::max(best, score);
  return best;
}

std::optional<Position> position_of(const std::string& metadata_json) {
  const Json metadata = report::metadata_value(metadata_json);
  if (!metadata.is_object()) return std::nullopt;
  const auto latitude = degrees(metadata, "latitude", "lat", 90);
  const auto longitude = degrees(metadata, "longitude", "lon", 180);
  if (!latitude || !longitude) return std::nullopt;
  return Position{*latitude, *longitude};
}

std::vector<LinkedSeizure> linked_seizures(const Findings& findings, const Catalogue& catalogue) {
  std::map<std::string, Seizure> known;
  for (const SeizureInfo& info : catalogue.list_seizures()) known[info.seizure.name] = info.seizure;
  std::map<std::pair<ImageId, std::string>, LinkedSeizure> linked;
  for (const Mark& mark : findings.marks) {
    for (const OutsideLink& link : mark.outside) {
      const std::optional<CatalogueImage> image =
          link.holds ? catalogue.find(link.image) : std::nullopt;
      if (!image) continue;
      const std::string& name = image->facts.seizure;
      LinkedSeizure& entry = linked[{name.empty() ? link.image : 0, name}];
      if (name.empty()) {
        entry.image = link.image;
      } else {
        entry.facts = known[name];
        entry.facts.name = name;
      }
      double& best = entry.marks[mark.number];
      best = std::max(best, link.score);
      entry.images.insert(link.image);
      if (!image->facts.package.empty()) entry.packages.insert(image->facts.package);
      if (!entry.position) entry.position = position_of(image->facts.metadata_json);
    }
  }
  std::vector<LinkedSeizure> result;
  for (auto& [key, entry] : linked) result.push_back(std::move(entry));
  return result;
}

void write_graph(const std::filesystem::path& directory, const Plan& plan, const Findings& findings,
                 const std::vector<LinkedSeizure>& linked) {
  report::AtomicFile file(directory / "graph.graphml");
  file.write(R"(<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="kind" for="node" attr.name="kind" attr.type="string"/>
<key id="label" for="node" attr.name="label" attr.type="string"/>
<key id="photos" for="node" attr.name="photos" attr.type="long"/>
<key id="packages" for="node" attr.name="packages" attr.type="long"/>
<key id="place" for="node" attr.name="place" attr.type="string"/>
<key id="date" for="node" attr.name="date" attr.type="string"/>
<key id="agency" for="node" attr.name="agency" attr.type="string"/>
<key id="score" for="edge" attr.name="score" attr.type="double"/>
<graph id="seizure" edgedefault="undirected">
)");
  file.write(fmt::format("<node id=\"own\">{}{}{}{}{}</node>\n", data("kind", "own"),
                         data("label", own_title(plan)), data("place", plan.seizure.place),
                         data("date", plan.seizure.date), data("agency", plan.seizure.agency)));
  for (const Mark& mark : findings.marks) {
    file.write(
        fmt::format("<node id=\"{0}\">{1}{2}{3}{4}</node>\n"
                    "<edge source=\"own\" target=\"{0}\"/>\n",
                    mark_name(mark), data("kind", "mark"), data("label", mark_name(mark)),
                    data("photos", std::to_string(mark.photos.size())),
                    data("packages", std::to_string(mark.packages))));
  }
  for (std::size_t i = 0; i < linked.size(); ++i) {
    const LinkedSeizure& other = linked[i];
    file.write(fmt::format(
        "<node id=\"c{}\">{}{}{}{}{}{}{}</node>\n", i + 1,
        data("kind", other.image > 0 ? "image" : "seizure"), data("label", other.title()),
        data("photos", std::to_string(other.images.size())),
        data("packages", std::to_string(other.packages.size())), data("place", other.facts.place),
        data("date", other.facts.date), data("agency", other.facts.agency)));
    for (const auto& [mark, score] : other.marks) {
      file.write(fmt::format("<edge source=\"{}\" target=\"c{}\">{}</edge>\n", mark_name(mark),
                             i + 1, data("score", fmt::format("{}", score))));
    }
  }
  file.write("</graph>\n</graphml>\n");
  file.commit();
}

std::optional<Position> own_position(const std::filesystem::path& directory) {
  InputReader inputs(directory);
  while (const std::optional<PhotoInput> photo = inputs.next()) {
    if (const auto position = position_of(photo->facts.metadata_json)) return position;
  }
  return std::nullopt;
}

void write_map(const std::filesystem::path& directory, const Plan& plan,
               const std::optional<Position>& own, const std::vector<LinkedSeizure>& linked) {
  Json features = Json::array();
  if (own) {
    features.push_back(point_feature(*own, {{"kind", "own"},
                                            {"name", own_title(plan)},
                                            {"place", report::text_or_null(plan.seizure.place)},
                                            {"date", report::text_or_null(plan.seizure.date)}}));
  }
  for (const LinkedSeizure& other : linked) {
    if (!other.position) continue;
    Json marks = Json::array();
    const double best = other.best_score();
    for (const auto& [mark, score] : other.marks) marks.push_back(mark_name(mark));
    features.push_back(
        point_feature(*other.position, {{"kind", other.image > 0 ? "image" : "seizure"},
                                        {"name", other.title()},
                                        {"place", report::text_or_null(other.facts.place)},
                                        {"date", report::text_or_null(other.facts.date)},
                                        {"marks", std::move(marks)},
                                        {"score", best}}));
    if (own) {
      features.push_back(
          {{"type", "Feature"},
           {"geometry",
            {{"type", "LineString"},
             {"coordinates",
              Json::array({Json::array({own->second, own->first}),
                           Json::array({other.position->second, other.position->first})})}}},
           {"properties", {{"kind", "link"}, {"name", other.title()}, {"score", best}}}});
    }
  }
  const std::filesystem::path file = directory / "map.geojson";
  if (features.empty()) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    return;
  }
  write_file(file,
             report::serialise({{"type", "FeatureCollection"}, {"features", features}}, 1) + "\n");
}

}  // namespace pressmark::seizure
