// SPDX-License-Identifier: Apache-2.0
//
// Writes the corpus that fuzzing begins with, by the code that writes real files: a folder for each
// target.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/model/model_data.hpp"
#include "engine/store/names.hpp"
#include "engine/store/segment.hpp"
#include "fuzz/sample_catalogue.hpp"
#include "fuzz/sample_part.hpp"
#include "tests/engine/store/golden_segment.hpp"
#include "tests/support/test_model.hpp"

namespace pressmark::fuzz {
namespace {

namespace fs = std::filesystem;

void write_text(const fs::path& file, const std::string& text) {
  write_file(file, text.data(), text.size());
}

void write_segments(const fs::path& folder) {
  fs::create_directories(folder);
  write_text(folder / "golden", store::golden_segment());
  const std::vector<store::NewImage> images = sample_images();
  write_segment(folder / "sample", 1, sample_settings(), images);
  write_segment(folder / "one", 2, sample_settings(), std::span(images).first(1));
}

void write_models(const fs::path& folder) {
  fs::create_directories(folder);
  for (const int words : {2, 3}) {
    const auto bytes = models::encode_model(test::test_model_data({words, 4, 1}));
    write_file(folder / std::to_string(words), bytes.data(), bytes.size());
  }
}

void write_databases(const fs::path& folder) {
  fs::create_directories(folder);
  const fs::path catalogue = work_directory() / "seed";
  create_sample_catalogue(catalogue);
  fs::copy_file(catalogue / store::kDatabaseName, folder / "sample",
                fs::copy_options::overwrite_existing);
}

void write_parts(const fs::path& folder) {
  fs::create_directories(folder);
  write_sample_part(folder / "plain", false);
  write_sample_part(folder / "with_lists", true);
}

void write_manifests(const fs::path& folder) {
  fs::create_directories(folder);
  write_text(folder / "csv",
             "0file,seizure,package,kind,place,date,agency,scale_mm_per_px,roi,mark,note\n"
             "a.jpg,S,P,logo,Porto,2024-05-01,PJ,0.25,1 2 30 40,m,\"x, \"\"y\"\"\"\n"
             "\"b\nc.jpg\",S,,toolmark,,2024,,,,,\n");
  write_text(folder / "semicolons",
             "0\xef\xbb\xbf"
             "file;kind\r\na.jpg;overview\r\n;;\r\n");
  write_text(folder / "jsonl",
             "1{\"file\":\"a.jpg\",\"seizure\":\"S\",\"roi\":[1,2,30,40],\"scale_mm_per_px\":0.25,"
             "\"date\":\"2024-05\",\"more\":{\"a\":[1,null]}}\n\n"
             "{\"file\":\"b.jpg\",\"kind\":\"wrapping\",\"mark\":\"m\"}\n");
}

}  // namespace
}  // namespace pressmark::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_fuzz_seeds DIR\n", stderr);
    return 2;
  }
  try {
    const std::filesystem::path target = argv[1];
    pressmark::fuzz::write_segments(target / "segment");
    pressmark::fuzz::write_models(target / "model");
    pressmark::fuzz::write_databases(target / "database");
    pressmark::fuzz::write_parts(target / "part");
    pressmark::fuzz::write_manifests(target / "manifest");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "write_fuzz_seeds: %s\n", error.what());
    return 1;
  }
  return 0;
}
