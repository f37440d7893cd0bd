// SPDX-License-Identifier: Apache-2.0
//
// Parts, written and mapped: however images are spread over them, the answers are the same.
#include "engine/candidates/part.hpp"

#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include "engine/candidates/write_part.hpp"
#include "gallery.hpp"

namespace pressmark::candidates {
namespace {

// An index file in memory, which can be damaged.
class MemoryFile final : public SectionSink {
 public:
  void begin(Section section) override {
    current_ = section;
    sections_[section];
  }
  void append(std::span<const std::byte> bytes) override {
    std::vector<std::byte>& section = sections_[current_];
    section.insert(section.end(), bytes.begin(), bytes.end());
  }

  // A copy, aligned as in a file, which lives as long as the returned value.
  index::CheckedBytes open(Section section) const {
    const auto found = sections_.find(section);
    if (found == sections_.end()) return {};
    struct alignas(64) Line {
      std::byte bytes[64];
    };
    const std::vector<std::byte>& bytes = found->second;
    auto lines = std::make_shared<std::vector<Line>>(bytes.size() / sizeof(Line) + 1);
    auto* const copy = reinterpret_cast<std::byte*>(lines->data());
    std::copy(bytes.begin(), bytes.end(), copy);
    return {{copy, bytes.size()}, [this, section, lines](std::size_t, std::size_t) {
              if (damaged_.contains(section)) throw index::DamagedPart(7, "damaged");
            }};
  }
  std::shared_ptr<const MappedPart> map(const models::ModelData& model) const {
    return std::make_shared<const MappedPart>([this](Section section) { return open(section); },
                                              model, "file");
  }

  std::map<Section, std::vector<std::byte>> sections_;
  std::set<Section> damaged_;

 private:
  Section current_{};
};

class PartTest : public GalleryTest {
 protected:
  static constexpr ImageId kImages = 60;

  PartTest() {
    for (ImageId id = 1; id <= kImages; ++id) gallery_[3 * id] = random_description();
    for (ImageId id = 3; id <= 3 * kImages; id += 90) queries_.push_back(seen_again(gallery_[id]));
  }

  CandidateFinder::DenseSource dense_source() const {
    return [this](ImageId id) { return std::optional(gallery_.at(id).dense); };
  }

  std::unique_ptr<MemoryPart> hold(const std::vector<ImageId>& ids) const {
    auto part = std::make_unique<MemoryPart>(*backend_, model_);
    for (const ImageId id : ids) part->add(id, gallery_.at(id));
    return part;
  }

  std::unique_ptr<MemoryFile> write(const std::vector<const Part*>& parts,
                                    const std::set<ImageId>& left_out = {},
                                    std::size_t listed_rows = index::kLeastListedRows) const {
    auto file = std::make_unique<MemoryFile>();
    write_part(
        parts, model_, [&](ImageId id) { return !left_out.contains(id); }, *file, listed_rows);
    return file;
  }

  std::vector<ImageId> all_ids() const {
    std::vector<ImageId> ids;
    for (const auto& [id, description] : gallery_) ids.push_back(id);
    return ids;
  }

  // All images one by one, without those left out.
  CandidateFinder plain_finder(const std::set<ImageId>& left_out = {}) const {
    CandidateFinder finder(*backend_, model_);
    for (const auto& [id, description] : gallery_) {
      if (!left_out.contains(id)) finder.add(id, description);
    }
    return finder;
  }

  // To each query, near positions that votes propose and in all positions.
  std::vector<Rankings> answers(const CandidateFinder& finder,
                                const index::ImageSelection* selection = nullptr) {
    std::vector<Rankings> all;
    for (options_.dense_images = 0; options_.dense_images <= 1000; options_.dense_images += 1000) {
      for (const Description& query : queries_) {
        all.push_back(find(finder, query, 40, std::nullopt, selection));
        EXPECT_FALSE(all.back().votes.empty());
      }
    }
    return all;
  }

  static void expect_same(const std::vector<Rankings>& a, const std::vector<Rankings>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].votes, b[i].votes);
      EXPECT_EQ(a[i].dense, b[i].dense);
      EXPECT_EQ(a[i].global, b[i].global);
      EXPECT_EQ(a[i].united, b[i].united);
    }
  }

  std::map<ImageId, Description> gallery_;
  std::vector<Description> queries_;
};

TEST_F(PartTest, AnswersDoNotDependOnHowImagesAreSpreadOverParts) {
  const CandidateFinder plain = plain_finder();
  const std::vector<Rankings> expected = answers(plain);
  // Consecutive, interleaved, of very different sizes; some images in a tail.
  for (const int spread : {1, 2, 3, 4}) {
    std::map<int, std::vector<ImageId>> groups;
    std::vector<ImageId> tail;
    for (const ImageId id : all_ids()) {
      if (spread < 4 && id > 150) {
        tail.push_back(id);
      } else {
        groups[spread == 1 ? 0 : static_cast<int>(spread == 2 ? id / 40 : random_() % 5)].push_back(
            id);
      }
    }
    std::vector<std::unique_ptr<MemoryFile>> files;
    CandidateFinder finder(*backend_, model_, dense_source());
    for (const auto& [group, ids] : groups) {
      files.push_back(write({hold(ids).get()}));
      finder.add_part(files.back()->map(model_));
    }
    for (const ImageId id : tail) finder.add(id, gallery_[id]);
    SCOPED_TRACE(spread);
    expect_same(answers(finder), expected);
    EXPECT_EQ(finder.describe_local(), plain.describe_local());
  }
}

TEST_F(PartTest, SeveralQueriesGetTheAnswersOfEachAloneWhateverTheThreads) {
  const CandidateFinder finder = plain_finder();
  for (options_.dense_images = 0; options_.dense_images <= 1000; options_.dense_images += 1000) {
    std::vector<std::unique_ptr<const kernels::DenseSearch>> dense;
    std::vector<CandidateFinder::Query> asked;
    std::vector<Rankings> alone;
    for (const Description& query : queries_) {
      const ImageId left_out = gallery_.begin()->first;
      dense.push_back(backend_->prepare_search(query.dense));
      asked.push_back({&query, dense.back().get(), left_out});
      alone.push_back(find(finder, query, 40, left_out));
    }
    for (const int threads : {1, 4}) {
      tbb::task_arena arena(threads);
      arena.execute([&] { expect_same(finder.find(asked, 40, options_), alone); });
    }
  }
}

TEST_F(PartTest, JoinedPartsHaveTheBytesOfAPartWrittenAtOnce) {
  const std::unique_ptr<MemoryFile> at_once = write({hold(all_ids()).get()});
  std::vector<std::vector<ImageId>> groups(4);
  for (const ImageId id : all_ids()) groups[random_() % groups.size()].push_back(id);
  std::vector<std::unique_ptr<MemoryFile>> files;
  std::vector<std::shared_ptr<const MappedPart>> mapped;
  std::vector<const Part*> parts;
  for (const std::vector<ImageId>& ids : groups) {
    files.push_back(write({hold(ids).get()}));
    mapped.push_back(files.back()->map(model_));
    parts.push_back(mapped.back().get());
  }
  const std::unique_ptr<MemoryFile> joined = write(parts);
  EXPECT_EQ(joined->sections_, at_once->sections_);
}

TEST_F(PartTest, RemovedImagesCountForNothing) {
  std::set<ImageId> removed;
  for (ImageId id = 9; id <= 3 * kImages; id += 12) removed.insert(id);
  const std::vector<ImageId> ids(removed.begin(), removed.end());
  const CandidateFinder plain = plain_finder(removed);
  const std::vector<Rankings> expected = answers(plain);

  const std::unique_ptr<MemoryFile> whole = write({hold(all_ids()).get()});
  CandidateFinder hidden(*backend_, model_, dense_source());
  hidden.add_part(whole->map(model_));
  hidden.remove(ids);
  EXPECT_EQ(hidden.size(), plain.size());
  expect_same(answers(hidden), expected);
  EXPECT_EQ(hidden.describe_local(), plain.describe_local());

  const std::unique_ptr<MemoryFile> rewritten = write({whole->map(model_).get()}, removed);
  CandidateFinder without(*backend_, model_, dense_source());
  without.add_part(rewritten->map(model_));
  expect_same(answers(without), expected);
}

TEST_F(PartTest, ASelectionIsSearchedAsIfNothingElseWereThere) {
  std::set<ImageId> unselected;
  index::ImageSelection selection;
  for (const ImageId id : all_ids()) {
    if (id % 4 == 1) {
      selection.append(id);
    } else {
      unselected.insert(id);
    }
  }
  const std::unique_ptr<MemoryFile> whole = write({hold(all_ids()).get()});
  CandidateFinder finder(*backend_, model_, dense_source());
  finder.add_part(whole->map(model_));
  EXPECT_EQ(finder.size(&selection), selection.count());
  expect_same(answers(finder, &selection), answers(plain_finder(unselected)));
}

// Of so few vectors that all lists are probed.
TEST_F(PartTest, ListsOfGlobalVectorsAreWrittenAndSearched) {
  MemoryFile file;
  const auto part = hold(all_ids());
  const Part* const parts[] = {part.get()};
  write_part(
      parts, model_, [](ImageId) { return true; }, file, 10);
  ASSERT_TRUE(file.sections_.contains(Section::kGlobalLists));
  CandidateFinder finder(*backend_, model_, dense_source());
  finder.add_part(file.map(model_));
  EXPECT_THAT(finder.describe_global(), testing::HasSubstr("IVF"));
  index::GlobalSearch all, exact;
  all.recall = 1;
  exact.is_exact = true;
  for (const Description& query : queries_) {
    EXPECT_EQ(finder.find_global(query.global, 7, all), finder.find_global(query.global, 7, exact));
  }
  file.damaged_ = {Section::kGlobalLists};
  EXPECT_THROW(file.map(model_), index::DamagedPart);
}

TEST_F(PartTest, DamageIsNoticedWhereBytesAreFirstUsed) {
  const std::unique_ptr<MemoryFile> file = write({hold(all_ids()).get()});
  for (const auto& [section, bytes] : file->sections_) {
    file->damaged_ = {section};
    const auto search = [&] {
      CandidateFinder finder(*backend_, model_, dense_source());
      finder.add_part(file->map(model_));
      find(finder, queries_[0], 10);
    };
    EXPECT_THROW(search(), index::DamagedPart) << static_cast<std::uint32_t>(section);
  }
}

TEST_F(PartTest, SectionsThatDoNotFitAreRefused) {
  const std::unique_ptr<MemoryFile> file = write({hold(all_ids()).get()});
  for (auto& [section, bytes] : file->sections_) {
    const std::vector<std::byte> sound = bytes;
    bytes.resize(bytes.size() - 1);
    EXPECT_THROW(file->map(model_), std::invalid_argument) << static_cast<std::uint32_t>(section);
    bytes.clear();
    EXPECT_THROW(file->map(model_), std::invalid_argument) << static_cast<std::uint32_t>(section);
    bytes = sound;
  }
  // Ids that do not ascend, and lists that do not.
  std::vector<std::byte>& rows = file->sections_[Section::kRows];
  std::swap_ranges(rows.begin(), rows.begin() + sizeof(index::PartRow),
                   rows.begin() + sizeof(index::PartRow));
  EXPECT_THROW(file->map(model_), std::invalid_argument);
  std::swap_ranges(rows.begin(), rows.begin() + sizeof(index::PartRow),
                   rows.begin() + sizeof(index::PartRow));
  file->sections_[Section::kListOffsets][2] = std::byte{0xff};
  EXPECT_THROW(file->map(model_), std::invalid_argument);
}

// Rows that no checksum vouches for must not make a search read elsewhere.
TEST_F(PartTest, ARowNumberOutOfBoundsIsPassedOver) {
  const std::unique_ptr<MemoryFile> file = write({hold(all_ids()).get()});
  std::ranges::fill(file->sections_[Section::kListRows], std::byte{0xff});
  CandidateFinder finder(*backend_, model_, dense_source());
  finder.add_part(file->map(model_));
  for (const Description& query : queries_) {
    for (const ImageId id : find(finder, query, 10).votes) EXPECT_TRUE(gallery_.contains(id));
  }
  EXPECT_NO_THROW(write({file->map(model_).get()}));
}

TEST_F(PartTest, DriftIsThatOfTheListsThatFitWorst) {
  for (auto& [id, description] : gallery_) {  // distances are those of vectors of unit length
    double squares = 0;
    for (const float value : description.global) squares += double{value} * double{value};
    for (float& value : description.global) value /= static_cast<float>(std::sqrt(squares));
  }
  const std::vector<ImageId> ids = all_ids();
  const std::vector<ImageId> low(ids.begin(), ids.begin() + 30), high(ids.begin() + 30, ids.end());
  const auto first = hold(low), second = hold(high);
  const auto plain = write({first.get()}), listed = write({first.get()}, {}, 10),
             other = write({second.get()}, {}, 10);
  const auto drift_of = [&](const std::vector<const MemoryFile*>& files) {
    CandidateFinder finder(*backend_, model_, dense_source());
    for (const MemoryFile* file : files) finder.add_part(file->map(model_));
    return finder.global_drift();
  };
  EXPECT_FALSE(drift_of({}));
  EXPECT_FALSE(drift_of({plain.get()}));
  const auto alone = drift_of({listed.get()}), others = drift_of({other.get()});
  ASSERT_TRUE(alone && others);
  EXPECT_GT(alone->error, 0);
  // In one index, and in two, which ids that do not ascend need.
  const double worst = std::max(alone->growth(), others->growth());
  EXPECT_EQ(drift_of({listed.get(), other.get()})->growth(), worst);
  EXPECT_EQ(drift_of({other.get(), listed.get()})->growth(), worst);
}

}  // namespace
}  // namespace pressmark::candidates
