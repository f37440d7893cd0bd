// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include "pipeline_fixture.hpp"

namespace pressmark {
namespace {

class PipelineThreadsTest : public test::PipelineTest {
 protected:
  static RunControl with_threads(int threads) {
    RunControl control;
    control.threads = threads;
    return control;
  }
};

TEST_F(PipelineThreadsTest, TheCatalogueDoesNotDependOnThreads) {
  auto photos = write_scenes(9);
  photos.insert(photos.begin() + 3, write_bad("bad.png"));
  photos.push_back(photos[0]);
  AddOptions options;
  options.images_per_segment = 4;
  Catalogue one = Catalogue::create(directory_.path() / "one", test::test_model(), describe_);
  Catalogue two = Catalogue::create(directory_.path() / "two", test::test_model(), describe_);
  const auto alone = add(one, photos, options, with_threads(1));
  const auto together = add(two, photos, options, with_threads(2));
  ASSERT_EQ(alone.size(), together.size());
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(alone[i].file, together[i].file);
    EXPECT_EQ(alone[i].status, together[i].status);
    EXPECT_EQ(alone[i].id, together[i].id);
    EXPECT_EQ(alone[i].reason, together[i].reason);
    if (alone[i].status == AddStatus::kAdded) {
      EXPECT_EQ(one.description(alone[i].id), two.description(alone[i].id));
    }
  }
}

TEST_F(PipelineThreadsTest, AnswersDoNotDependOnThreads) {
  Catalogue catalogue = create();
  add(catalogue, write_scenes(6), {}, with_threads(2));
  std::vector<PhotoInput> queries{write_bad("bad.png")};
  for (int number : {5, 1, 3, 70, 0, 71}) queries.push_back(write_view(number));
  const auto alone = match(catalogue, queries, {}, with_threads(1));
  EXPECT_EQ(alone[1].hits.size(), 1u);
  for (int threads : {2, 2, 4}) {
    test::expect_equal(match(catalogue, queries, {}, with_threads(threads)), alone);
  }
}

TEST_F(PipelineThreadsTest, AReaderMatchesWhileAnotherAdds) {
  Catalogue writer = create();
  const auto photos = write_scenes(12);
  const std::vector<PhotoInput> queries{write_view(0)};
  AddOptions options;
  options.images_per_segment = 1;
  add(writer, {photos[0]});
  std::atomic<bool> finished = false;
  std::thread adding([&] {
    add(writer, photos, options, with_threads(1));
    finished = true;
  });
  const Catalogue early = Catalogue::open(place(), Catalogue::Access::kRead);
  const auto first = match(early, queries, {}, with_threads(2));
  int last_candidates = 0;
  do {
    // An open reader keeps its snapshot; a fresh one sees at least what the one before saw.
    test::expect_equal(match(early, queries, {}, with_threads(1)), first);
    const Catalogue reader = Catalogue::open(place(), Catalogue::Access::kRead);
    const auto results = match(reader, queries, {}, with_threads(1));
    EXPECT_EQ(hit_ids(results[0]), std::vector<ImageId>{1});
    EXPECT_GE(results[0].candidates, last_candidates);
    last_candidates = results[0].candidates;
  } while (!finished);
  adding.join();
  const Catalogue late = Catalogue::open(place(), Catalogue::Access::kRead);
  EXPECT_EQ(match(late, queries)[0].candidates, 12);
}

}  // namespace
}  // namespace pressmark
