// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/fft.hpp"

#include <cassert>
#include <mutex>

#include "kernels/math/fft_tables.hpp"

namespace pressmark::kernels::cuda {
namespace {

// Made once per length: a thousand sines take longer than the transform of an image. There are
// fewer than 200 lengths up to kMaxFftLength.
const FftTables& tables_of(int length) {
  static std::mutex mutex;
  static std::map<int, FftTables> all;
  const std::lock_guard lock(mutex);
  auto found = all.find(length);
  if (found == all.end()) found = all.emplace(length, make_fft_tables(length)).first;
  return found->second;
}

}  // namespace

int FftPlans::index_of(int length) {
  assert(length >= 1 && length <= kMaxFftLength);
  const auto [place, added] = indices_.emplace(length, static_cast<int>(plans_.size()));
  if (!added) return place->second;
  const FftTables& tables = tables_of(length);
  FftPlan plan{length, static_cast<int>(tables.stages.size()), {}};
  assert(tables.stages.size() <= std::size(plan.stages));
  for (std::size_t i = 0; i < tables.stages.size(); ++i) {
    const FftStage& stage = tables.stages[i];
    const auto stride = static_cast<unsigned>(stage.stride);
    plan.stages[i] = {stage.radix, stage.groups, stage.stride, ((1u << 21) + stride - 1) / stride,
                      static_cast<int>(twiddles_.size() + stage.first_twiddle / 2)};
  }
  plans_.push_back(plan);
  for (std::size_t i = 0; i < tables.twiddles.size(); i += 2) {
    twiddles_.push_back(make_float2(tables.twiddles[i], tables.twiddles[i + 1]));
  }
  return place->second;
}

void FftPlans::upload(Lane& lane) {
  device_plans_ = lane.upload(plans_);
  device_twiddles_ = lane.upload(twiddles_);
}

}  // namespace pressmark::kernels::cuda
