// SPDX-License-Identifier: Apache-2.0
#include "inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string>

#include "pressmark/json.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

bool is_manifest(const std::filesystem::path& input) {
  std::string extension = input.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return (extension == ".csv" || extension == ".jsonl") && !std::filesystem::is_directory(input);
}

template <typename T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

PhotoList gather_inputs(const std::vector<std::filesystem::path>& inputs) {
  PhotoList all;
  // Neighbouring folders and files are collected in one call, which recognises repeated names.
  for (auto first = inputs.begin(); first != inputs.end();) {
    const auto last =
        is_manifest(*first) ? first + 1 : std::find_if(first, inputs.end(), is_manifest);
    PhotoList part =
        is_manifest(*first) ? read_manifest(*first) : collect_photos(std::vector(first, last));
    append(all.photos, std::move(part.photos));
    append(all.issues, std::move(part.issues));
    append(all.seizures, std::move(part.seizures));
    all.skipped_files += part.skipped_files;
    first = last;
  }
  return all;
}

void print_issue(std::string_view file, std::string_view reason) {
  print_error(fmt::format("{}: {}", display(file), display(reason)));
}

void report_issues(const PhotoList& list, RecordPrinter& records) {
  for (const InputIssue& issue : list.issues) {
    print_issue(issue.file, issue.reason);
    records.print(to_json(issue));
  }
  if (list.skipped_files > 0) {
    print_message(fmt::format("skipped {} file{} that {} not named like a photo",
                              list.skipped_files, list.skipped_files == 1 ? "" : "s",
                              list.skipped_files == 1 ? "is" : "are"));
  }
}

}  // namespace pressmark::cli
