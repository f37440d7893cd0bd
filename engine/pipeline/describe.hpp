// SPDX-License-Identifier: Apache-2.0
//
// From the bytes of a photo to its description: decode, canonicalise, extract, embed, aggregate.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/image/image.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"

namespace pressmark::pipeline {

// Everything that describing needs; borrowed, shared by threads.
struct Describer {
  const kernels::Backend& backend;
  const Model& model;
  const kernels::DenseCohort& cohort;  // the model's
  const DescribeOptions& describe;
  const DecodeOptions& decode;
};

// A file's bytes with their hash, or the reason why it could not be read.
struct LoadedFile {
  DescribedPhoto photo;  // file, info.sha256, info.file_bytes; or ok = false with the reason
  image::Bytes bytes;    // empty where it failed
  bool failed = false;
};

LoadedFile load_file(const std::filesystem::path& file, const DecodeOptions& decode);

Description describe_photo(const Describer& describer, const image::Photo& photo);

// Completes what load_file began. Failures of the photo are in the result; throws Error(kDevice)
// where the device fails.
DescribedPhoto describe_loaded(const Describer& describer, LoadedFile loaded,
                               const std::optional<RegionOfInterest>& region);

}  // namespace pressmark::pipeline
