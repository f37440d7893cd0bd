// SPDX-License-Identifier: Apache-2.0
#include "image_selection.hpp"

#include <fmt/format.h>

#include <charconv>

#include "pressmark/error.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

constexpr std::size_t kMinHashDigits = 4;

std::optional<ImageId> parse_id(const std::string& name) {
  ImageId id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return id;
}

bool is_hash_prefix(const std::string& name) {
  return name.size() >= kMinHashDigits && name.size() <= 64 &&
         name.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

}  // namespace

CatalogueImage select_image(const Catalogue& catalogue, const std::string& name) {
  if (const auto id = parse_id(name)) {
    if (auto image = catalogue.find(*id)) return *image;
  }
  if (is_hash_prefix(name)) {
    const std::vector<CatalogueImage> images = catalogue.find_by_hash(name);
    if (images.size() == 1) return images.front();
    if (images.size() > 1) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("'{}' is the beginning of {} hashes", name, images.size()));
    }
  }
  throw Error(ErrorCode::kNotFound,
              fmt::format("no image '{}' in this catalogue (give its number or the first digits of "
                          "its SHA-256)",
                          name));
}

void require_seizure(const Catalogue& catalogue, const std::string& name) {
  if (name.empty()) return;
  for (const SeizureInfo& info : catalogue.list_seizures()) {
    if (info.seizure.name == name) return;
  }
  throw Error(ErrorCode::kNotFound, fmt::format("unknown seizure '{}'", name));
}

std::string describe_origin(const ImageFacts& facts) {
  if (facts.seizure.empty()) return {};
  std::string text = display(std::string_view(facts.seizure));
  if (!facts.package.empty()) text += " / " + display(std::string_view(facts.package));
  return "  (" + text + ")";
}

}  // namespace pressmark::cli
