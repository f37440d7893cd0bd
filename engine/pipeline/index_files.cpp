// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/index_files.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "engine/pipeline/part_sink.hpp"
#include "pressmark/error.hpp"

namespace pressmark::pipeline {
namespace {

using store::CoveredSegment;

// A writer may replace the list, and remove files, between reading one and opening the others.
constexpr int kAttempts = 20;

index::CheckedBytes section_bytes(const std::shared_ptr<const store::PartFile>& file,
                                  candidates::Section section) {
  const store::PartSection* const found = file->find(static_cast<std::uint32_t>(section));
  if (found == nullptr) return {};
  return {file->bytes_of(*found), [file, found](std::size_t offset, std::size_t size) {
            if (file->is_sound(*found, offset, size)) return;
            throw index::DamagedPart(
                file->number(), fmt::format("{} is damaged: the checksum of section {} is wrong",
                                            file->file().native(), found->kind));
          }};
}

struct OpenedParts {
  store::PartList list;
  std::vector<IndexedPart> parts;
  std::vector<std::string> problems;
};

OpenedParts open_parts(const std::filesystem::path& directory, store::PartList list,
                       const store::PartOwner& owner, const models::ModelData& model) {
  OpenedParts opened;
  if (!list.problem.empty()) opened.problems.push_back(list.problem);
  for (const store::PartEntry& entry : list.parts) {
    try {
      opened.parts.push_back(open_part(directory / store::part_file_name(entry.number),
                                       entry.number, entry.header_checksum, owner, model));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorruptData && error.code() != ErrorCode::kUnsupported) throw;
      opened.problems.emplace_back(error.what());
    }
  }
  opened.list = std::move(list);
  return opened;
}

// Whether all segments of a part are in the catalogue, and none of them in another part.
bool take_segments(const store::PartFile& file, std::set<CoveredSegment>& uncovered) {
  const auto is_free = [&](const CoveredSegment& segment) { return uncovered.contains(segment); };
  if (!std::ranges::all_of(file.segments(), is_free)) return false;
  for (const CoveredSegment& segment : file.segments()) uncovered.erase(segment);
  return true;
}

}  // namespace

std::filesystem::path index_directory(const store::Store& store) {
  return store.directory() / store::kIndexName;
}

IndexedPart open_part(const std::filesystem::path& file, std::uint64_t number,
                      std::uint64_t header_checksum, const store::PartOwner& owner,
                      const models::ModelData& model) {
  auto mapped = std::make_shared<const store::PartFile>(file, number, header_checksum, owner);
  try {
    auto part = std::make_shared<const candidates::MappedPart>(
        [&](candidates::Section section) { return section_bytes(mapped, section); }, model,
        file.native());
    if (part->rows().size() != mapped->rows()) throw std::invalid_argument("its rows do not fit");
    return {header_checksum, std::move(mapped), std::move(part)};
  } catch (const std::invalid_argument& error) {
    throw Error(ErrorCode::kCorruptData,
                fmt::format("{} is damaged: {}", file.native(), error.what()));
  }
}

namespace {

IndexFiles open_listed(const store::Store& store, const models::ModelData& model,
                       const std::set<std::uint64_t>& distrusted, const store::PartOwner& owner) {
  const std::filesystem::path directory = index_directory(store);
  OpenedParts opened = open_parts(directory, store::read_part_list(directory, owner), owner, model);
  IndexFiles index;
  index.list = std::move(opened.list);
  index.problems = std::move(opened.problems);
  store::IndexedState state = store.indexed_state([&](std::span<const CoveredSegment> segments) {
    std::set<CoveredSegment> uncovered(segments.begin(), segments.end());
    for (IndexedPart& part : opened.parts) {
      const std::string& name = part.file->file().native();
      if (distrusted.contains(part.number())) {
        index.problems.push_back(fmt::format("{} is damaged", name));
      } else if (!take_segments(*part.file, uncovered)) {
        index.problems.push_back(fmt::format("{} is of other segments", name));
      } else {
        index.parts.push_back(std::move(part));
      }
    }
    index.uncovered.assign(uncovered.begin(), uncovered.end());
    std::vector<std::uint64_t> numbers;
    for (const CoveredSegment& segment : uncovered) numbers.push_back(segment.number);
    return numbers;
  });
  std::ranges::sort(index.parts, {},
                    [](const IndexedPart& part) { return part.part->rows().front().id; });
  index.tail = std::move(state.chosen);
  index.removed = std::move(state.removed);
  return index;
}

}  // namespace

IndexFiles open_index(const store::Store& store, const models::ModelData& model,
                      const std::set<std::uint64_t>& distrusted) {
  const store::PartOwner owner = store.part_owner();
  for (int attempt = 1;; ++attempt) {
    IndexFiles index = open_listed(store, model, distrusted, owner);
    if (index.problems.empty() || attempt == kAttempts) return index;
    if (store::read_part_list(index_directory(store), owner).parts == index.list.parts) {
      return index;
    }
  }
}

std::vector<std::string> check_index(const store::Store& store, const models::ModelData& model) {
  IndexFiles index = open_index(store, model);
  std::vector<std::string> problems = std::move(index.problems);
  for (const IndexedPart& part : index.parts) {
    std::string problem = part.file->check();
    if (!problem.empty()) problems.push_back(std::move(problem));
  }
  return problems;
}

std::uint64_t write_images(const store::Store& store, const kernels::Backend& backend,
                           const models::ModelData& model,
                           std::span<const store::DescriptionLocation> images,
                           store::PartWriter& writer, std::span<const CoveredSegment> covered) {
  candidates::MemoryPart part(backend, model);
  for (const store::DescriptionLocation& image : images) {
    part.add(image.id, store.read_description(image));
  }
  const candidates::Part* const parts[] = {&part};
  PartSink sink(writer);
  const std::size_t rows = candidates::write_part(
      parts, model, [](ImageId) { return true; }, sink);
  return writer.finish(static_cast<std::uint32_t>(rows), covered);
}

}  // namespace pressmark::pipeline
