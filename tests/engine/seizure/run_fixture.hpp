// SPDX-License-Identifier: Apache-2.0
//
// A catalogue of drawn scenes, and runs over photos that show some of them.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "engine/seizure/output.hpp"
#include "engine/seizure/run_manifest.hpp"
#include "pressmark/seizure.hpp"
#include "tests/engine/pipeline/pipeline_fixture.hpp"

namespace pressmark::test {

// Bytes by name.
using Files = std::map<std::string, std::string>;

class SeizureRunTest : public PipelineTest {
 protected:
  SeizureRunTest() {
    Catalogue catalogue = create();
    std::vector<PhotoInput> photos = write_scenes(4);
    for (PhotoInput& photo : photos) photo.facts.seizure = "2020-1";
    photos[1].facts.package = "P1";
    photos[1].facts.metadata_json = R"({"latitude": 53.5, "longitude": 10})";
    add(catalogue, photos, {}, {}, {{"2020-1", "Hamburg", "2020-05-01", "Zoll"}});
  }

  std::filesystem::path run_place(const std::string& name) const {
    return directory_.path() / ("run-" + name);
  }

  // Two photos of scene 1, which is catalogued; two of scene 20, which is not; one of scene 3 in
  // the package of a photo of scene 1; what cannot be used.
  PhotoList photos() const {
    PhotoList list;
    list.photos = {write_view(1),
                   write("again.png", scene(1)),
                   write_view(20),
                   write("twenty.png", scene(20)),
                   write_bad("bad.jpg"),
                   write_view(3),
                   write("copy.png", view_of_scene(20)),
                   write("tiny.png", test_picture(12, 9, 1)),
                   {directory_.path() / "gone.png", {}, {}}};
    // Not the same bytes as scene1.png, which is catalogued.
    Picture changed = scene(1);
    changed.pixels[0] ^= 1;
    list.photos[1] = write("again.png", changed);
    for (const std::size_t i : {0u, 5u}) {
      list.photos[i].facts.seizure = "own";
      list.photos[i].facts.package = "A";
    }
    list.issues = {{"facts.csv:7", ErrorCode::kInvalidArgument, "kind is not known"}};
    return list;
  }

  void begin(const std::filesystem::path& place) const {
    SeizureOptions options;
    begin_seizure(place, this->place(), photos(), {"own", "Kiel", "2024-01-02", ""}, options);
  }

  static SeizureSummary go_on(const std::filesystem::path& place, const RunControl& control = {}) {
    SeizureControl seizure;
    seizure.run = control;
    return continue_seizure(place, seizure);
  }

  static Files results(const std::filesystem::path& place) {
    Files files;
    for (const std::filesystem::path& file : seizure::result_files(place)) {
      files[file] = seizure::read_file(place / file);
    }
    files["manifest.json"] = seizure::read_file(place / "manifest.json");
    return files;
  }

  static void expect_same(const Files& a, const Files& b) {
    ASSERT_EQ(a.size(), b.size());
    for (const auto& [name, bytes] : a) {
      ASSERT_TRUE(b.contains(name)) << name;
      EXPECT_TRUE(b.at(name) == bytes) << name;
    }
  }

  static std::vector<seizure::Json> lines_of(const std::string& text) {
    std::vector<seizure::Json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(seizure::Json::parse(line));
    return lines;
  }
};

}  // namespace pressmark::test
