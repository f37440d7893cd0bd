// SPDX-License-Identifier: Apache-2.0
//
// Checks of what callers hand in, before anything is written. All throw Error(kInvalidArgument)
// with the offending value.
#pragma once

#include <string>
#include <string_view>

#include "engine/store/store.hpp"

namespace pressmark::store {

// UTF-8 without NUL, as SQLite's text functions need it.
bool is_text(std::string_view bytes);

void validate_seizure(const Seizure& seizure);
void validate_settings(const CatalogueSettings& settings);

// All but metadata_json, and whether names exist, which the database decides.
void validate_image(const NewImage& image);

void validate_decision(const NewDecision& decision);
// Of another catalogue.
void validate_decision(const Decision& decision);

// The value that holds after `stated` is learned where `stored` is known: an empty value and a less
// precise date give way. Throws where the two contradict, naming both.
std::string merged_fact(const std::string& seizure, std::string_view field,
                        const std::string& stored, const std::string& stated);

}  // namespace pressmark::store
