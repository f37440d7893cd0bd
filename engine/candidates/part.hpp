// SPDX-License-Identifier: Apache-2.0
//
// What is kept of a part of the catalogue's images to find candidates among them: rows, global
// vectors, reduced dense codes and lists of local codes. In memory while it grows; mapped from an
// index file once it is written. How a file is divided into sections stands here and in
// docs/format.md; files themselves are not seen by this layer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/index/checked_bytes.hpp"
#include "engine/index/global_part.hpp"
#include "engine/index/local_part.hpp"
#include "engine/model/model_data.hpp"
#include "kernels/ops.hpp"
#include "pressmark/types.hpp"

namespace pressmark::candidates {

// Numbers of sections in index files.
enum class Section : std::uint32_t {
  kRows = 1,      // index::PartRow x rows
  kGlobals = 2,   // f32 x global size x rows
  kPyramids = 3,  // kernels::DensePyramid x rows
  kGlobalLists =
      4,  // an image of inverted lists (engine/index/ivf_lists.hpp), in large parts alone
  // Of the raw channel; those of the relit one are kSectionsOfChannel further.
  kListOffsets = 16,  // u32 x (words + 1)
  kListRows = 17,     // u16 x codes
  kListPoints = 18,   // index::GridPoint x codes
  kListCodes = 19,    // kLocalCodeSize x codes
};
inline constexpr std::uint32_t kSectionsOfChannel = 16;
constexpr Section list_section(Section of_raw, std::size_t channel) {
  return static_cast<Section>(static_cast<std::uint32_t>(of_raw) +
                              kSectionsOfChannel * static_cast<std::uint32_t>(channel));
}

// Constant parts may be used from many threads. All but rows() may throw index::DamagedPart.
class Part {
 public:
  virtual ~Part() = default;
  virtual std::span<const index::PartRow> rows() const = 0;  // ids ascend
  virtual std::span<const float> globals(std::size_t first, std::size_t count) const = 0;
  virtual const kernels::DensePyramid& pyramid(std::size_t row) const = 0;
  virtual std::shared_ptr<const index::LocalPart> local() const = 0;
};

// In memory. Not to be copied or moved once local() was taken.
class MemoryPart final : public Part {
 public:
  // The backend must outlive it.
  MemoryPart(const kernels::Backend& backend, const models::ModelData& model);

  // Ids ascend from call to call; at most index::kMostPartRows images.
  void add(ImageId id, const Description& description);

  std::span<const index::PartRow> rows() const override { return local_->rows(); }
  std::span<const float> globals(std::size_t first, std::size_t count) const override;
  const kernels::DensePyramid& pyramid(std::size_t row) const override { return pyramids_[row]; }
  std::shared_ptr<const index::LocalPart> local() const override { return local_; }

 private:
  const kernels::Backend* backend_;
  std::size_t global_size_;
  std::shared_ptr<index::LocalTail> local_;
  std::vector<float> globals_;
  std::vector<kernels::DensePyramid> pyramids_;
};

// Mapped.
class MappedPart final : public Part {
 public:
  // A section's bytes, which stay as long as the returned value is held; empty where there is none.
  using SectionSource = std::function<index::CheckedBytes(Section)>;

  // Tests rows, global vectors with their lists, and offsets of the local lists; the rest where it
  // is used. Throws index::DamagedPart; std::invalid_argument: the sections do not fit each other
  // or the model; Error(kUnsupported), naming `file`.
  MappedPart(const SectionSource& section, const models::ModelData& model, std::string_view file);

  // Borrows from the part, which `owner` must keep.
  index::GlobalPart global(std::shared_ptr<const void> owner) const {
    return {ids_, vectors_, lists_, std::move(owner)};
  }

  std::span<const index::PartRow> rows() const override { return rows_; }
  std::span<const float> globals(std::size_t first, std::size_t count) const override;
  const kernels::DensePyramid& pyramid(std::size_t row) const override;
  std::shared_ptr<const index::LocalPart> local() const override { return local_; }

 private:
  std::size_t global_size_;
  index::CheckedBytes row_bytes_, globals_, global_lists_, pyramids_;
  std::span<const index::PartRow> rows_;
  std::vector<ImageId> ids_;
  std::span<const float> vectors_;
  std::optional<index::IvfListsView> lists_;
  std::shared_ptr<const index::LocalPart> local_;
};

}  // namespace pressmark::candidates
