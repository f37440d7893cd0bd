// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/describe.hpp"

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

#include "engine/model/model_data.hpp"
#include "engine/pipeline/quality.hpp"

namespace pressmark::pipeline {
namespace {

// A JPEG may be decoded at a reduced size as long as area averaging still has this many source
// pixels per canonical pixel along a side.
constexpr int kOversampling = 2;

}  // namespace

std::unique_ptr<kernels::ImageDescriber> prepare_describer(const kernels::Backend& backend,
                                                           const models::ModelData& model,
                                                           const DescribeOptions& options) {
  kernels::DescribeModel describe;
  describe.long_side_px = options.long_side_px;
  describe.max_keypoints = options.max_keypoints;
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    const models::LocalModel& local = model.local(kChannels[c]);
    describe.channels[c] = {local.whitening(), local.words(), local.even_size};
  }
  describe.aggregation = model.aggregation();
  describe.cohort = model.cohort;
  return backend.prepare_describer(describe);
}

std::vector<Description> describe_photos(const Describer& describer,
                                         std::span<const image::Photo> photos) {
  std::vector<kernels::ImageView> views;
  for (const image::Photo& photo : photos) {
    views.push_back({photo.pixels.pixels.data(), photo.pixels.width, photo.pixels.height,
                     photo.pixels.channels,
                     std::int64_t{photo.pixels.width} * photo.pixels.channels});
  }
  std::vector<kernels::ImageDescription> described(photos.size());
  describer.images.describe(views, described);
  std::vector<Description> results(photos.size());
  for (std::size_t i = 0; i < photos.size(); ++i) {
    Description& result = results[i];
    kernels::ImageDescription& from = described[i];
    const image::Photo& photo = photos[i];
    result.width_px = from.grey.width;
    result.height_px = from.grey.height;
    // Canonical pixel -> decoded pixel -> upright photo pixel.
    const double decoded_scale =
        static_cast<double>(std::max(photo.pixels.width, photo.pixels.height)) /
        std::max(from.grey.width, from.grey.height);
    result.photo_scale = photo.reduction * decoded_scale;
    result.photo_origin_x = photo.origin_x;
    result.photo_origin_y = photo.origin_y;
    result.quality = measure_quality(from.grey);
    result.light = from.light;
    for (std::size_t c = 0; c < kChannels.size(); ++c) {
      result.local(kChannels[c]) = std::move(from.local[c]);
    }
    result.global = std::move(from.global);
    result.dense = from.dense;
    result.dense_cohort = from.dense_cohort;
    result.detail = std::move(from.detail);
  }
  return results;
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

namespace {

// Runs `work` for one photo; what goes wrong becomes the photo's failure.
template <typename Work>
void try_photo(DescribedPhoto& photo, const char* without_memory, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    // No fault of the photo, and the next one would fail, too.
    if (error.code() == ErrorCode::kDevice) throw;
    fail(photo, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    fail(photo, ErrorCode::kOutOfMemory, without_memory);
  }
}

}  // namespace

std::vector<DescribedPhoto> describe_loaded(const Describer& describer,
                                            std::vector<PhotoToDescribe> photos) {
  std::vector<DescribedPhoto> results;
  std::vector<image::Photo> decoded;
  std::vector<std::size_t> places;  // of `decoded` among the photos
  for (PhotoToDescribe& photo : photos) {
    DescribedPhoto& result = results.emplace_back(std::move(photo.loaded.photo));
    if (photo.loaded.failed) continue;
    try_photo(result, "not enough memory to decode the photo", [&] {
      decoded.push_back(image::decode(photo.loaded.bytes, describer.decode,
                                      kOversampling * describer.describe.long_side_px,
                                      photo.region));
      places.push_back(results.size() - 1);
    });
    photo.loaded.bytes = image::Bytes();  // which frees them; {} would not
  }
  const auto finish = [&](std::size_t i, Description description) {
    DescribedPhoto& result = results[places[i]];
    result.info.format = image::to_string(decoded[i].header.format);
    result.info.width_px = decoded[i].upright_width;
    result.info.height_px = decoded[i].upright_height;
    result.info.orientation = decoded[i].header.orientation;
    result.description = std::move(description);
    result.ok = true;
  };
  // Where a group does not pass, each photo for itself, so that only those fail that must.
  bool is_whole = decoded.size() > 1;
  if (is_whole) {
    DescribedPhoto group;
    group.ok = true;
    try_photo(group, "", [&] {
      std::vector<Description> descriptions = describe_photos(describer, decoded);
      for (std::size_t i = 0; i < decoded.size(); ++i) finish(i, std::move(descriptions[i]));
    });
    is_whole = group.ok;
  }
  for (std::size_t i = 0; i < decoded.size() && !is_whole; ++i) {
    try_photo(results[places[i]], "not enough memory to describe the photo", [&] {
      finish(i, std::move(describe_photos(describer, {&decoded[i], 1}).front()));
    });
  }
  return results;
}

DescribedPhoto describe_loaded(const Describer& describer, LoadedFile loaded,
                               const std::optional<RegionOfInterest>& region) {
  std::vector<PhotoToDescribe> photo;
  photo.push_back({std::move(loaded), region});
  return std::move(describe_loaded(describer, std::move(photo)).front());
}

}  // namespace pressmark::pipeline
