// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/snapshot.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "engine/pipeline/index_files.hpp"
#include "engine/pipeline/scratch_directory.hpp"

namespace pressmark::pipeline {
namespace {

namespace fs = std::filesystem;

// Mapped files stay after their directory is gone.
void add_by_files(const store::Store& store, const kernels::Backend& backend,
                  const models::ModelData& model,
                  std::span<const store::DescriptionLocation> images, Snapshot& snapshot) {
  const ScratchDirectory scratch("index");
  const store::PartOwner owner = store.part_owner();
  for (std::uint64_t number = 1; !images.empty(); ++number) {
    const auto group = images.first(std::min(images.size(), kImagesAtOnce));
    images = images.subspan(group.size());
    const fs::path file = scratch.path() / store::part_file_name(number);
    store::PartWriter writer(file, number, owner);
    const std::uint64_t checksum = write_images(store, backend, model, group, writer, {});
    snapshot.finder.add_part(open_part(file, number, checksum, owner, model).part);
  }
}

}  // namespace

std::shared_ptr<const Snapshot> take_snapshot(const store::Store& store,
                                              const kernels::Backend& backend,
                                              const models::ModelData& model,
                                              const std::set<std::uint64_t>& distrusted,
                                              std::size_t most_in_memory) {
  const auto dense_of = [&store](ImageId id) -> std::optional<DenseCode> {
    const std::optional<Description> description = store.read_image(id);
    if (!description) return std::nullopt;
    return description->dense;
  };
  auto snapshot = std::make_shared<Snapshot>(
      Snapshot{candidates::CandidateFinder(backend, model, dense_of), 0, 0, 0, 0, {}});
  IndexFiles index = open_index(store, model, distrusted);
  for (const IndexedPart& part : index.parts) {
    snapshot->finder.add_part(part.part);
    snapshot->index_bytes += static_cast<std::int64_t>(part.file->bytes());
  }
  snapshot->finder.remove(index.removed);
  snapshot->index_files = static_cast<std::int64_t>(index.parts.size());
  snapshot->indexed_images = snapshot->finder.size();
  snapshot->unindexed_images = static_cast<std::int64_t>(index.tail.size());
  snapshot->problems = std::move(index.problems);
  if (index.tail.size() > most_in_memory) {
    add_by_files(store, backend, model, index.tail, *snapshot);
  } else {
    for (const store::DescriptionLocation& image : index.tail) {
      // Removed by another process since: not a candidate any more.
      if (const auto description = store.read_image(image.id)) {
        snapshot->finder.add(image.id, *description);
      }
    }
  }
  return snapshot;
}

}  // namespace pressmark::pipeline
