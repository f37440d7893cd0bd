// SPDX-License-Identifier: Apache-2.0
//
// From the bytes of a photo to its description: decode, describe (kernels/ops.hpp), measure
// quality.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/image/image.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"

namespace pressmark::pipeline {

// Everything that describing needs; borrowed, shared by threads.
struct Describer {
  const kernels::ImageDescriber& images;  // prepare_describer() with the same options
  const DescribeOptions& describe;
  const DecodeOptions& decode;
};

// The backend and the model must outlive the describer.
std::unique_ptr<kernels::ImageDescriber> prepare_describer(const kernels::Backend& backend,
                                                           const models::ModelData& model,
                                                           const DescribeOptions& options);

// A file's bytes with their hash, or the reason why it could not be read.
struct LoadedFile {
  DescribedPhoto photo;  // file, info.sha256, info.file_bytes; or ok = false with the reason
  image::Bytes bytes;    // empty where it failed
  bool failed = false;
};

LoadedFile load_file(const std::filesystem::path& file, const DecodeOptions& decode);

// Of each photo; the same for any grouping.
std::vector<Description> describe_photos(const Describer& describer,
                                         std::span<const image::Photo> photos);

// A file and the region of its photo that counts.
struct PhotoToDescribe {
  LoadedFile loaded;
  std::optional<RegionOfInterest> region;
};

// As many photos as a device is fast with and memory is small for: some 5 MB each.
inline constexpr std::size_t kPhotosAtOnce = 16;

// Completes what load_file began. Failures of photos are in the results; throws Error(kDevice)
// where the device fails.
std::vector<DescribedPhoto> describe_loaded(const Describer& describer,
                                            std::vector<PhotoToDescribe> photos);
DescribedPhoto describe_loaded(const Describer& describer, LoadedFile loaded,
                               const std::optional<RegionOfInterest>& region);

}  // namespace pressmark::pipeline
