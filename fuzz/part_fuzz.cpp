// SPDX-License-Identifier: Apache-2.0
//
// An index file of any bytes is refused with an Error (or as not fitting), or mapped and read to
// its end. The checksums of mutated files are made right again, because no mutation would ever pass
// them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <stdexcept>

#include "engine/candidates/part.hpp"
#include "engine/store/part_file.hpp"
#include "engine/store/segment.hpp"
#include "fuzz/sample_catalogue.hpp"
#include "fuzz/sample_part.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

void correct_checksums(std::uint8_t* data, std::size_t size) {
  PartHeader header;
  if (size < sizeof header) return;
  std::memcpy(&header, data, sizeof header);
  const std::span bytes(data, size);
  if (header.tables_offset <= size) {
    const std::span tables = bytes.subspan(header.tables_offset);
    const std::uint64_t first_section = header.segments * std::uint64_t{sizeof(CoveredSegment)};
    std::uint64_t next = first_section + header.sections * std::uint64_t{sizeof(PartSection)};
    for (std::uint64_t at = first_section;
         at + sizeof(PartSection) <= std::min<std::uint64_t>(next, tables.size());
         at += sizeof(PartSection)) {
      PartSection section;
      std::memcpy(&section, tables.data() + at, sizeof section);
      for (std::uint64_t done = 0; done < section.bytes; done += kPartBlock) {
        if (next + sizeof next > tables.size() || section.offset >= size) break;
        if (done >= size - section.offset) break;
        const std::uint64_t start = section.offset + done;
        const std::uint64_t length =
            std::min({std::uint64_t{kPartBlock}, section.bytes - done, size - start});
        const std::uint64_t checksum = xxh3_64(std::as_bytes(bytes.subspan(start, length)));
        std::memcpy(tables.data() + next, &checksum, sizeof checksum);
        next += sizeof checksum;
      }
    }
    header.tables_checksum = xxh3_64(std::as_bytes(tables));
  }
  header.header_checksum =
      xxh3_64(std::as_bytes(std::span(&header, 1)).first(offsetof(PartHeader, header_checksum)));
  std::memcpy(data, &header, sizeof header);
}

}  // namespace
}  // namespace pressmark::store

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max, unsigned seed) {
  const std::size_t mutated = LLVMFuzzerMutate(data, size, max);
  if (seed % 8 != 0) pressmark::store::correct_checksums(data, mutated);
  return mutated;
}

namespace {

using namespace pressmark;

void read_all(const std::filesystem::path& file, const store::PartHeader& header) {
  const store::PartFile part(file, header.number, header.header_checksum, fuzz::sample_owner());
  part.check();
  const auto section = [&](candidates::Section kind) -> index::CheckedBytes {
    const store::PartSection* found = part.find(static_cast<std::uint32_t>(kind));
    if (found == nullptr) return {};
    return {part.bytes_of(*found), [&part, found](std::size_t offset, std::size_t size) {
              if (!part.is_sound(*found, offset, size)) {
                throw index::DamagedPart(part.number(), "damaged");
              }
            }};
  };
  static const models::ModelData model = fuzz::sample_model();
  const candidates::MappedPart mapped(section, model, file.native());
  const std::size_t rows = mapped.rows().size();
  std::uint64_t sum = mapped.globals(0, rows).size();
  for (std::size_t row = 0; row < rows; ++row) {
    sum += static_cast<std::uint64_t>(mapped.pyramid(row).half.back());
  }
  for (std::size_t channel = 0; channel < kChannels.size(); ++channel) {
    for (std::size_t word = 0; word < fuzz::kSampleWords; ++word) {
      const index::WordList list = mapped.local()->list(channel, word);
      for (const std::int8_t value : list.codes) sum += static_cast<std::uint64_t>(value);
      for (const index::GridPoint& point : list.points) sum += point.x;
      for (const std::uint16_t row : list.rows) sum += row;
    }
  }
  // Keeps the reads.
  static volatile std::uint64_t sink;
  sink = sink + sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::filesystem::path file = fuzz::work_directory() / "file.pmidx";
  store::PartHeader header{};
  std::memcpy(&header, data, std::min(size, sizeof header));
  fuzz::write_file(file, data, size);
  try {
    read_all(file, header);
  } catch (const Error&) {
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
