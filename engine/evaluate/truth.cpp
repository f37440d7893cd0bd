// SPDX-License-Identifier: Apache-2.0
//
// Unlike a manifest, a truth file is used as a whole or not at all: figures that silently leave out
// some rows would be figures of another set.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "engine/inputs/field_values.hpp"
#include "engine/inputs/manifest_formats.hpp"
#include "engine/inputs/text.hpp"
#include "pressmark/evaluate.hpp"

namespace pressmark {
namespace {

namespace fs = std::filesystem;
using inputs::Cell;
using inputs::in_quotes;
using inputs::trimmed;

constexpr std::array<std::string_view, 2> kTruthColumns{"file", "identity"};
constexpr std::array<std::string_view, 1> kQueryColumns{"file"};
constexpr std::array<std::string_view, 9> kHomographyColumns{"h11", "h12", "h13", "h21", "h22",
                                                             "h23", "h31", "h32", "h33"};
constexpr std::array<std::string_view, 5> kOtherColumns{"file", "identity", "design",
                                                        "scale_mm_per_px", "light_azimuth_deg"};
constexpr std::size_t kListedLines = 10;

// Collects what is wrong, so that one error can name all lines of it.
class Problems {
 public:
  explicit Problems(const fs::path& file) : file_(file) {}

  // Line 0 stands for the file as a whole.
  void add(std::int64_t line, std::string reason, ErrorCode code = ErrorCode::kInvalidArgument) {
    if (found_.empty()) code_ = code;
    found_.emplace_back(line, std::move(reason));
  }

  bool none() const { return found_.empty(); }

  void throw_if_any() const {
    if (found_.empty()) return;
    const auto& [line, reason] = found_.front();
    const std::string place = line == 0 ? std::string() : fmt::format(":{}", line);
    std::vector<std::string> others;
    for (std::size_t i = 1; i < found_.size() && i <= kListedLines; ++i) {
      others.push_back(std::to_string(found_[i].first));
    }
    if (found_.size() > kListedLines + 1) others.emplace_back("...");
    throw Error(code_, fmt::format("{}{}: {}{}", file_.native(), place, reason,
                                   others.empty() ? std::string()
                                                  : fmt::format(" (also wrong: line{} {})",
                                                                others.size() == 1 ? "" : "s",
                                                                fmt::join(others, ", "))));
  }

 private:
  fs::path file_;
  ErrorCode code_ = ErrorCode::kInvalidArgument;
  std::vector<std::pair<std::int64_t, std::string>> found_;
};

class TableRows final : public inputs::RowSink {
 public:
  using TakeRow = std::function<void(std::int64_t line, std::span<const Cell> cells)>;

  TableRows(std::span<const std::string_view> required, Problems& problems, TakeRow take_row)
      : required_(required), problems_(problems), take_row_(std::move(take_row)) {}

  std::string column_name(std::string_view written) const override {
    const std::string_view exact = trimmed(written);
    std::string lower = inputs::ascii_lower(exact);
    const bool known = std::ranges::find(kOtherColumns, lower) != kOtherColumns.end() ||
                       std::ranges::find(kHomographyColumns, lower) != kHomographyColumns.end();
    return known ? lower : std::string(exact);
  }
  std::span<const std::string_view> required_columns() const override { return required_; }
  void add(std::int64_t line, std::span<const Cell> cells) override { take_row_(line, cells); }
  void reject_row(std::int64_t line, std::string reason) override {
    problems_.add(line, std::move(reason));
  }
  void reject_file(std::string reason, ErrorCode code = ErrorCode::kInvalidArgument) override {
    problems_.add(0, std::move(reason), code);
  }

 private:
  std::span<const std::string_view> required_;
  Problems& problems_;
  TakeRow take_row_;
};

void read_table(const fs::path& csv, std::span<const std::string_view> required, Problems& problems,
                TableRows::TakeRow take_row) {
  TableRows rows(required, problems, std::move(take_row));
  inputs::read_file_rows(csv, rows, inputs::read_csv_rows);
}

std::string text_of(std::span<const Cell> cells, std::string_view name) {
  for (const Cell& cell : cells) {
    if (cell.name == name) return cell.value.get<std::string>();
  }
  return {};
}

std::optional<double> finite_number(std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

// The name as it is compared: "./a//b.jpg" and "a/b.jpg" are one file.
fs::path normal_file(const std::string& name) {
  return fs::path(name).lexically_normal();
}

// Why a name cannot be a file below the set's directory.
std::optional<std::string> check_name(const std::string& name) {
  if (trimmed(name).empty()) return "file is not stated";
  if (name.find('\0') != std::string::npos) {
    return fmt::format("file contains a zero byte: {}", in_quotes(name));
  }
  const fs::path file = normal_file(name);
  if (file.is_absolute()) {
    return fmt::format("file must be relative to the directory of the set: {}", in_quotes(name));
  }
  if (*file.begin() == "..") {
    return fmt::format("file lies outside the directory of the set: {}", in_quotes(name));
  }
  return std::nullopt;
}

// False where there is no such regular file; `problems` says so.
bool check_exists(const fs::path& file, const fs::path& name, std::int64_t line,
                  Problems& problems) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) {
    problems.add(line, fmt::format("no such file: {}", in_quotes(name.native())),
                 ErrorCode::kNotFound);
  } else if (status.type() == fs::file_type::none) {
    problems.add(line,
                 fmt::format("{} cannot be read: {}", in_quotes(name.native()), error.message()),
                 ErrorCode::kIo);
  } else if (status.type() != fs::file_type::regular) {
    problems.add(line, fmt::format("not a regular file: {}", in_quotes(name.native())));
  }
  return status.type() == fs::file_type::regular;
}

// Nine numbers of a regular matrix, or none.
std::optional<std::string> parse_homography(std::span<const Cell> cells, TruthRow& row) {
  std::array<double, 9> values{};
  std::size_t stated = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string text = text_of(cells, kHomographyColumns[i]);
    if (trimmed(text).empty()) continue;
    const std::optional<double> value = finite_number(trimmed(text));
    if (!value) {
      return fmt::format("{} is not a number: {}", kHomographyColumns[i], in_quotes(text));
    }
    values[i] = *value;
    ++stated;
  }
  if (stated == 0) return std::nullopt;
  const auto& h = values;
  const double determinant = h[0] * (h[4] * h[8] - h[5] * h[7]) -
                             h[1] * (h[3] * h[8] - h[5] * h[6]) +
                             h[2] * (h[3] * h[7] - h[4] * h[6]);
  if (stated != values.size() || determinant == 0) {
    return "h11 to h33 must be all nine elements of a regular matrix, or empty";
  }
  row.photo_from_mark = values;
  return std::nullopt;
}

// The row, or the reason why it cannot be one.
std::optional<std::string> parse_row(std::span<const Cell> cells, TruthRow& row) {
  const std::string name = text_of(cells, "file");
  if (auto problem = check_name(name)) return problem;
  row.file = normal_file(name);
  row.identity = trimmed(text_of(cells, "identity"));
  row.design = trimmed(text_of(cells, "design"));
  if (row.identity.empty()) return "identity is not stated";
  const std::string scale = text_of(cells, "scale_mm_per_px");
  if (!trimmed(scale).empty()) {
    row.scale_mm_per_px = inputs::parse_scale(trimmed(scale));
    if (!row.scale_mm_per_px) {
      return fmt::format("scale_mm_per_px is not a number above 0: {}", in_quotes(scale));
    }
  }
  const std::string azimuth = text_of(cells, "light_azimuth_deg");
  if (!trimmed(azimuth).empty()) {
    row.light_azimuth_deg = finite_number(trimmed(azimuth));
    if (!row.light_azimuth_deg) {
      return fmt::format("light_azimuth_deg is not a number: {}", in_quotes(azimuth));
    }
  }
  return parse_homography(cells, row);
}

// What rows say about each other.
void check_together(std::span<const TruthRow> rows, Problems& problems) {
  if (rows.empty()) {
    problems.add(0, "no rows");
    return;
  }
  const TruthRow& first = rows.front();
  std::map<std::string, const TruthRow*> identities;
  bool any_twice = false;
  for (const TruthRow& row : rows) {
    if (row.design.empty() != first.design.empty()) {
      problems.add(row.line, fmt::format("design is {}stated, unlike in line {}",
                                         row.design.empty() ? "not " : "", first.line));
    }
    const auto [known, is_new] = identities.try_emplace(row.identity, &row);
    any_twice |= !is_new;
    if (!is_new && known->second->design != row.design && !row.design.empty() &&
        !known->second->design.empty()) {
      problems.add(row.line, fmt::format("identity {} has design {}, but {} in line {}",
                                         in_quotes(row.identity), in_quotes(row.design),
                                         in_quotes(known->second->design), known->second->line));
    }
  }
  if (!any_twice && problems.none()) {
    problems.add(0, "no identity occurs twice: there is nothing that could be found");
  }
}

}  // namespace

std::vector<TruthRow> read_truth(const fs::path& directory, const fs::path& truth_csv) {
  if (!fs::is_directory(directory)) {
    throw Error(ErrorCode::kNotFound, fmt::format("{}: no such directory", directory.native()));
  }
  Problems problems(truth_csv);
  std::vector<TruthRow> rows;
  std::unordered_map<std::string, std::int64_t> lines;
  read_table(truth_csv, kTruthColumns, problems, [&](std::int64_t line, auto cells) {
    TruthRow row;
    row.line = line;
    if (auto problem = parse_row(cells, row)) {
      problems.add(line, std::move(*problem));
      return;
    }
    const auto [known, is_new] = lines.try_emplace(row.file.native(), line);
    if (!is_new) {
      problems.add(line, fmt::format("file {} is in line {} already", in_quotes(row.file.native()),
                                     known->second));
      return;
    }
    if (!check_exists(directory / row.file, row.file, line, problems)) return;
    rows.push_back(std::move(row));
  });
  if (problems.none()) check_together(rows, problems);
  problems.throw_if_any();
  return rows;
}

std::vector<std::size_t> read_queries(const fs::path& queries_csv,
                                      std::span<const TruthRow> truth) {
  std::unordered_map<std::string, std::size_t> images;
  for (std::size_t i = 0; i < truth.size(); ++i) images.emplace(truth[i].file.native(), i);
  Problems problems(queries_csv);
  std::map<std::size_t, std::int64_t> lines;  // of each query
  read_table(queries_csv, kQueryColumns, problems, [&](std::int64_t line, auto cells) {
    const std::string name = text_of(cells, "file");
    if (auto problem = check_name(name)) {
      problems.add(line, std::move(*problem));
      return;
    }
    const auto image = images.find(normal_file(name).native());
    if (image == images.end()) {
      problems.add(line, fmt::format("file {} is not in the truth file", in_quotes(name)));
      return;
    }
    const auto [known, is_new] = lines.try_emplace(image->second, line);
    if (!is_new) {
      problems.add(line,
                   fmt::format("file {} is in line {} already", in_quotes(name), known->second));
    }
  });
  if (lines.empty() && problems.none()) problems.add(0, "no rows");
  problems.throw_if_any();
  std::vector<std::size_t> queries;
  queries.reserve(lines.size());
  for (const auto& [image, line] : lines) queries.push_back(image);
  return queries;
}

std::vector<std::size_t> queries_with_mates(std::span<const TruthRow> truth) {
  std::unordered_map<std::string, int> counts;
  for (const TruthRow& row : truth) ++counts[row.identity];
  std::vector<std::size_t> queries;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (counts[truth[i].identity] > 1) queries.push_back(i);
  }
  return queries;
}

}  // namespace pressmark
