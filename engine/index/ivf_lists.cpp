// SPDX-License-Identifier: Apache-2.0
#include "engine/index/ivf_lists.hpp"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "pressmark/error.hpp"

namespace pressmark::index {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t rounded_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

std::size_t block_bytes(const IvfFacts& facts) {
  return kRowsPerBlock * code_size(facts.dimension);
}

[[noreturn]] void refuse(std::string_view name, std::string_view why) {
  throw Error(ErrorCode::kCorruptData, fmt::format("{}: damaged inverted lists ({})", name, why));
}

void check_facts(const IvfFacts& facts, std::string_view name) {
  if (facts.magic != IvfFacts::kMagic) refuse(name, "no header");
  if (facts.version > IvfFacts::kVersion) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{}: inverted lists of version {}, this program reads {}", name,
                            facts.version, IvfFacts::kVersion));
  }
  if (facts.version != IvfFacts::kVersion) refuse(name, "version");
  if (facts.dimension < 1 || facts.dimension > IvfFacts::kMostDimension) refuse(name, "dimension");
  if (facts.lists < 1 || facts.lists > IvfFacts::kMostLists) refuse(name, "number of lists");
  if (facts.rows == kNoRow) refuse(name, "number of rows");
  // No list fills up more than its last block.
  const std::size_t least = rounded_up(facts.rows, kRowsPerBlock) / kRowsPerBlock;
  if (facts.blocks < least || facts.blocks > least + facts.lists) refuse(name, "number of blocks");
  const auto is_share = [](float value) { return value >= 0 && value <= 1; };
  for (const RecallCurve& curve : facts.curves) {
    for (const float recall : curve.recall) {
      if (!is_share(recall)) refuse(name, "recall");
    }
  }
  if (!std::isfinite(facts.trained_error) || !std::isfinite(facts.rows_error)) {
    refuse(name, "quantisation error");
  }
}

template <typename T>
std::span<const T> section(std::span<const std::byte> image, const IvfSection& place) {
  const std::span<const std::byte> bytes = image.subspan(place.offset, place.bytes);
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

}  // namespace

std::size_t IvfListsView::bytes_per_block() const {
  return block_bytes(facts);
}

IvfLayout ivf_layout(const IvfFacts& facts) {
  const std::size_t coarse_blocks = rounded_up(facts.lists, kRowsPerBlock) / kRowsPerBlock;
  IvfLayout layout;
  std::size_t end = sizeof(IvfFacts);
  const auto place = [&](std::size_t bytes) {
    const IvfSection placed{end, bytes};
    end = rounded_up(end + bytes, kIvfAlignment);
    return placed;
  };
  layout.centroids = place(sizeof(float) * facts.lists * facts.dimension);
  layout.coarse_scales = place(sizeof(float) * kRowsPerBlock * coarse_blocks);
  layout.coarse_codes = place(coarse_blocks * block_bytes(facts));
  layout.starts = place(sizeof(std::uint32_t) * (facts.lists + std::size_t{1}));
  layout.rows = place(sizeof(std::uint32_t) * kRowsPerBlock * facts.blocks);
  layout.scales = place(sizeof(float) * kRowsPerBlock * facts.blocks);
  layout.codes = place(facts.blocks * block_bytes(facts));
  layout.bytes = end;
  return layout;
}

IvfListsView view_ivf(std::span<const std::byte> image, std::string_view name) {
  assert(reinterpret_cast<std::uintptr_t>(image.data()) % kIvfAlignment == 0);
  if (image.size() < sizeof(IvfFacts)) refuse(name, "too short");
  IvfListsView view;
  std::memcpy(static_cast<void*>(&view.facts), image.data(), sizeof(IvfFacts));
  check_facts(view.facts, name);
  const IvfLayout layout = ivf_layout(view.facts);
  if (image.size() != layout.bytes) refuse(name, "length");
  view.centroids = section<float>(image, layout.centroids);
  view.coarse_scales = section<float>(image, layout.coarse_scales);
  view.coarse_codes = section<std::uint8_t>(image, layout.coarse_codes);
  view.starts = section<std::uint32_t>(image, layout.starts);
  view.rows = section<std::uint32_t>(image, layout.rows);
  view.scales = section<float>(image, layout.scales);
  view.codes = section<std::uint8_t>(image, layout.codes);
  if (view.starts.front() != 0 || view.starts.back() != view.facts.blocks) {
    refuse(name, "bounds of the lists");
  }
  for (std::size_t list = 0; list < view.facts.lists; ++list) {
    if (view.starts[list] > view.starts[list + 1]) refuse(name, "bounds of the lists");
  }
  return view;
}

}  // namespace pressmark::index
