// SPDX-License-Identifier: Apache-2.0
//
// What programs read of a run: tables, records, a graph and a map. docs/seizure.md lists every
// column and field. Each file is complete or absent; equal findings give equal bytes.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/seizure/findings.hpp"
#include "engine/seizure/plan.hpp"
#include "pressmark/catalogue.hpp"

namespace pressmark::seizure {

// Of what the marks are linked to, by what the examiners know: a seizure of the catalogue, or,
// where none is stated, a single image.
struct LinkedSeizure {
  Seizure facts;                                      // name empty: images without a seizure
  ImageId image = 0;                                  // that image; 0 where it is a seizure
  std::map<int, double> marks;                        // number of the mark -> best score
  std::set<std::string> packages;                     // that are linked
  std::set<ImageId> images;                           // that are linked
  std::optional<std::pair<double, double>> position;  // latitude, longitude
  std::string title() const;                          // "2024-117", "image 12"
  double best_score() const;                          // of all marks
};

// By title. Links that hold only.
std::vector<LinkedSeizure> linked_seizures(const Findings& findings, const Catalogue& catalogue);

// Metadata "latitude" and "longitude" (or "lat", "lon"), degrees, as numbers or text.
std::optional<std::pair<double, double>> position_of(const std::string& metadata_json);

void write_photo_table(const std::filesystem::path& directory, const Plan& plan,
                       const Findings& findings);  // photos.csv
void write_mark_table(const std::filesystem::path& directory, const Findings& findings,
                      const Catalogue& photos, const Catalogue& catalogue);  // marks.csv
void write_links(const std::filesystem::path& directory, const Findings& findings,
                 const Catalogue& photos,
                 const Catalogue& catalogue);  // links.csv, links.jsonl
void write_graph(const std::filesystem::path& directory, const Plan& plan, const Findings& findings,
                 const std::vector<LinkedSeizure>& linked);  // graph.graphml
// map.geojson, where any position is known. Without: removes an older one.
void write_map(const std::filesystem::path& directory, const Plan& plan,
               const std::optional<std::pair<double, double>>& own,
               const std::vector<LinkedSeizure>& linked);
// The first position that a photo of the seizure states.
std::optional<std::pair<double, double>> own_position(const std::filesystem::path& directory);

}  // namespace pressmark::seizure
