// SPDX-License-Identifier: Apache-2.0
//
// A catalogue's index files as parts to find candidates among. All of them are derived from
// segments: one that is missing, damaged or stale is left out, and its images are taken from their
// segments instead.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/candidates/part.hpp"
#include "engine/model/model_data.hpp"
#include "engine/store/part_list.hpp"
#include "engine/store/store.hpp"
#include "kernels/ops.hpp"

namespace pressmark::pipeline {

// One index file that agrees with the catalogue.
struct IndexedPart {
  std::uint64_t header_checksum = 0;
  std::shared_ptr<const store::PartFile> file;
  std::shared_ptr<const candidates::MappedPart> part;

  std::uint64_t number() const { return file->number(); }
  std::size_t rows() const { return part->rows().size(); }
};

struct IndexFiles {
  store::PartList list;                          // as published
  std::vector<IndexedPart> parts;                // by first id; no image is in two of them
  std::vector<store::CoveredSegment> uncovered;  // segments in no part, by number
  std::vector<store::DescriptionLocation> tail;  // their images, by id
  std::vector<ImageId> removed;                  // ascending; parts may still hold them
  std::vector<std::string> problems;             // why files are not used; one line each
};

std::filesystem::path index_directory(const store::Store& store);

// What can be relied upon now. Parts whose numbers are distrusted are left out. Takes time by the
// number of parts, segments, removed images and images in the tail. Throws Error of the store; kIo.
IndexFiles open_index(const store::Store& store, const models::ModelData& model,
                      const std::set<std::uint64_t>& distrusted = {});

// Reads every byte of the index files; what is wrong with them, one line each. Throws as
// open_index().
std::vector<std::string> check_index(const store::Store& store, const models::ModelData& model);

// Maps one file and tests what a part tests when it is opened. Throws Error: kCorruptData,
// kUnsupported, kIo.
IndexedPart open_part(const std::filesystem::path& file, std::uint64_t number,
                      std::uint64_t header_checksum, const store::PartOwner& owner,
                      const models::ModelData& model);

// Describes images, by ascending id, at most index::kMostPartRows and at least one, by a new index
// file. Memory: all of them, 33 KB each. Returns the header's checksum.
std::uint64_t write_images(const store::Store& store, const kernels::Backend& backend,
                           const models::ModelData& model,
                           std::span<const store::DescriptionLocation> images,
                           store::PartWriter& writer,
                           std::span<const store::CoveredSegment> covered);

// Images that are written to one file before it is joined with others.
inline constexpr std::size_t kImagesAtOnce = 1024;

}  // namespace pressmark::pipeline
