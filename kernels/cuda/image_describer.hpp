// SPDX-License-Identifier: Apache-2.0
//
// Describing photos on a device: they go there once, their descriptions come back once, and a
// model's tables stay there.
#pragma once

#include <cuda_runtime.h>

#include <array>
#include <span>

#include "kernels/cuda/aggregate.hpp"
#include "kernels/cuda/assign.hpp"
#include "kernels/cuda/dense_spectra.hpp"
#include "kernels/cuda/embed.hpp"
#include "kernels/cuda/planes.hpp"
#include "kernels/cuda/runtime/lane_pool.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

// Copies the model's numbers. Must not outlive the lanes and the rotations.
class ResidentDescriber final : public ImageDescriber {
 public:
  // rotations: upload_rotations() of patch_descriptor.hpp.
  ResidentDescriber(LanePool& lanes, const DeviceBuffer<float2>& rotations,
                    const DescribeModel& model);

  void describe(std::span<const ImageView> images,
                std::span<ImageDescription> outputs) const override;

 private:
  struct ChannelTables {
    DeviceWhitening whitening;
    DeviceVocabulary vocabulary;
    int even_size = 0;
  };
  struct ChannelCodes;

  // Waits for the stream twice: for the numbers of keypoints with all that has a known size, then
  // for keypoints and codes.
  void describe_batch(Lane& lane, std::span<const ImageView> images,
                      std::span<ImageDescription> outputs) const;
  ChannelCodes code_channel(Lane& lane, const Planes<std::uint8_t>& images,
                            const Planes<std::uint8_t>& masks, const ChannelTables& tables) const;
  // Photos of one batch.
  std::size_t most_at_once(std::span<const ImageView> images) const;
  std::size_t words_of_image() const;

  LanePool& lanes_;
  const DeviceBuffer<float2>& rotations_;
  int long_side_px_, max_keypoints_;
  std::size_t indexed_codes_;
  std::array<ChannelTables, kChannels.size()> channels_;
  DeviceAggregation aggregation_;
  std::size_t cohort_size_;
  DenseSpectra cohort_;
};

}  // namespace pressmark::kernels::cuda
