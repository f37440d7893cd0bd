// SPDX-License-Identifier: Apache-2.0
//
// The files of engine/report/templates, embedded by cmake/PressmarkEmbed.cmake. The .html files
// are mustache templates; the others are inserted into the page as they stand.
#pragma once

#include <string_view>

namespace pressmark::report::templates {

std::string_view head_html();        // up to the end of the masthead
std::string_view summary_html();     // counts, facts of the run, how to read, head of the index
std::string_view index_row_html();   // one row of the index
std::string_view query_html();       // opens a query's section: facts, outcome
std::string_view hit_html();         // one hit: figures, pair, overlay
std::string_view mark_html();        // what several photos of one mark say together
std::string_view foot_html();        // run manifest, script
std::string_view evaluation_html();  // all of an evaluation between head and foot
std::string_view evaluation_css();
std::string_view report_css();
std::string_view report_js();

}  // namespace pressmark::report::templates
