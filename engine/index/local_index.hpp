// SPDX-License-Identifier: Apache-2.0
//
// Candidates by local codes: each keypoint of a query votes for the images that hold unusually
// similar codes, and an image counts the votes that agree in geometry (geometric_votes.hpp). Codes
// lie in lists by their nearest word of the model's vocabulary, which are known when a photo has
// been described: filling the index assigns nothing. The lists are those of parts (local_part.hpp),
// mapped ones and a tail in memory; answers are the same to the bit, however images are spread over
// parts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/index/geometric_votes.hpp"
#include "engine/index/local_part.hpp"
#include "engine/index/selection.hpp"
#include "kernels/ops.hpp"
#include "pressmark/types.hpp"

namespace pressmark::index {

// By what one channel's codes are indexed; borrowed from a model.
struct ChannelWords {
  kernels::Vocabulary vocabulary;
  int even_size = 0;  // as in kernels::Backend::match
};

class LocalIndex {
 public:
  // `backend` and the vocabularies, raw and relit, must outlive the index.
  LocalIndex(const kernels::Backend& backend, const std::array<ChannelWords, 2>& words);
  ~LocalIndex();
  LocalIndex(LocalIndex&&) noexcept;
  LocalIndex& operator=(LocalIndex&&) noexcept;

  // A part that does not change any more; of the same vocabularies. No image is in two parts.
  void add_part(std::shared_ptr<const LocalPart> part);

  // Into a part in memory. Ids ascend from call to call.
  RowPlace add(ImageId id, const Description& description);

  // Hidden from every later search.
  void remove(std::span<const ImageId> ids);

  // Nothing where the image is not there or removed.
  std::optional<RowPlace> find(ImageId id) const;
  std::size_t parts() const;
  std::span<const PartRow> rows(std::uint32_t part) const;
  const PartRow& row(RowPlace place) const;
  bool is_present(RowPlace place) const;
  // Those that are not removed, and selected; part by part, by id within a part.
  void for_each(const ImageSelection* selection, const std::function<void(RowPlace)>& on_row) const;

  struct VotedImage {
    RowPlace place;
    ImageId id = 0;
    Agreement agreement;
  };
  // Some images that have votes of one query, not empty; called from many threads at once, for one
  // query also, in any order.
  using OnImages = std::function<void(std::size_t query, std::vector<VotedImage> images)>;

  // How many images of one query are looked at more closely, about.
  struct Looks {
    std::size_t agreed = 0;      // whose votes together weigh most: looked at for agreement
    std::size_t positioned = 0;  // of them those with the most votes that agree: get positions
  };

  // Looks for agreement among the votes of each query and calls on_images for the images that have
  // some; votes are comparable within one query only. Where there are more images than get a closer
  // look, what is unlike chance and what an image must have to get one is found from some images
  // that stand for all, the same whatever the parts. With a selection the answer is that of an
  // index which holds the selected images alone. Safe to call from many threads; runs on those of
  // the caller's arena. Memory: some 4 MB for each query and each thread. Throws
  // DamagedPart.
  void search(std::span<const Description* const> queries, const ImageSelection* selection,
              const Looks& looks, const OnImages& on_images) const;

  std::int64_t size() const;                                 // images, without removed ones
  std::int64_t size(const ImageSelection* selection) const;  // those of them selected
  std::string description() const;  // "Votes, 2 x 4096 words, 38400 codes of 100 images"

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pressmark::index
