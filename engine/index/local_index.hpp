// SPDX-License-Identifier: Apache-2.0
//
// Candidates by local codes: each keypoint of a query votes for the images that hold unusually
// similar codes, and an image counts the votes that agree in geometry (geometric_votes.hpp). Codes
// lie in lists by their nearest word of the model's vocabulary, which are known when a photo has
// been described: filling the index assigns nothing. In memory only, built from the segments.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/index/geometric_votes.hpp"
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

  // Ids ascend from call to call.
  void add(ImageId id, const Description& description);

  // Hidden from every later search.
  void remove(std::span<const ImageId> ids);

  // Calls on_image for each image that has votes, by id; votes are comparable within one search
  // only. Safe to call from many threads, each search runs on its caller's thread.
  void search(const Description& query,
              const std::function<void(ImageId, const Agreement&)>& on_image) const;

  std::int64_t size() const;        // images, without removed ones
  std::string description() const;  // "Votes, 2 x 4096 words, 38400 codes of 100 images"

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pressmark::index
