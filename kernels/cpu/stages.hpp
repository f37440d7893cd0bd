// SPDX-License-Identifier: Apache-2.0
//
// One function per stage for one item; CpuBackend loops over the batch. Contracts: kernels/ops.hpp.
#pragma once

#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

void canonicalise(const ImageView& image, int long_side_px, GreyImage& output);
void extract(const GreyImage& image, const GreyImage& mask, int max_keypoints,
             LocalFeatures& output);
void embed(const LocalFeatures& features, const Whitening& whitening,
           std::vector<std::int8_t>& output);
void aggregate(const std::vector<std::int8_t>& codes, const Aggregation& aggregation,
               std::vector<float>& output);
void assign(std::span<const std::int8_t> codes, const Vocabulary& vocabulary, int even_size,
            int nearest, WordAssignment& output);
void similarities(std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                  std::span<std::int32_t> outputs);
void match(const CodesView& query, const CodesView& candidate, int even_size, float ratio,
           SignedMatches& output);
void find_consensus(const std::vector<KeypointPair>& pairs, float threshold_px, Consensus& output);
void register_pairs(const std::vector<PointPair>& pairs, float threshold_px, Registration& output);

}  // namespace pressmark::kernels::cpu
