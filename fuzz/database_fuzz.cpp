// SPDX-License-Identifier: Apache-2.0
//
// A database of any bytes beside sound segments: the catalogue is refused with an Error, or
// answers; opened for writing, it loses no segment that the sound database names.
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "engine/store/names.hpp"
#include "fuzz/sample_catalogue.hpp"
#include "pressmark/error.hpp"

namespace {

namespace fs = std::filesystem;
using namespace pressmark;

const fs::path& catalogue() {
  static const fs::path directory = [] {
    const fs::path place = fuzz::work_directory() / "catalogue";
    fuzz::create_sample_catalogue(place);
    return place;
  }();
  return directory;
}

void read_all(const store::Store& store) {
  store.info();
  store.list_seizures();
  store.find_seizure("S");
  store.find_by_hash_prefix("0100");
  store.list_images({}, [](const CatalogueImage&) { return true; });
  for (const store::DescriptionLocation& location : store.locations()) {
    store.find(location.id);
    try {
      store.read_description(location);
    } catch (const Error&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fs::path database = catalogue() / store::kDatabaseName;
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    fs::remove(database.native() + suffix);
  }
  fuzz::write_file(database, data, size);
  try {
    read_all(store::Store(catalogue(), Catalogue::Access::kRead));
  } catch (const Error&) {
  }
  return 0;
}
