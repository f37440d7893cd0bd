// SPDX-License-Identifier: Apache-2.0
//
// What is learned: the whitening of local descriptors, one for each channel, the visual words and
// the projection of the global vector, and how the channels' figures make one calibrated score. A
// model is a directory with `model.json` (origin, licence, seed, command, hash) and `model.bin`;
// docs/format.md specifies both.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
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
  // ../share/pressmark/models/press beside the program, else the installed or source directory.
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
  int vocabulary = 4096;       // 1..65536; words, at most, that local codes are indexed by
  int strangers = 60;          // 1..100000; unrelated photos that each photo is compared with
  DescribeOptions describe{};  // canonical size and keypoint budget while training
  DecodeOptions decode{};
  void validate() const;
};

struct TrainFailure {
  std::filesystem::path file;
  std::string reason;
};

// A photo of a mark whose identity is known.
struct LabelledPhoto {
  std::filesystem::path file;
  std::string identity;  // photos of equal identity show one mark
  // Homography from the mark's plane, in any unit, to pixels of the upright photo, row-major; where
  // absent, the photo takes no part in learning descriptors, only in fitting the score.
  std::optional<std::array<double, 9>> photo_from_mark;
  // The drawing that the mark shows. Marks of one design are not unrelated, whatever their
  // identity; where it has several, they teach how moulds are told apart. Empty: one of its own.
  std::string design{};
};

struct TrainResult {
  Model model;
  std::int64_t images = 0;          // that gave keypoints
  std::int64_t marks = 0;           // labelled photos that could be used
  std::int64_t matching_pairs = 0;  // descriptor pairs behind the whitening of both channels
  std::int64_t compared_mates = 0, compared_non_mates = 0;  // pairs of photos behind the score
  // Pairs of one design behind the answer "same mould"; 0: the model was not taught to give it.
  std::int64_t mould_pairs_same = 0, mould_pairs_different = 0;
  std::vector<TrainFailure> failures;
};

// Learns a model from photos or drawings, and, for pressed marks, from labelled photos. Each image
// is warped by random perspective, blur, noise and exposure; descriptors of corresponding keypoints
// give the whitening (Mikolajczyk and Matas, ICCV 2007), k-means over whitened descriptors the
// words, PCA with whitening over VLAD vectors (Jegou and Chum, ECCV 2012) the projection. How
// photos change with the light only `marks` can teach: theirs are half of what the raw channel
// learns from, and all of the relit channel. Pairs of marks, and of images with their warps,
// against pairs of different ones give the score. Deterministic for a seed, whatever the number of
// threads. Marks of designs with several moulds teach the second answer, MouldAnswer; without at
// least eight such designs the model gives none. Throws Error: kInvalidArgument where the photos
// give too few pairs, kInterrupted.
PRESSMARK_API TrainResult train_model(std::span<const std::filesystem::path> images,
                                      std::span<const LabelledPhoto> marks,
                                      const TrainOptions& options, const RunControl& control = {});

}  // namespace pressmark
