// SPDX-License-Identifier: Apache-2.0
//
// What the fuzz targets begin with: images and a catalogue, small and always the same but for
// moments and the catalogue's random id.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/store/store.hpp"

namespace pressmark::fuzz {

// A directory for this process, removed at its end.
const std::filesystem::path& work_directory();

void write_file(const std::filesystem::path& file, const void* data, std::size_t size);

store::CatalogueSettings sample_settings();
std::vector<store::NewImage> sample_images();

// Three images in two segments, one of them removed, with a seizure and a package.
void create_sample_catalogue(const std::filesystem::path& directory);

}  // namespace pressmark::fuzz
