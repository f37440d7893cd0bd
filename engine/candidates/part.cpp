// SPDX-License-Identifier: Apache-2.0
#include "engine/candidates/part.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <stdexcept>

namespace pressmark::candidates {
namespace {

std::array<std::size_t, kChannels.size()> word_counts(const models::ModelData& model) {
  return {static_cast<std::size_t>(model.raw.words().words),
          static_cast<std::size_t>(model.relit.words().words)};
}

bool is_row_possible(const index::PartRow& row) {
  return row.id > 0 && row.width_px > 0 && row.height_px > 0 && std::isfinite(row.cohort_mean) &&
         row.cohort_deviation > 0 && std::isfinite(row.cohort_deviation);
}

}  // namespace

MemoryPart::MemoryPart(const kernels::Backend& backend, const models::ModelData& model)
    : backend_(&backend),
      global_size_(static_cast<std::size_t>(model.global_size)),
      local_(std::make_shared<index::LocalTail>(word_counts(model))) {}

void MemoryPart::add(ImageId id, const Description& description) {
  assert(description.global.size() == global_size_);
  local_->add(id, description);
  globals_.insert(globals_.end(), description.global.begin(), description.global.end());
  backend_->reduce_dense({&description.dense, 1}, {&pyramids_.emplace_back(), 1});
}

std::span<const float> MemoryPart::globals(std::size_t first, std::size_t count) const {
  return std::span(globals_).subspan(first * global_size_, count * global_size_);
}

MappedPart::MappedPart(const SectionSource& section, const models::ModelData& model,
                       std::string_view file)
    : global_size_(static_cast<std::size_t>(model.global_size)),
      row_bytes_(section(Section::kRows)),
      globals_(section(Section::kGlobals)),
      global_lists_(section(Section::kGlobalLists)),
      pyramids_(section(Section::kPyramids)) {
  const std::size_t count = row_bytes_.count<index::PartRow>();
  if (count == 0 || count > index::kMostPartRows ||
      row_bytes_.size() != count * sizeof(index::PartRow) ||
      globals_.size() != count * global_size_ * sizeof(float) ||
      pyramids_.size() != count * sizeof(kernels::DensePyramid)) {
    throw std::invalid_argument("its sections do not fit each other");
  }
  rows_ = row_bytes_.values<index::PartRow>(0, count);
  const auto is_after = [](const index::PartRow& a, const index::PartRow& b) {
    return a.id >= b.id;
  };
  if (!std::all_of(rows_.begin(), rows_.end(), is_row_possible) ||
      std::adjacent_find(rows_.begin(), rows_.end(), is_after) != rows_.end()) {
    throw std::invalid_argument("it has impossible rows");
  }
  for (const index::PartRow& row : rows_) ids_.push_back(row.id);
  vectors_ = globals_.values<float>(0, count * global_size_);
  if (global_lists_.size() > 0) {
    lists_ = index::view_ivf(global_lists_.values<std::byte>(0, global_lists_.size()), file);
    if (lists_->facts.rows != count || lists_->facts.dimension != global_size_) {
      throw std::invalid_argument("its lists of global vectors do not fit");
    }
  }
  std::array<index::MappedLocalPart::Channel, kChannels.size()> channels;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    channels[c] = {section(list_section(Section::kListOffsets, c)),
                   section(list_section(Section::kListRows, c)),
                   section(list_section(Section::kListPoints, c)),
                   section(list_section(Section::kListCodes, c))};
  }
  local_ = std::make_shared<index::MappedLocalPart>(rows_, channels, word_counts(model));
}

std::span<const float> MappedPart::globals(std::size_t first, std::size_t count) const {
  return vectors_.subspan(first * global_size_, count * global_size_);
}

const kernels::DensePyramid& MappedPart::pyramid(std::size_t row) const {
  return pyramids_.values<kernels::DensePyramid>(row, 1).front();
}

}  // namespace pressmark::candidates
