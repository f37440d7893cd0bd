// SPDX-License-Identifier: Apache-2.0
//
// What all reports have in common: the page's frame, lists of facts, and slots for pictures.
#pragma once

#include <kainjow/mustache.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/report/output_file.hpp"
#include "engine/report/picture.hpp"

namespace pressmark::report {

using TemplateData = kainjow::mustache::data;

kainjow::mustache::mustache parsed(std::string_view source);

// A list of label and value for a template's {{#facts}}; empty values are left out.
class FactList {
 public:
  void add(const std::string& label, const std::string& value, bool is_machine = false);
  const TemplateData& list() const { return list_; }

 private:
  TemplateData list_{TemplateData::type::list};
};

// Up to the end of the masthead. `kicker` says what kind of report it is.
void write_head(AtomicFile& target, const std::string& title, const std::string& kicker,
                const std::vector<std::string_view>& styles);

// The run manifest and the script.
void write_foot(AtomicFile& target, const std::string& manifest_json);

// For {{#shown}} with the picture's id, or {{#missing}} with the reason.
TemplateData picture_slot(const EmbeddedPicture& picture, const DisplayFrame& frame, double x,
                          double y);

}  // namespace pressmark::report
