// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "outputs.hpp"
#include "pressmark/inputs.hpp"

namespace pressmark::cli {

// Photos of folders, files and manifests (names that end in .csv or .jsonl), in the order given.
PhotoList gather_inputs(const std::vector<std::filesystem::path>& inputs);

// "FILE: reason" on stderr.
void print_issue(std::string_view file, std::string_view reason);

// Every issue on stderr and as a record.
void report_issues(const PhotoList& list, RecordPrinter& records);

}  // namespace pressmark::cli
