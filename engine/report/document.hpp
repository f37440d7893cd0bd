// SPDX-License-Identifier: Apache-2.0
//
// What all reports have in common: the page's frame, and slots for pictures.
#pragma once

#include <kainjow/mustache.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/report/output_file.hpp"
#include "engine/report/picture.hpp"

namespace pressmark::report {

using TemplateData = kainjow::mustache::data;

// Up to the end of the masthead. `kicker` says what kind of report it is.
void write_head(AtomicFile& target, const std::string& title, const std::string& kicker,
                const std::vector<std::string_view>& styles);

// The run manifest and the script.
void write_foot(AtomicFile& target, const std::string& manifest_json);

// For {{#shown}} with the picture's id, or {{#missing}} with the reason.
TemplateData picture_slot(const EmbeddedPicture& picture, const DisplayFrame& frame, double x,
                          double y);

}  // namespace pressmark::report
