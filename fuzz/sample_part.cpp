// SPDX-License-Identifier: Apache-2.0
#include "fuzz/sample_part.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "engine/candidates/part.hpp"

namespace pressmark::fuzz {
namespace {

using candidates::Section;

constexpr std::size_t kRows = 3, kGlobalSize = 4;

// One list with all rows, which fill a part of one block.
std::vector<std::byte> sample_lists() {
  index::IvfFacts facts;
  facts.dimension = kGlobalSize;
  facts.lists = 1;
  facts.rows = kRows;
  facts.blocks = 1;
  const index::IvfLayout layout = index::ivf_layout(facts);
  std::vector<std::byte> image(layout.bytes);
  std::memcpy(image.data(), &facts, sizeof facts);
  const std::uint32_t starts[] = {0, 1};
  std::memcpy(image.data() + layout.starts.offset, starts, sizeof starts);
  std::vector<std::uint32_t> rows(index::kRowsPerBlock, index::kNoRow);
  for (std::uint32_t row = 0; row < kRows; ++row) rows[row] = row;
  std::memcpy(image.data() + layout.rows.offset, rows.data(), layout.rows.bytes);
  return image;
}

class Sections {
 public:
  explicit Sections(store::PartWriter& writer) : writer_(writer) {}

  template <typename T>
  void add(Section section, std::size_t channel, const std::vector<T>& values) {
    writer_.begin_section(
        static_cast<std::uint32_t>(channel == 0 ? section : list_section(section, channel)));
    writer_.append(std::as_bytes(std::span(values)));
  }

 private:
  store::PartWriter& writer_;
};

}  // namespace

store::PartOwner sample_owner() {
  return {"0123456789abcdef", {1, 2, 3}};
}

models::ModelData sample_model() {
  models::ModelData model;
  model.global_size = kGlobalSize;
  model.raw.vocabulary.resize(kSampleWords * kLocalCodeSize);
  model.relit.vocabulary.resize(kSampleWords * kLocalCodeSize);
  return model;
}

void write_sample_part(const std::filesystem::path& file, bool with_lists) {
  store::PartWriter writer(file, 1, sample_owner());
  Sections sections(writer);
  std::vector<index::PartRow> rows(kRows);
  for (std::size_t i = 0; i < kRows; ++i) {
    rows[i].id = static_cast<ImageId>(i) + 1;
    rows[i].width_px = 16;
    rows[i].height_px = 12;
    rows[i].codes = 2;
  }
  sections.add(Section::kRows, 0, rows);
  sections.add(Section::kGlobals, 0, std::vector<float>(kRows * kGlobalSize, 0.5f));
  sections.add(Section::kPyramids, 0, std::vector<kernels::DensePyramid>(kRows));
  if (with_lists) sections.add(Section::kGlobalLists, 0, sample_lists());
  for (std::size_t channel = 0; channel < kChannels.size(); ++channel) {
    const std::vector<std::uint32_t> offsets = {0, 2, 2, 3};
    const Keypoint point{1, 2, 3, 0};
    sections.add(Section::kListOffsets, channel, offsets);
    sections.add(Section::kListRows, channel, std::vector<std::uint16_t>{0, 1, 2});
    sections.add(Section::kListPoints, channel,
                 std::vector<index::GridPoint>(3, index::GridPoint(point)));
    sections.add(Section::kListCodes, channel, std::vector<std::int8_t>(3 * kLocalCodeSize, 7));
  }
  const store::CoveredSegment covered[] = {{1, 11}, {2, 22}};
  writer.finish(kRows, covered);
}

}  // namespace pressmark::fuzz
