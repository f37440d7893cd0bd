// SPDX-License-Identifier: Apache-2.0
#include "engine/inputs/manifest_formats.hpp"
#include "engine/inputs/manifest_rows.hpp"
#include "engine/inputs/text.hpp"
#include "pressmark/inputs.hpp"

namespace pressmark {

PhotoList read_manifest(const std::filesystem::path& manifest) {
  PhotoList list;
  inputs::ManifestRows rows(manifest, list);
  const std::string extension = inputs::ascii_lower(manifest.extension().native());
  if (extension != ".csv" && extension != ".jsonl") {
    rows.reject_file("a manifest's name must end in .csv or .jsonl", ErrorCode::kUnsupported);
    return list;
  }
  inputs::read_file_rows(manifest, rows,
                         extension == ".csv" ? inputs::read_csv_rows : inputs::read_jsonl_rows);
  if (list.photos.empty() && list.issues.empty()) rows.reject_file("no rows");
  return list;
}

}  // namespace pressmark
