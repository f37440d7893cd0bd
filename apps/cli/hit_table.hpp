// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pressmark/catalogue.hpp"

namespace pressmark::cli {

// One query as a small table on stdout: its name, then a line for each hit or "no match". Queries
// that failed print nothing; their reason goes to stderr.
void print_hits(const QueryResult& result);

// The same of all photos of one mark together.
void print_hits(const MarkResult& result);

}  // namespace pressmark::cli
