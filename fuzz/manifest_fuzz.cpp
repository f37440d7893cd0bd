// SPDX-License-Identifier: Apache-2.0
//
// A manifest of any bytes gives photos and issues, never an exception. The first byte chooses the
// format.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fuzz/sample_catalogue.hpp"
#include "pressmark/inputs.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pressmark;
  if (size == 0) return 0;
  static const std::filesystem::path csv = fuzz::work_directory() / "manifest.csv";
  static const std::filesystem::path jsonl = fuzz::work_directory() / "manifest.jsonl";
  const std::filesystem::path& file = data[0] % 2 == 0 ? csv : jsonl;
  fuzz::write_file(file, data + 1, size - 1);
  const PhotoList list = read_manifest(file);
  for (const InputIssue& issue : list.issues) {
    if (issue.reason.empty() || issue.reason.find('\n') != std::string::npos) std::abort();
  }
  for (const PhotoInput& photo : list.photos) {
    if (photo.file.empty() || photo.source.empty()) std::abort();
  }
  return 0;
}
