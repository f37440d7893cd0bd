// SPDX-License-Identifier: Apache-2.0
//
// Which catalogued images a query is compared with: those that any of three ways of searching ranks
// high (docs/decisions/0006-candidates-by-local-votes.md).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/candidates/part.hpp"
#include "engine/index/global_index.hpp"
#include "engine/index/local_index.hpp"
#include "engine/index/selection.hpp"
#include "engine/model/model_data.hpp"
#include "kernels/ops.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::candidates {

// The same images in different orders, most promising first.
struct Rankings {
  std::vector<ImageId> global;  // nearest global vectors
  std::vector<ImageId> votes;   // most local codes that agree in geometry
  std::vector<ImageId> dense;   // highest normalised correlation of dense codes
  std::vector<ImageId> united;  // what the engine goes by
};

// One ranking of those of several photos: of each in turn its next image, `count` at most.
std::vector<ImageId> unite(std::span<const std::vector<ImageId>> rankings, int count);

// Over parts (part.hpp) and images that are added one by one; the same rankings, however images are
// spread over parts. The backend and the model must outlive it. After the last add or remove, safe
// to use from many threads.
class CandidateFinder {
 public:
  // Full dense codes that lie elsewhere; none where an image is gone. Called from the threads that
  // search.
  using DenseSource = std::function<std::optional<DenseCode>(ImageId)>;

  // Without a source dense codes are held in memory, as long as any limit allows to correlate all.
  CandidateFinder(const kernels::Backend& backend, const models::ModelData& model,
                  DenseSource dense_of = {});

  // Only with a source of dense codes. Throws index::DamagedPart.
  void add_part(std::shared_ptr<const MappedPart> part);

  // Ids ascend from call to call.
  void add(ImageId id, const Description& description);

  // Hidden from every later search.
  void remove(std::span<const ImageId> ids);

  struct Query {
    const Description* description = nullptr;
    // Made where it is needed and not given: where searches_all_positions().
    const kernels::DenseSearch* dense = nullptr;
    // In none of the rankings: the query itself, where it is catalogued too.
    std::optional<ImageId> left_out = std::nullopt;
  };

  // Whether dense codes are correlated in all positions: among no more than options.dense_images
  // images. Otherwise they are aligned near positions that votes propose.
  bool searches_all_positions(const SearchOptions& options,
                              const index::ImageSelection* selection = nullptr) const;

  // For each query, `count` of each ranking at most; the same as of each query alone, in less time.
  // With a selection the rankings are those of a catalogue that holds the selected images alone.
  // Runs on the threads of the caller's arena. Memory beside that of index::LocalIndex::search():
  // for each query 3 MB, and 210 bytes for each of the images that are aligned and an eighth more.
  // Throws index::DamagedPart.
  std::vector<Rankings> find(std::span<const Query> queries, int count,
                             const SearchOptions& options,
                             const index::ImageSelection* selection = nullptr) const;

  // The nearest by global vector, as find() ranks them.
  std::vector<ImageId> find_global(std::span<const float> query, int count,
                                   const index::GlobalSearch& search = {}) const;

  bool contains(ImageId id) const { return local_.find(id).has_value(); }

  std::vector<ImageId> present_ids() const;  // by part
  std::int64_t size(const index::ImageSelection* selection = nullptr) const {
    return local_.size(selection);
  }

  std::string describe_global() const;
  // The largest; nothing where no global vectors have lists.
  std::optional<index::GlobalDrift> global_drift() const;
  std::string describe_local() const { return local_.description(); }

 private:
  struct Promising;
  std::vector<Promising> screen(const Description& query, const kernels::DenseAlignment& alignment,
                                std::span<const index::LocalIndex::VotedImage> voted) const;
  std::vector<ImageId> rank_aligned(const Description& query,
                                    const kernels::DenseAlignment& alignment, std::size_t most,
                                    int count, std::vector<Promising> entries) const;
  std::vector<ImageId> rank_dense(const Description& query, const kernels::DenseSearch& dense,
                                  int count, const index::ImageSelection* selection) const;
  index::GlobalIndex& global_index_for(ImageId first, ImageId last);

  // What is compared near positions that votes propose, and in all of them; in the order of the
  // parts of local_.
  struct PartCodes {
    std::shared_ptr<const MappedPart> mapped;  // or null: in memory
    std::vector<kernels::DensePyramid> pyramids;
    std::vector<DenseCode> codes;  // without a source
  };
  const kernels::DensePyramid& pyramid(index::RowPlace place) const;
  std::optional<DenseCode> dense_code(index::RowPlace place) const;

  const kernels::Backend* backend_;
  const models::ModelData* model_;
  DenseSource dense_of_;       // or empty
  bool has_all_dense_ = true;  // false: too many to hold them
  index::LocalIndex local_;
  std::vector<PartCodes> codes_;
  // One as a rule; ids of each ascend, so that parts whose ids lie among those of others need more.
  std::vector<index::GlobalIndex> globals_;
  ImageId last_global_ = 0;
};

}  // namespace pressmark::candidates
