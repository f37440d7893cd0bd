// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/describe.hpp"

#include <algorithm>
#include <new>

#include "engine/features/features.hpp"
#include "engine/model/model_data.hpp"
#include "engine/pipeline/quality.hpp"

namespace pressmark::pipeline {
namespace {

// A JPEG may be decoded at a reduced size as long as area averaging still has this many source
// pixels per canonical pixel along a side.
constexpr int kOversampling = 2;

}  // namespace

Description describe_photo(const Describer& describer, const image::Photo& photo) {
  Description result;
  const kernels::Backend& backend = describer.backend;
  const models::ModelData& model = describer.model.data();

  const kernels::ImageView view{photo.pixels.pixels.data(), photo.pixels.width, photo.pixels.height,
                                photo.pixels.channels,
                                std::int64_t{photo.pixels.width} * photo.pixels.channels};
  kernels::GreyImage grey;
  backend.canonicalise({&view, 1}, describer.describe.long_side_px, {&grey, 1});
  result.width_px = grey.width;
  result.height_px = grey.height;
  // Canonical pixel -> decoded pixel -> upright photo pixel.
  const double decoded_scale =
      static_cast<double>(std::max(photo.pixels.width, photo.pixels.height)) /
      std::max(grey.width, grey.height);
  result.photo_scale = photo.reduction * decoded_scale;
  result.photo_origin_x = photo.origin_x;
  result.photo_origin_y = photo.origin_y;

  result.quality = measure_quality(grey);
  features::ImageFeatures features =
      features::image_features(grey, describer.describe.max_keypoints, backend);
  result.light = features.light;
  result.dense = features.dense;
  result.dense_cohort = describer.cohort.statistics(result.dense);
  result.detail = std::move(features.detail);
  for (const Channel channel : kChannels) {
    LocalCodes& local = result.local(channel);
    backend.embed({&features.of(channel), 1}, model.local(channel).whitening(), {&local.codes, 1});
    local.keypoints = std::move(features.of(channel).keypoints);
    const auto indexed =
        std::span<const std::int8_t>(local.codes).first(local.indexed_count() * kLocalCodeSize);
    kernels::WordAssignment words;
    backend.assign({&indexed, 1}, model.local(channel).words(), model.local(channel).even_size, 1,
                   {&words, 1});
    local.words = std::move(words.same);
  }
  backend.aggregate({&result.raw.codes, 1}, model.aggregation(), {&result.global, 1});
  return result;
}

namespace {

void fail(DescribedPhoto& photo, ErrorCode code, const std::string& reason) {
  photo.ok = false;
  photo.code = code;
  photo.reason = reason;
}

}  // namespace

LoadedFile load_file(const std::filesystem::path& file, const DecodeOptions& decode) {
  LoadedFile loaded;
  loaded.photo.file = file;
  try {
    loaded.bytes = image::read_file(file, decode.max_file_bytes);
    loaded.photo.info.file_bytes = static_cast<std::int64_t>(loaded.bytes.size());
    loaded.photo.info.sha256 = image::sha256(loaded.bytes);
    return loaded;
  } catch (const Error& error) {
    fail(loaded.photo, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    fail(loaded.photo, ErrorCode::kOutOfMemory, "not enough memory to read the file");
  }
  loaded.failed = true;
  return loaded;
}

DescribedPhoto describe_loaded(const Describer& describer, LoadedFile loaded,
                               const std::optional<RegionOfInterest>& region) {
  DescribedPhoto photo = std::move(loaded.photo);
  if (loaded.failed) return photo;
  try {
    const image::Photo decoded = image::decode(
        loaded.bytes, describer.decode, kOversampling * describer.describe.long_side_px, region);
    loaded.bytes = {};
    photo.info.format = image::to_string(decoded.header.format);
    photo.info.width_px = decoded.upright_width;
    photo.info.height_px = decoded.upright_height;
    photo.info.orientation = decoded.header.orientation;
    photo.description = describe_photo(describer, decoded);
    photo.ok = true;
  } catch (const Error& error) {
    // No fault of the photo, and the next one would fail, too.
    if (error.code() == ErrorCode::kDevice) throw;
    fail(photo, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    fail(photo, ErrorCode::kOutOfMemory, "not enough memory to decode the photo");
  }
  return photo;
}

}  // namespace pressmark::pipeline
