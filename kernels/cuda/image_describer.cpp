// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/image_describer.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

#include "kernels/cuda/canonicalise.hpp"
#include "kernels/cuda/dense_code.hpp"
#include "kernels/cuda/dense_search.hpp"
#include "kernels/cuda/detail_code.hpp"
#include "kernels/cuda/extract.hpp"
#include "kernels/cuda/glare.hpp"
#include "kernels/cuda/illumination.hpp"
#include "kernels/cuda/leading_codes.hpp"
#include "kernels/cuda/relight.hpp"
#include "kernels/cuda/runtime/batches.hpp"
#include "kernels/math/area_share.hpp"

namespace pressmark::kernels::cuda {
namespace {

template <class Value>
void assign_part(std::span<const Value> all, std::size_t first, std::size_t count,
                 std::vector<Value>& output) {
  const std::span<const Value> own = all.subspan(first, count);
  output.assign(own.begin(), own.end());
}

}  // namespace

// A channel of a batch.
struct ResidentDescriber::ChannelCodes {
  DeviceBuffer<Keypoint> keypoints;  // rows of DeviceFeatures
  DeviceBuffer<int> first;
  DeviceBuffer<CodeSet> sets;
  DeviceBuffer<std::int8_t> codes;
  DeviceBuffer<std::uint16_t> words;  // images x words_of_image()
};

ResidentDescriber::ResidentDescriber(LanePool& lanes, const DeviceBuffer<float2>& rotations,
                                     const DescribeModel& model)
    : lanes_(lanes),
      rotations_(rotations),
      long_side_px_(model.long_side_px),
      max_keypoints_(model.max_keypoints),
      indexed_codes_(model.indexed_codes),
      cohort_size_(model.cohort.size()) {
  lanes_.run([&](Lane& lane) {
    for (std::size_t c = 0; c < kChannels.size(); ++c) {
      const DescribeModel::OfChannel& channel = model.channels[c];
      channels_[c] = {upload_whitening(lane, channel.whitening),
                      upload_vocabulary(lane, channel.vocabulary), channel.even_size};
    }
    aggregation_ = upload_aggregation(lane, model.aggregation);
    if (cohort_size_ > 0) {
      cohort_ = prepare_members(lane, lane.upload(model.cohort).data(), cohort_size_);
    }
  });
}

void ResidentDescriber::describe(std::span<const ImageView> images,
                                 std::span<ImageDescription> outputs) const {
  assert(images.size() == outputs.size());
  in_batches(lanes_, images.size(), most_at_once(images),
             [&](Lane& lane, std::size_t first, std::size_t count) {
               describe_batch(lane, images.subspan(first, count), outputs.subspan(first, count));
             });
}

std::size_t ResidentDescriber::most_at_once(std::span<const ImageView> images) const {
  constexpr std::size_t kBytes = std::size_t{1} << 30, kMostImages = 64;
  std::size_t most = 1;
  for (const ImageView& image : images) {
    const auto bytes =
        static_cast<std::size_t>(std::int64_t{image.width} * image.height * image.channels);
    const auto [width, height] = reduced_size(image.width, image.height, long_side_px_);
    // The photo and its copies in page-locked memory; then, at the most, what extract needs beside
    // what is kept of the stages before it.
    const std::size_t kept = 8 * static_cast<std::size_t>(std::int64_t{width} * height) +
                             300 * static_cast<std::size_t>(max_keypoints_);
    most = std::max({most, 4 * bytes, extract_bytes(width, height, max_keypoints_) + kept});
  }
  return std::clamp(kBytes / most, std::size_t{1}, kMostImages);
}

std::size_t ResidentDescriber::words_of_image() const {
  return std::min(static_cast<std::size_t>(max_keypoints_), indexed_codes_);
}

ResidentDescriber::ChannelCodes ResidentDescriber::code_channel(Lane& lane,
                                                                const Planes<std::uint8_t>& images,
                                                                const Planes<std::uint8_t>& masks,
                                                                const ChannelTables& tables) const {
  DeviceFeatures features = extract(lane, images, masks, max_keypoints_, rotations_);
  ChannelCodes channel;
  channel.codes = embed(lane, features.descriptors, features.rows(), tables.whitening);
  channel.sets = sets_of_rows(lane, features.first);
  const DeviceBuffer<std::int8_t> indexed =
      leading_codes(lane, channel.codes, channel.sets, words_of_image());
  channel.words = assign(lane, indexed, tables.vocabulary, tables.even_size, 1).same;
  channel.keypoints = std::move(features.keypoints);
  channel.first = std::move(features.first);
  return channel;
}

void ResidentDescriber::describe_batch(Lane& lane, std::span<const ImageView> images,
                                       std::span<ImageDescription> outputs) const {
  const Planes<std::uint8_t> greys = canonicalise(lane, upload_photos(lane, images), long_side_px_);
  const std::span<const std::uint8_t> grey_levels = lane.download(greys.values);
  const Planes<std::uint8_t> masks = glare_masks(lane, greys);
  Planes<float> contents = flatten_illumination(lane, greys, masks);
  const DeviceBuffer<DenseCode> dense = dense_codes(lane, contents, masks);
  const std::span<const DenseCode> dense_codes_of_images = lane.download(dense);
  std::span<const float> scores;
  if (cohort_size_ > 0) {
    const DenseSpectra half_turns = prepare_half_turns(lane, dense.data(), images.size());
    scores = lane.download(best_scores(lane, half_turns, images.size(), cohort_, cohort_size_));
  }
  const DetailCodes details = code_details(lane, greys);
  const std::span<const std::uint32_t> detail_words = lane.download(details.words);
  const RelitPlanes relit = relight(lane, std::move(contents), masks);
  const std::span<const DirectedLight> lights = lane.download(relit.lights);

  std::array<ChannelCodes, kChannels.size()> channels;
  std::array<std::span<const int>, kChannels.size()> first;
  std::array<std::span<const std::uint16_t>, kChannels.size()> words;
  std::span<const float> globals;
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    const bool is_raw = kChannels[c] == Channel::kRaw;
    channels[c] = code_channel(lane, is_raw ? greys : relit.images, masks, channels_[c]);
    first[c] = lane.download(channels[c].first);
    words[c] = lane.download(channels[c].words);
    if (is_raw) {
      globals = lane.download(aggregate(lane, channels[c].codes, channels[c].sets, aggregation_));
    }
  }
  lane.synchronise();

  // How much there is to copy: a budget may be several times what the images have.
  std::array<std::span<const Keypoint>, kChannels.size()> keypoints;
  std::array<std::span<const std::int8_t>, kChannels.size()> codes;
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    const auto rows = static_cast<std::size_t>(first[c].back());
    keypoints[c] = lane.download(channels[c].keypoints.data(), rows);
    codes[c] = lane.download(channels[c].codes.data(), rows * kLocalCodeSize);
  }
  // While the device copies.
  const auto global_size = static_cast<std::size_t>(aggregation_.global_size);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    ImageDescription& output = outputs[i];
    output.grey = image_of(greys.shapes[i], grey_levels);
    output.light = lights[i].light;
    assign_part(globals, i * global_size, global_size, output.global);
    output.dense = dense_codes_of_images[i];
    output.dense_cohort = {};
    if (cohort_size_ > 0) {
      output.dense_cohort = statistics_of(scores.subspan(i * cohort_size_, cohort_size_));
    }
    output.detail = bytes_of_code(details.shapes[i], detail_words);
  }
  lane.synchronise();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (std::size_t c = 0; c < kChannels.size(); ++c) {
      LocalCodes& local = outputs[i].local[c];
      const auto begin = static_cast<std::size_t>(first[c][i]);
      const std::size_t count = static_cast<std::size_t>(first[c][i + 1]) - begin;
      assign_part(keypoints[c], begin, count, local.keypoints);
      assign_part(codes[c], begin * kLocalCodeSize, count * kLocalCodeSize, local.codes);
      assign_part(words[c], i * words_of_image(), std::min(count, words_of_image()), local.words);
    }
  }
}

}  // namespace pressmark::kernels::cuda
