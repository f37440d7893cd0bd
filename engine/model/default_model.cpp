// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "pressmark/error.hpp"
#include "pressmark/model.hpp"

namespace pressmark {
namespace {

constexpr const char* kDefaultModel = "press";

}  // namespace

Model Model::load_default() {
  if (const char* chosen = std::getenv("PRESSMARK_MODEL"); chosen != nullptr && *chosen != '\0') {
    return load(chosen);
  }
  std::vector<std::filesystem::path> places;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    places.push_back(program.parent_path().parent_path() / "share/pressmark/models");
  }
  places.emplace_back(PRESSMARK_INSTALLED_MODELS);
  places.emplace_back(PRESSMARK_SOURCE_MODELS);
  std::string searched;
  for (const auto& place : places) {
    if (std::filesystem::exists(place / kDefaultModel / "model.bin", error)) {
      return load(place / kDefaultModel);
    }
    searched += fmt::format("{}{}", searched.empty() ? "" : ", ", place.string());
  }
  throw Error(ErrorCode::kNotFound,
              fmt::format("no model '{}' in {}; set PRESSMARK_MODEL to a model directory",
                          kDefaultModel, searched));
}

}  // namespace pressmark
