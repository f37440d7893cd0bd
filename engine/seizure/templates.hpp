// SPDX-License-Identifier: Apache-2.0
//
// The files of engine/seizure/templates, embedded by cmake/PressmarkEmbed.cmake. The .html files
// are mustache templates.
#pragma once

#include <string_view>

namespace pressmark::seizure::templates {

std::string_view page_head_html();     // of every page, up to its heading
std::string_view page_foot_html();     // of every page
std::string_view overview_html();      // of the first page: counts, what matters most
std::string_view about_html();         // its end: how to read, facts
std::string_view marks_head_html();    // table of marks
std::string_view mark_row_html();      // its rows
std::string_view linked_head_html();   // linked seizures: drawings and table
std::string_view photos_head_html();   // table of inputs that were not compared
std::string_view left_out_row_html();  // its rows
std::string_view mark_head_html();     // of a mark's page: facts, links
std::string_view mark_photos_html();   // its end: photos
std::string_view seizure_css();
std::string_view seizure_js();

}  // namespace pressmark::seizure::templates
