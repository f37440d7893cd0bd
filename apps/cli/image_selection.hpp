// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "pressmark/catalogue.hpp"

namespace pressmark::cli {

// The image that a user names by its number or by at least four digits of its SHA-256. A number
// wins over a hash of the same digits. Throws Error: kNotFound, kInvalidArgument (ambiguous).
CatalogueImage select_image(const Catalogue& catalogue, const std::string& name);

// Throws Error(kNotFound) where a condition asks for a seizure by its whole name and the catalogue
// has none of that name: most likely a typing error.
void require_seizures(const Catalogue& catalogue, const ImageFilter& filter);

// --where CONDITION, as often as wanted: each is added to the filter. One that cannot be read is
// wrong usage.
CLI::Option* add_where_option(CLI::App& command, ImageFilter& filter, const std::string& help);

// --seizure, --package, --kind and --where, which choose images.
std::vector<CLI::Option*> add_selection_options(CLI::App& command, ImageFilter& filter,
                                                const std::string& where_help);

// An option that adds a condition FIELD = value to the filter. Empty values are wrong usage: such a
// condition would ask for images of which the field is unknown.
CLI::Option* add_fact_option(CLI::App& command, const std::string& name, FilterField field,
                             ImageFilter& filter, const std::string& help);

// "12 of 1000 images fulfil the conditions" on stderr, of a filter that has any; returns the 12.
std::int64_t report_selection(const Catalogue& catalogue, const ImageFilter& filter);

// "  (SEIZURE / PACKAGE)", safe for a terminal line; empty without a seizure.
std::string describe_origin(const ImageFacts& facts);

}  // namespace pressmark::cli
