// SPDX-License-Identifier: Apache-2.0
//
// Nearest images by global vector: immutable parts (global_part.hpp), which may lie in mapped
// files, and a tail that grows. A part of less than 50 000 vectors and the tail are searched
// exactly, the tail by codes that pass few of its rows (coded_rows.hpp); larger ones by inverted
// lists with exact re-ranking. A tail of that size becomes a part in memory, four of like size one.
// With a device all vectors are one tail: the device finds a shortlist which the host ranks anew;
// answers are the exact ones, to the bit.
//
// One thread may write (add, add_part, remove) while any number search: a search sees the state
// after some call, never a part of one, and takes no lock (with a device, which must be filled
// after an add, it may).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/index/device_search.hpp"
#include "engine/index/global_part.hpp"
#include "pressmark/types.hpp"

namespace pressmark::index {

struct Neighbour {
  ImageId id = 0;
  float similarity = 0;  // cosine; [-1, 1]
};

// How well the centroids of lists fit the vectors: mean squared distances, 2 - 2 cos.
struct GlobalDrift {
  double trained_error = 0;  // of vectors like those that the centroids were trained on
  double error = 0;          // of the vectors in question
  double growth() const { return trained_error > 0 ? error / trained_error : 1; }
  // Retraining pays: at the same effort less is found (docs/decisions/0011-int8-inverted-lists.md).
  bool is_due() const { return growth() > kMostGrowth; }
  static constexpr double kMostGrowth = 1.15;
};

class GlobalIndex {
 public:
  // Without `device` the host searches. From `listed_rows` rows on the tail becomes a part with
  // lists.
  explicit GlobalIndex(int dimension, std::unique_ptr<DeviceSearch> device = nullptr,
                       std::size_t listed_rows = kLeastListedRows);
  ~GlobalIndex();
  GlobalIndex(GlobalIndex&&) noexcept;
  GlobalIndex& operator=(GlobalIndex&&) noexcept;

  // Ids ascend from call to call, of add() as well. Copies nothing; with a device the vectors.
  // Vectors with lists that lie in a mapped file are read page by page from here on, not ahead.
  void add_part(GlobalPart part);

  // vectors: ids.size() x dimension, row-major. Ids ascend from call to call. Throws
  // Error(kInvalidArgument), and adds nothing, where a value is not finite.
  void add(std::span<const ImageId> ids, std::span<const float> vectors);

  // Hidden from every later search.
  void remove(std::span<const ImageId> ids);

  // The `count` nearest, or all if there are fewer; by similarity, then id. Safe to call from many
  // threads, each search runs on its caller's thread. The first one after an add fills the device.
  // Throws Error, of the device: kOutOfMemory, kDevice.
  std::vector<Neighbour> search(std::span<const float> query, int count,
                                const GlobalSearch& search = {}) const;

  // The answers of search() to many queries, row-major: the same ones, however many are asked at
  // once and whatever the threads of the caller's TBB arena, over which they are spread. Lists are
  // read once for all: from some hundred queries on, several times as many are answered. Memory
  // beside the answers: some MB for each thread, 512 MB in all at most. Throws as search() does.
  std::vector<std::vector<Neighbour>> search_batch(std::span<const float> queries, int count,
                                                   const GlobalSearch& search = {}) const;

  std::int64_t size() const;        // without removed ones
  std::size_t parts() const;        // the tail not counted
  std::size_t tail_rows() const;    // removed ones counted
  std::string description() const;  // "Flat, 256 dimensions, 1000 vectors"; with a device
                                    // "Flat, fp16 on cuda:0 and exact re-ranking, 256 ...";
                                    // "IVF of int8 codes, 2 parts, 256 dimensions, ... vectors,
                                    // drift 1.02", which takes the time of drift()

  // Where it is largest: of the parts with lists, and of the tail by the centroids of the largest
  // part. Nothing where there are no lists. Takes time: a sample of the tail is compared.
  std::optional<GlobalDrift> drift() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pressmark::index
