// SPDX-License-Identifier: Apache-2.0
#include "image_selection.hpp"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "command.hpp"
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

void require_seizures(const Catalogue& catalogue, const ImageFilter& filter) {
  std::set<std::string> names;
  for (const FilterCondition& condition : filter.conditions) {
    if (condition.field == FilterField::kSeizure && condition.op == FilterOperator::kEqual) {
      names.insert(condition.value);
    }
  }
  names.erase(std::string());  // of images without a seizure
  if (names.empty()) return;
  for (const SeizureInfo& info : catalogue.list_seizures()) names.erase(info.seizure.name);
  if (names.empty()) return;
  throw Error(ErrorCode::kNotFound, fmt::format("unknown seizure '{}'", *names.begin()));
}

CLI::Option* add_where_option(CLI::App& command, ImageFilter& filter, const std::string& help) {
  return command
      .add_option_function<std::vector<std::string>>(
          "--where",
          [&filter](const std::vector<std::string>& conditions) {
            for (const std::string& condition : conditions) {
              try {
                filter.where(condition);
              } catch (const Error& error) {
                throw CLI::ValidationError("--where", display(std::string_view(error.what())));
              }
            }
          },
          help)
      ->allow_extra_args(false)
      ->type_name("CONDITION");
}

CLI::Option* add_fact_option(CLI::App& command, const std::string& name, FilterField field,
                             ImageFilter& filter, const std::string& help) {
  return command
      .add_option_function<std::string>(
          name,
          [&filter, field](const std::string& value) {
            filter.conditions.push_back({field, FilterOperator::kEqual, value, {}});
          },
          help)
      ->check([](const std::string& value) {
        return value.empty() ? std::string("must not be empty") : std::string();
      });
}

std::vector<CLI::Option*> add_selection_options(CLI::App& command, ImageFilter& filter,
                                                const std::string& where_help) {
  return {add_fact_option(command, "--seizure", FilterField::kSeizure, filter,
                          "Only images of this seizure"),
          add_fact_option(command, "--package", FilterField::kPackage, filter,
                          "Only images of this package"),
          add_fact_option(command, "--kind", FilterField::kKind, filter, "Only images of this kind")
              ->check(is_image_kind()),
          add_where_option(command, filter, where_help)};
}

std::int64_t report_selection(const Catalogue& catalogue, const ImageFilter& filter) {
  const std::int64_t images = catalogue.count_images({});
  if (filter.selects_all()) return images;
  const std::int64_t selected = catalogue.count_images(filter);
  print_message(fmt::format("{} of {} images fulfil the conditions", selected, images));
  return selected;
}

std::string describe_origin(const ImageFacts& facts) {
  if (facts.seizure.empty()) return {};
  std::string text = display(std::string_view(facts.seizure));
  if (!facts.package.empty()) text += " / " + display(std::string_view(facts.package));
  return "  (" + text + ")";
}

}  // namespace pressmark::cli
