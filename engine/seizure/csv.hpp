// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/report/output_file.hpp"

namespace pressmark::seizure {

// Rows after RFC 4180, in UTF-8.
class CsvFile {
 public:
  CsvFile(const std::filesystem::path& file, const std::vector<std::string>& header) : file_(file) {
    row(header);
  }
  void row(const std::vector<std::string>& cells);
  void finish() { file_.commit(); }

 private:
  report::AtomicFile file_;
};

}  // namespace pressmark::seizure
