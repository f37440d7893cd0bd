// SPDX-License-Identifier: Apache-2.0
//
// What rows of CSV and JSONL manifests have in common: from cells to a photo, or to an issue that
// tells why not. A row is used as a whole or not at all.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/inputs/row_sink.hpp"
#include "pressmark/inputs.hpp"

namespace pressmark::inputs {

class ManifestRows final : public RowSink {
 public:
  // `list` receives photos, issues and seizures; it must outlive the object.
  ManifestRows(const std::filesystem::path& manifest, PhotoList& list);

  // Trimmed, the known ones in lower case.
  std::string column_name(std::string_view written) const override;
  std::span<const std::string_view> required_columns() const override;

  // Adds the photo of the row, or an issue.
  void add(std::int64_t line, std::span<const Cell> cells) override;

  void reject_row(std::int64_t line, std::string reason) override;
  void reject_file(std::string reason, ErrorCode code = ErrorCode::kInvalidArgument) override;

 private:
  // place, date, agency of a seizure in PhotoList::seizures, with the lines that stated them.
  struct Declared {
    std::size_t index = 0;
    std::array<std::int64_t, 3> lines{};
  };

  std::string source(std::int64_t line) const;
  std::optional<std::string> declare(const Seizure& seizure, std::int64_t line);

  std::filesystem::path manifest_;
  PhotoList& list_;
  std::unordered_map<std::string, Declared> declared_;
};

}  // namespace pressmark::inputs
