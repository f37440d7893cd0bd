// SPDX-License-Identifier: Apache-2.0
//
// A segment file of any bytes is refused with an Error, or read. The checksums of mutated files are
// made right again, because no mutation would ever pass them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "engine/store/segment.hpp"
#include "fuzz/sample_catalogue.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

struct Bytes {
  std::uint8_t* data;
  std::size_t size;

  std::span<const std::byte> part(std::uint64_t offset, std::uint64_t length) const {
    const std::uint64_t start = std::min<std::uint64_t>(offset, size);
    return std::as_bytes(std::span(data, size))
        .subspan(start, std::min<std::uint64_t>(length, size - start));
  }
};

void correct_checksums(Bytes bytes) {
  SegmentHeader header;
  if (bytes.size < sizeof header) return;
  std::memcpy(&header, bytes.data, sizeof header);
  const std::uint64_t count = std::min<std::uint64_t>(
      header.image_count, (bytes.size - sizeof header) / sizeof(SegmentRecord));
  for (std::uint64_t slot = 0; slot < count; ++slot) {
    std::uint8_t* place = bytes.data + sizeof header + slot * sizeof(SegmentRecord);
    SegmentRecord record;
    std::memcpy(&record, place, sizeof record);
    // Absurd counts would overflow; they are refused before they are used.
    if (std::max(record.keypoint_counts[0], record.keypoint_counts[1]) <= kMaxImageKeypoints) {
      record.block_checksum = xxh3_64(bytes.part(record.block_offset, block_size(record)));
    }
    const std::uint64_t length = std::uint64_t{header.global_size} * sizeof(float);
    record.global_checksum = xxh3_64(bytes.part(header.globals_offset + slot * length, length));
    std::memcpy(place, &record, sizeof record);
  }
  header.records_checksum = xxh3_64(bytes.part(sizeof header, count * sizeof(SegmentRecord)));
  header.header_checksum =
      xxh3_64(std::as_bytes(std::span(&header, 1)).first(offsetof(SegmentHeader, header_checksum)));
  std::memcpy(bytes.data, &header, sizeof header);
}

// What a database would say of the file, taken from the file itself.
SegmentFacts facts_of(Bytes bytes) {
  SegmentFacts facts;
  SegmentHeader header;
  if (bytes.size < sizeof header) return facts;
  std::memcpy(&header, bytes.data, sizeof header);
  facts.number = static_cast<std::int64_t>(header.number);
  facts.model_id.assign(header.model_id, sizeof header.model_id);
  facts.images = static_cast<int>(header.image_count);
  facts.global_size = static_cast<int>(header.global_size);
  facts.bytes = static_cast<std::int64_t>(header.file_size);
  facts.checksum = header.header_checksum;
  return facts;
}

}  // namespace
}  // namespace pressmark::store

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max, unsigned seed) {
  const std::size_t mutated = LLVMFuzzerMutate(data, size, max);
  // Sometimes the wrong checksum itself is the point.
  if (seed % 8 != 0) pressmark::store::correct_checksums({data, mutated});
  return mutated;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pressmark;
  static const std::filesystem::path file = fuzz::work_directory() / "file.pmseg";
  fuzz::write_file(file, data, size);
  try {
    const store::Segment segment(file, store::facts_of({const_cast<std::uint8_t*>(data), size}));
    for (int slot = 0; slot < segment.images(); ++slot) {
      segment.sha256(slot);
      segment.description(slot);
    }
    segment.globals();
  } catch (const Error&) {
  }
  return 0;
}
