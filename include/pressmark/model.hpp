// SPDX-License-Identifier: Apache-2.0
//
// What is learned: the whitening of local descriptors, the visual words and the projection of the
// global vector. A model is a directory with `model.json` (origin, licence, seed, command, hash)
// and `model.bin`; docs/format.md specifies both.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "pressmark/export.hpp"
#include "pressmark/options.hpp"

namespace pressmark {

namespace models {
struct ModelData;  // engine/model/model_data.hpp
}

// Progress of a long call: `done` of `total` items (total 0: unknown).
struct Progress {
  std::int64_t done = 0, total = 0;
};

// How a long call is driven. Callbacks are never called from two threads at once.
struct RunControl {
  int threads = 0;       // worker threads, 0: one per processor; results do not depend on it
  std::stop_token stop;  // when triggered, finished items are kept and the call returns
  std::function<void(const Progress&)> on_progress;
};

// Immutable and cheap to copy; safe to use from many threads.
class PRESSMARK_API Model {
 public:
  // Throws Error: kNotFound, kUnsupported (newer format), kCorruptData (hash, shape).
  static Model load(const std::filesystem::path& directory);

  // The model that ships with Pressmark: directory $PRESSMARK_MODEL if set, else
  // ../share/pressmark/models/printed beside the program, else the installed or source directory.
  static Model load_default();

  explicit Model(std::shared_ptr<const models::ModelData> data);

  const std::string& id() const;    // first 16 hex digits of the SHA-256 of model.bin
  const std::string& name() const;  // for people, from model.json
  int global_size() const;          // length of the global vector
  const std::string& manifest_json() const;

  // Writes both files into `directory`, which is created if absent. Throws Error(kIo).
  void save(const std::filesystem::path& directory) const;

  const models::ModelData& data() const { return *data_; }

 private:
  std::shared_ptr<const models::ModelData> data_;
};

struct PRESSMARK_API TrainOptions {
  std::string name = "custom";
  std::string origin = "not stated";   // where the images come from
  std::string licence = "not stated";  // under which terms
  std::string command;                 // the command line, recorded as it stands
  std::uint64_t seed = 1;
  int warps_per_image = 3;     // 1..64; synthetic views of each image with known geometry
  int words = 32;              // 2..1024; visual words of the VLAD aggregation
  int global_size = 256;       // 1..words * kLocalCodeSize
  DescribeOptions describe{};  // canonical size and keypoint budget while training
  DecodeOptions decode{};
  void validate() const;
};

struct TrainFailure {
  std::filesystem::path file;
  std::string reason;
};

struct TrainResult {
  Model model;
  std::int64_t images = 0;          // that gave keypoints
  std::int64_t matching_pairs = 0;  // descriptor pairs behind the whitening
  std::vector<TrainFailure> failures;
};

// Learns a model from photos or drawings; no labels are needed. Each image is warped by random
// perspective, blur, noise and exposure; descriptors of corresponding keypoints give the whitening
// (Mikolajczyk and Matas, ICCV 2007), k-means over whitened descriptors the words, PCA with
// whitening over VLAD vectors (Jegou and Chum, ECCV 2012) the projection. Deterministic for a seed,
// whatever the number of threads. Throws Error: kInvalidArgument where the images give too few
// pairs, kInterrupted.
PRESSMARK_API TrainResult train_model(std::span<const std::filesystem::path> images,
                                      const TrainOptions& options, const RunControl& control = {});

}  // namespace pressmark
