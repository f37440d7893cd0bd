// SPDX-License-Identifier: Apache-2.0
//
// Index files may be there, lacking, damaged or changing: answers are the same.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "engine/model/model_data.hpp"
#include "engine/pipeline/index_files.hpp"
#include "engine/pipeline/snapshot.hpp"
#include "pipeline_fixture.hpp"

namespace pressmark {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using Access = Catalogue::Access;

std::string bytes_of_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void flip(const fs::path& file, std::size_t at) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekg(static_cast<std::streamoff>(at));
  const int byte = stream.get();
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(byte ^ 0x20));
}

class IndexFilesTest : public test::PipelineTest {
 protected:
  static constexpr int kScenes = 5;

  // Two runs, so that there are two files.
  void build() {
    Catalogue catalogue = create();
    const std::vector<PhotoInput> scenes = write_scenes(kScenes);
    add(catalogue, {scenes.begin(), scenes.begin() + 3});
    add(catalogue, {scenes.begin() + 3, scenes.end()});
  }

  fs::path index() const { return place() / "index"; }

  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(index())) {
      if (entry.path().extension() == ".pmidx") found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  std::map<fs::path, std::string> index_contents() const {
    std::map<fs::path, std::string> contents;
    for (const auto& entry : fs::directory_iterator(index())) {
      contents[entry.path()] = bytes_of_file(entry.path());
    }
    return contents;
  }

  // In every position and where votes propose.
  std::vector<QueryResult> answers(const Catalogue& catalogue) const {
    std::vector<QueryResult> all;
    for (const int dense_images : {0, 500}) {
      MatchOptions options;
      options.search.dense_images = dense_images;
      for (QueryResult& result : match(catalogue, {write_view(1), write_view(4)}, options)) {
        all.push_back(std::move(result));
      }
    }
    return all;
  }
  std::vector<QueryResult> fresh_answers() const {
    return answers(Catalogue::open(place(), Access::kRead));
  }
  CatalogueInfo fresh_info() const { return Catalogue::open(place(), Access::kRead).info(); }
};

TEST_F(IndexFilesTest, AnAddWritesThemAndAReaderUsesThem) {
  build();
  EXPECT_EQ(files().size(), 2u);
  const CatalogueInfo info = fresh_info();
  EXPECT_EQ(info.index_files, 2);
  EXPECT_EQ(info.indexed_images, kScenes);
  EXPECT_EQ(info.unindexed_images, 0);
  EXPECT_GT(info.index_bytes, kScenes * 2500);
  EXPECT_THAT(info.index_problems, IsEmpty());
}

TEST_F(IndexFilesTest, WithoutThemAnswersAreTheSameAndTheNextAddMakesThem) {
  build();
  const auto expected = fresh_answers();
  ASSERT_FALSE(expected[0].hits.empty());
  fs::remove_all(index());
  test::expect_equal(fresh_answers(), expected);
  EXPECT_FALSE(fs::exists(index())) << "a reader writes nothing";
  EXPECT_EQ(fresh_info().unindexed_images, kScenes);
  {
    Catalogue catalogue = Catalogue::open(place(), Access::kWrite);
    add(catalogue, {write_scene(kScenes)});
  }
  EXPECT_EQ(fresh_info().indexed_images, kScenes + 1);
  EXPECT_EQ(fresh_info().unindexed_images, 0);
}

TEST_F(IndexFilesTest, DamageIsReadAroundAndMadeAnewByAReindex) {
  build();
  const auto expected = fresh_answers();
  const fs::path file = files()[0];
  const std::size_t size = fs::file_size(file);
  const auto check = [&] {
    const store::Store store(place(), Access::kRead);
    return pipeline::check_index(store, test::test_model().data());
  };
  EXPECT_THAT(check(), IsEmpty());
  // Header, rows, vectors, lists, tables.
  for (const std::size_t at :
       {std::size_t{3}, std::size_t{130}, std::size_t{300}, size / 4, 3 * size / 4, size - 9}) {
    flip(file, at);
    MatchOptions by_votes;
    by_votes.search.dense_images = 0;
    test::expect_equal(match(Catalogue::open(place(), Access::kRead), {write_view(1)}, by_votes)[0],
                       expected[0]);
    EXPECT_THAT(check(), testing::ElementsAre(HasSubstr(file.native()))) << at;
    flip(file, at);
  }
  EXPECT_THAT(fresh_info().index_problems, IsEmpty());
  flip(file, 3);
  CatalogueInfo info = fresh_info();
  ASSERT_EQ(info.index_problems.size(), 1u);
  EXPECT_THAT(info.index_problems[0], HasSubstr(file.native()));
  EXPECT_EQ(info.indexed_images, 2);
  EXPECT_EQ(info.unindexed_images, 3);
  Catalogue::open(place(), Access::kWrite).reindex();
  info = fresh_info();
  EXPECT_THAT(info.index_problems, IsEmpty());
  EXPECT_EQ(info.index_files, 1);
  EXPECT_EQ(info.indexed_images, kScenes);
  test::expect_equal(fresh_answers(), expected);
}

TEST_F(IndexFilesTest, AnAddReplacesDamagedAndMissingFiles) {
  build();
  flip(files()[0], 3);
  fs::remove(files()[1]);
  {
    Catalogue catalogue = Catalogue::open(place(), Access::kWrite);
    add(catalogue, {write_scene(kScenes)});
  }
  const CatalogueInfo info = fresh_info();
  EXPECT_THAT(info.index_problems, IsEmpty());
  EXPECT_EQ(info.indexed_images, kScenes + 1);
  EXPECT_EQ(static_cast<std::size_t>(info.index_files), files().size()) << "leavings are removed";
}

TEST_F(IndexFilesTest, ADamagedListIsNoIndex) {
  build();
  const auto expected = fresh_answers();
  flip(index() / "parts", 30);
  test::expect_equal(fresh_answers(), expected);
  EXPECT_EQ(fresh_info().unindexed_images, kScenes);
  EXPECT_THAT(fresh_info().index_problems.at(0), HasSubstr("parts"));
  Catalogue::open(place(), Access::kWrite).reindex();
  EXPECT_EQ(fresh_info().indexed_images, kScenes);
  EXPECT_EQ(files().size(), 1u);
}

TEST_F(IndexFilesTest, ThoseOfAnotherCatalogueAreRefused) {
  build();
  const auto expected = fresh_answers();
  Catalogue other = Catalogue::create(directory_.path() / "other", test::test_model(), describe_);
  add(other, write_scenes(kScenes));
  fs::remove_all(index());
  fs::copy(directory_.path() / "other" / "index", index());
  EXPECT_THAT(fresh_info().index_problems.at(0), HasSubstr("another catalogue"));
  test::expect_equal(fresh_answers(), expected);
}

TEST_F(IndexFilesTest, AReaderGoesOnWhileAWriterReplacesThem) {
  build();
  const Catalogue reader = Catalogue::open(place(), Access::kRead);
  const auto before = answers(reader);
  {
    Catalogue writer = Catalogue::open(place(), Access::kWrite);
    add(writer, {write_scene(kScenes)});
    writer.reindex();
    EXPECT_EQ(files().size(), 1u);
  }
  test::expect_equal(answers(reader), before);
  EXPECT_EQ(reader.info().indexed_images, kScenes);
  EXPECT_EQ(fresh_info().indexed_images, kScenes + 1);
}

TEST_F(IndexFilesTest, AnInterruptedReindexChangesNothing) {
  build();
  const auto before = index_contents();
  Catalogue catalogue = Catalogue::open(place(), Access::kWrite);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(error_of([&] {
              catalogue.reindex({1, stop.get_token(), {}});
            }),
            ErrorCode::kInterrupted);
  EXPECT_TRUE(index_contents() == before);
  // After the images are read, while files are joined.
  std::stop_source later;
  EXPECT_EQ(error_of([&] {
              catalogue.reindex({1, later.get_token(), [&](const Progress& progress) {
                                   EXPECT_EQ(progress.total, kScenes);
                                   later.request_stop();
                                 }});
            }),
            ErrorCode::kInterrupted);
  EXPECT_TRUE(index_contents() == before);
}

TEST_F(IndexFilesTest, ManySmallRunsLeaveFewFilesAndTheSameAnswers) {
  {
    Catalogue catalogue = create();
    for (int i = 0; i < 18; ++i) {
      add(catalogue, {write_scene(i)});
      EXPECT_LE(files().size(), 8u);
    }
  }
  EXPECT_LE(files().size(), 4u);
  const auto expected = fresh_answers();
  Catalogue catalogue = Catalogue::open(place(), Access::kWrite);
  catalogue.reindex();
  EXPECT_EQ(files().size(), 1u);
  test::expect_equal(fresh_answers(), expected);
}

TEST_F(IndexFilesTest, RemovedImagesAreDroppedWhenTheyAreMany) {
  build();
  {
    Catalogue catalogue = Catalogue::open(place(), Access::kWrite);
    catalogue.remove(std::vector<ImageId>{2});
  }
  EXPECT_EQ(fresh_info().indexed_images, kScenes - 1);
  const auto expected = fresh_answers();
  EXPECT_THAT(expected[0].hits, IsEmpty());
  const std::uintmax_t size = fs::file_size(files()[0]);
  {
    Catalogue catalogue = Catalogue::open(place(), Access::kWrite);
    add(catalogue, {write_scene(kScenes)});
    EXPECT_EQ(catalogue.remove(std::vector<ImageId>{kScenes + 1}), 1);
  }
  for (const fs::path& file : files()) EXPECT_LT(fs::file_size(file), size);
  test::expect_equal(fresh_answers(), expected);
}

TEST_F(IndexFilesTest, ManyImagesWithoutThemAreSearchedByTemporaryFiles) {
  build();
  fs::remove_all(index());
  const store::Store store(place(), Access::kRead);
  const auto backend = kernels::make_cpu_backend();
  const Model loaded = test::test_model();
  const models::ModelData& model = loaded.data();
  const auto in_memory = pipeline::take_snapshot(store, *backend, model, {});
  const auto by_files = pipeline::take_snapshot(store, *backend, model, {}, 2);
  EXPECT_EQ(by_files->unindexed_images, kScenes);
  EXPECT_EQ(by_files->finder.size(), kScenes);
  SearchOptions options;
  for (options.dense_images = 0; options.dense_images <= 500; options.dense_images += 500) {
    for (ImageId id = 1; id <= kScenes; ++id) {
      const Description query = *store.read_image(id);
      const auto dense = backend->prepare_search(query.dense);
      const candidates::CandidateFinder::Query asked{&query, dense.get()};
      EXPECT_EQ(by_files->finder.find({&asked, 1}, 10, options).front().united,
                in_memory->finder.find({&asked, 1}, 10, options).front().united);
    }
  }
}

TEST_F(IndexFilesTest, AnAuditFindsAllThatAnExactSearchFinds) {
  build();
  const Catalogue catalogue = Catalogue::open(place(), Access::kRead);
  AuditOptions options;
  options.queries = 4;
  options.k = 2;
  const AuditReport report = catalogue.audit(options);
  EXPECT_EQ(report.images, kScenes);
  EXPECT_EQ(report.queries, 4);
  EXPECT_EQ(report.k, 2);
  EXPECT_EQ(report.recall, 1);
  EXPECT_EQ(report.worst_query, 1);
  EXPECT_NEAR(report.recall_high, 1, 1e-9);
  EXPECT_NEAR(report.recall_low, 0.51, 0.01);  // four observations say little
  options.queries = 0;
  EXPECT_EQ(error_of([&] { catalogue.audit(options); }), ErrorCode::kInvalidArgument);
}

TEST_F(IndexFilesTest, AnAuditOfASmallCatalogueFindsItsSearchThorough) {
  build();
  const Catalogue catalogue = Catalogue::open(place(), Access::kRead);
  const CandidateAudit audit = catalogue.audit({}).candidates;
  EXPECT_TRUE(audit.is_same_search);
  EXPECT_EQ(audit.queries, 0);
}

TEST_F(IndexFilesTest, AnAuditOfCandidatesFindsTheLinksThatMatchFinds) {
  const std::vector<PhotoInput> photos = {write_scene(0), write_view(0), write_scene(1),
                                          write_view(1), write_scene(2)};
  Catalogue catalogue = create();
  add(catalogue, photos);
  AuditOptions options;
  options.dense_images = 0;
  const CandidateAudit audit = catalogue.audit(options).candidates;
  EXPECT_FALSE(audit.is_same_search);
  EXPECT_EQ(audit.queries, 5);
  EXPECT_THAT(audit.first, IsEmpty());  // no more than 10 images
  // Each of two pairs, either way.
  EXPECT_EQ(audit.links, 4);
  EXPECT_EQ(audit.links_found, 4);
  EXPECT_GT(audit.thorough_seconds, 0);
  RunControl alone;
  alone.threads = 1;
  const CandidateAudit again = catalogue.audit(options, alone).candidates;
  EXPECT_EQ(again.links, audit.links);
  options.candidate_queries = 2;
  EXPECT_EQ(catalogue.audit(options).candidates.queries, 2);
  options.candidate_queries = -1;
  EXPECT_EQ(error_of([&] { catalogue.audit(options); }), ErrorCode::kInvalidArgument);
}

TEST_F(IndexFilesTest, AnAuditCanBeInterrupted) {
  build();
  const Catalogue catalogue = Catalogue::open(place(), Access::kRead);
  AuditOptions options;
  options.queries = 1;
  options.dense_images = 0;
  // Within what asks for candidates: the one query of the other audit is done.
  std::stop_source stop;
  RunControl control;
  control.threads = 1;
  control.stop = stop.get_token();
  control.on_progress = [&](const Progress& progress) {
    EXPECT_EQ(progress.total, 1 + kScenes);
    if (progress.done == 1) stop.request_stop();
  };
  EXPECT_EQ(error_of([&] { catalogue.audit(options, control); }), ErrorCode::kInterrupted);
}

TEST_F(IndexFilesTest, AnEmptyCatalogueHasNone) {
  Catalogue catalogue = create();
  catalogue.reindex();
  EXPECT_EQ(catalogue.info().index_files, 0);
  EXPECT_EQ(catalogue.audit({}).queries, 0);
  EXPECT_TRUE(match(catalogue, {write_view(1)})[0].hits.empty());
}

}  // namespace
}  // namespace pressmark
