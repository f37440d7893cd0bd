// SPDX-License-Identifier: Apache-2.0
//
// Index files and the list of those that count.
#include "engine/store/part_file.hpp"

#include "engine/store/part_list.hpp"
#include "store_fixture.hpp"
#include "tests/support/temporary_directory.hpp"

namespace pressmark::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PartFileTest : public testing::Test {
 protected:
  PartFileTest() {
    owner_.model_id = "0123456789abcdef";
    owner_.catalogue_id = {1, 2, 3};
    std::mt19937 random(5);
    // More than a block; less; nothing.
    for (const std::size_t size : {3 * kPartBlock + 17, std::size_t{40}, std::size_t{0}}) {
      std::vector<std::byte> bytes(size);
      for (std::byte& value : bytes) value = static_cast<std::byte>(random());
      sections_.push_back(std::move(bytes));
    }
  }

  std::uint64_t write() const {
    PartWriter writer(file_, 9, owner_);
    for (std::uint32_t kind = 0; kind < sections_.size(); ++kind) {
      writer.begin_section(kind + 1);
      // In pieces that are no divisors of a block.
      std::span<const std::byte> rest = sections_[kind];
      while (!rest.empty()) {
        const auto piece = rest.first(std::min<std::size_t>(rest.size(), 1000));
        writer.append(piece);
        rest = rest.subspan(piece.size());
      }
    }
    return writer.finish(12, segments_);
  }

  // What opening and reading everything says; empty: nothing is wrong.
  std::string complaint(std::uint64_t checksum) const {
    try {
      return PartFile(file_, 9, checksum, owner_).check();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorruptData);
      return error.what();
    }
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / part_file_name(9);
  PartOwner owner_;
  std::vector<std::vector<std::byte>> sections_;
  std::vector<CoveredSegment> segments_ = {{1, 11}, {4, 44}};
};

TEST_F(PartFileTest, HoldsWhatWasWritten) {
  const PartFile part(file_, 9, write(), owner_);
  EXPECT_EQ(part.number(), 9u);
  EXPECT_EQ(part.rows(), 12u);
  EXPECT_TRUE(std::ranges::equal(part.segments(), segments_));
  EXPECT_EQ(part.find(4), nullptr);
  for (std::uint32_t kind = 0; kind < sections_.size(); ++kind) {
    const PartSection* const section = part.find(kind + 1);
    ASSERT_NE(section, nullptr);
    EXPECT_EQ(section->offset % kPartAlignment, 0u);
    EXPECT_TRUE(std::ranges::equal(part.bytes_of(*section), sections_[kind]));
    EXPECT_TRUE(part.is_sound(*section, 0, sections_[kind].size()));
  }
  EXPECT_EQ(part.check(), "");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(PartFileTest, AnyChangedByteIsNoticed) {
  const std::uint64_t checksum = write();
  const std::string sound = file_bytes(file_);
  for (std::size_t at = 0; at < sound.size(); at += at < 600 ? 1 : 997) {
    std::string bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    write_bytes(file_, bytes);
    // Gaps between sections hold nothing.
    const bool is_gap = at >= sizeof(PartHeader) && at < 128;
    const std::string found = complaint(checksum);
    EXPECT_EQ(found.empty(), is_gap) << at;
    EXPECT_TRUE(is_gap || found.find(file_.native()) != std::string::npos) << found;
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{60}, sound.size() / 2, sound.size() - 1}) {
    write_bytes(file_, sound.substr(0, size));
    EXPECT_NE(complaint(checksum), "") << size;
  }
  write_bytes(file_, sound + "x");
  EXPECT_NE(complaint(checksum), "");
  std::filesystem::remove(file_);
  EXPECT_NE(complaint(checksum), "");
}

TEST_F(PartFileTest, DamageIsFoundInTheRangeThatIsUsedAlone) {
  const std::uint64_t checksum = write();
  std::string bytes = file_bytes(file_);
  bytes[128 + kPartBlock + 5] = static_cast<char>(bytes[128 + kPartBlock + 5] ^ 1);
  write_bytes(file_, bytes);
  const PartFile part(file_, 9, checksum, owner_);
  const PartSection& section = *part.find(1);
  EXPECT_TRUE(part.is_sound(section, 0, kPartBlock));
  EXPECT_TRUE(part.is_sound(section, 2 * kPartBlock, kPartBlock + 17));
  EXPECT_FALSE(part.is_sound(section, kPartBlock - 1, 2));
  EXPECT_FALSE(part.is_sound(section, 2 * kPartBlock - 1, 1));
  EXPECT_THAT(part.check(), HasSubstr("bytes 65664 to 131199"));
}

TEST_F(PartFileTest, AFileOfAnotherCatalogueModelOrNumberIsRefused) {
  const std::uint64_t checksum = write();
  PartOwner other = owner_;
  other.catalogue_id[0] = 7;
  EXPECT_THROW(PartFile(file_, 9, checksum, other), Error);
  other = owner_;
  other.model_id += "0";
  EXPECT_THROW(PartFile(file_, 9, checksum, other), Error);
  EXPECT_THROW(PartFile(file_, 8, checksum, owner_), Error);
  EXPECT_THROW(PartFile(file_, 9, checksum + 1, owner_), Error);
}

TEST_F(PartFileTest, WhatIsNotFinishedLeavesNothing) {
  {
    PartWriter writer(file_, 9, owner_);
    writer.begin_section(1);
    writer.append(sections_[0]);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

class PartListTest : public PartFileTest {
 protected:
  std::filesystem::path index_ = directory_.path() / "index";
  std::filesystem::path list_file_ = index_ / kPartListName;
};

TEST_F(PartListTest, IsReadAsItWasWritten) {
  EXPECT_THAT(read_part_list(index_, owner_).problem, IsEmpty());
  write_part_list(index_, {7, {{3, 33}, {6, 66}}, {}}, owner_);
  write_part_list(index_, {9, {{8, 88}}, {}}, owner_);
  const PartList list = read_part_list(index_, owner_);
  EXPECT_EQ(list.problem, "");
  EXPECT_EQ(list.next_number, 9u);
  EXPECT_THAT(list.parts, ElementsAre(PartEntry{8, 88}));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(index_), {}), 1);
}

TEST_F(PartListTest, IsNothingWithAProblemWhereItIsDamagedOrOfAnother) {
  write_part_list(index_, {7, {{3, 33}, {6, 66}}, {}}, owner_);
  const std::string sound = file_bytes(list_file_);
  const auto expect_refused = [&](const PartOwner& owner) {
    const PartList list = read_part_list(index_, owner);
    EXPECT_THAT(list.problem, HasSubstr(list_file_.native()));
    EXPECT_THAT(list.parts, IsEmpty());
  };
  for (std::size_t at = 0; at < sound.size(); ++at) {
    std::string bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    write_bytes(list_file_, bytes);
    expect_refused(owner_);
    write_bytes(list_file_, sound.substr(0, at));
    expect_refused(owner_);
  }
  write_bytes(list_file_, sound);
  PartOwner other = owner_;
  other.catalogue_id[5] = 1;
  expect_refused(other);
}

TEST_F(PartListTest, FilesThatItDoesNotNameAreRemoved) {
  write_part_list(index_, {7, {{3, 33}}, {}}, owner_);
  for (const char* name : {"00000003.pmidx", "00000005.pmidx", "00000006.pmidx.tmp", "notes"}) {
    write_bytes(index_ / name, "x");
  }
  EXPECT_EQ(highest_part_number(index_), 6u);
  remove_unnamed_parts(index_, read_part_list(index_, owner_));
  EXPECT_TRUE(std::filesystem::exists(index_ / "00000003.pmidx"));
  EXPECT_TRUE(std::filesystem::exists(index_ / "notes"));
  EXPECT_TRUE(std::filesystem::exists(list_file_));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(index_), {}), 3);
}

class IndexedStateTest : public StoreTest {};

TEST_F(IndexedStateTest, ListsSegmentsRemovedImagesAndChosenOnes) {
  create();
  Store store = writer();
  const auto first = store.commit(make_images(1, 3));
  const auto second = store.commit(make_images(10, 2));
  const auto none = [](std::span<const CoveredSegment>) { return std::vector<std::uint64_t>{}; };
  EXPECT_THAT(store.indexed_state(none).removed, IsEmpty());
  store.remove(std::vector<ImageId>{second[1], first[1]});
  for (const bool is_indexed : {false, true}) {
    if (is_indexed) store.index_removed();
    std::vector<std::uint64_t> seen;
    const IndexedState state = store.indexed_state([&](std::span<const CoveredSegment> segments) {
      for (const CoveredSegment& segment : segments) seen.push_back(segment.number);
      return std::vector<std::uint64_t>{1};
    });
    EXPECT_THAT(seen, ElementsAre(1, 2));
    EXPECT_EQ(state.segments.size(), 2u);
    EXPECT_NE(state.segments[0].checksum, state.segments[1].checksum);
    EXPECT_THAT(state.removed, ElementsAre(first[1], second[1]));
    ASSERT_EQ(state.chosen.size(), 2u);
    EXPECT_EQ(state.chosen[1].id, first[2]);
    EXPECT_EQ(state.chosen[1].slot, 2);
  }
  EXPECT_FALSE(store.location(first[1]).has_value());
  EXPECT_FALSE(store.read_image(first[1]).has_value());
  EXPECT_EQ(store.location(second[0])->segment, 2);
  EXPECT_EQ(store.read_image(second[0])->width_px, 512);
}

}  // namespace
}  // namespace pressmark::store
