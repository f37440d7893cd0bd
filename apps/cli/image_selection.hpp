// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pressmark/catalogue.hpp"

namespace pressmark::cli {

// The image that a user names by its number or by at least four digits of its SHA-256. A number
// wins over a hash of the same digits. Throws Error: kNotFound, kInvalidArgument (ambiguous).
CatalogueImage select_image(const Catalogue& catalogue, const std::string& name);

// Throws Error(kNotFound) unless the name is empty or that of a seizure in the catalogue.
void require_seizure(const Catalogue& catalogue, const std::string& name);

// "  (SEIZURE / PACKAGE)", safe for a terminal line; empty without a seizure.
std::string describe_origin(const ImageFacts& facts);

}  // namespace pressmark::cli
