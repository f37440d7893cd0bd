// SPDX-License-Identifier: Apache-2.0
//
// One function per stage for a batch, on a lane. Contracts: kernels/ops.hpp. Each waits for its
// stream before it returns.
#pragma once

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

void canonicalise(Lane& lane, std::span<const ImageView> images, int long_side_px,
                  std::span<GreyImage> outputs);

void mask_glare(Lane& lane, std::span<const GreyImage> images, std::span<GreyImage> masks);

void code_details(Lane& lane, std::span<const GreyImage> images,
                  std::span<std::vector<std::uint8_t>> outputs);

DetailAgreement compare_details(Lane& lane, const DetailView& query, const DetailView& candidate,
                                const std::array<double, 9>& hit_from_query);

void aggregate(Lane& lane, std::span<const std::vector<std::int8_t>> codes,
               const Aggregation& aggregation, std::span<std::vector<float>> outputs);

void assign(Lane& lane, std::span<const std::span<const std::int8_t>> codes,
            const Vocabulary& vocabulary, int even_size, int nearest,
            std::span<WordAssignment> outputs);

void match(Lane& lane, const CodesView& query, std::span<const CodesView> candidates, int even_size,
           float ratio, std::span<SignedMatches> outputs);

void refine_dense(Lane& lane, const DenseCode& query, std::span<const DenseCode> candidates,
                  std::span<DenseMatch> matches);

void congruent_cells(Lane& lane, const DenseCode& query, std::span<const DenseCode> candidates,
                     std::span<const DenseMatch> matches,
                     std::span<std::vector<DenseCell>> outputs);

// rotations: upload_rotations() of patch_descriptor.hpp.
void extract(Lane& lane, std::span<const GreyImage> images, std::span<const GreyImage> masks,
             int max_keypoints, const DeviceBuffer<float2>& rotations,
             std::span<LocalFeatures> outputs);

void embed(Lane& lane, std::span<const LocalFeatures> features, const Whitening& whitening,
           std::span<std::vector<std::int8_t>> outputs);

void dense_codes(Lane& lane, std::span<const GreyImage> images, std::span<const GreyImage> masks,
                 std::span<DenseCode> outputs);

void reduce_dense(Lane& lane, std::span<const DenseCode> codes, std::span<DensePyramid> outputs);

void similarities(Lane& lane, std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                  std::span<std::int32_t> outputs);

void find_consensus(Lane& lane, std::span<const std::vector<KeypointPair>> pairs,
                    float threshold_px, std::span<Consensus> outputs);

void relight(Lane& lane, std::span<const GreyImage> images, std::span<const GreyImage> masks,
             std::span<GreyImage> relit, std::span<Light> lights);

}  // namespace pressmark::kernels::cuda
