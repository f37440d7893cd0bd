// SPDX-License-Identifier: Apache-2.0
//
// Every change of a file that an operation makes fails once in turn: a clear error, a catalogue
// that is as before or as after, a store that goes on to work. The whole product of operations,
// points and faults takes a minute (PRESSMARK_ALL_FAULTS=1); by default points are left out.
#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>

#include "store_fixture.hpp"
#include "tests/support/file_faults.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;
namespace faults = pressmark::test::faults;

struct Fault {
  const char* name;
  faults::Action action;
  int error;
  bool onwards;
  std::int64_t stride;  // in the short form, every so many points
};

constexpr Fault kFaults[] = {
    {"EIO", faults::Action::kFail, EIO, false, 1},
    {"EIO from here on", faults::Action::kFail, EIO, true, 3},
    {"full disk", faults::Action::kFail, ENOSPC, true, 2},
    {"full disk for a moment", faults::Action::kFail, ENOSPC, false, 4},
    {"quota", faults::Action::kFail, EDQUOT, true, 7},
    {"read-only from here on", faults::Action::kFail, EROFS, true, 3},
    {"short write", faults::Action::kShort, 0, false, 3},
};

class FileFaultTest : public StoreTest {
 protected:
  FileFaultTest() { count(); }
  ~FileFaultTest() override { faults::disarm(); }

  // Nothing fails from here on. Counted files are not synced either, which would take most of the
  // time.
  void count() const { faults::arm({root_, 0, faults::Action::kNone, 0, false}); }

  // What readers see, without moments.
  static std::string seen(const Store& store) {
    std::string all;
    for (const SeizureInfo& info : store.list_seizures()) {
      all += fmt::format("{} {} {}\n", info.seizure.name, info.seizure.place, info.images);
    }
    store.list_images({}, [&](const CatalogueImage& image) {
      all += fmt::format("{} {} {} {} {}\n", image.id, image.file.native(), image.info.sha256.hex(),
                         image.facts.seizure, image.keypoints);
      return true;
    });
    for (const DescriptionLocation& location : store.locations()) {
      const int seed = static_cast<int>(store.find(location.id)->info.file_bytes) - 1000;
      EXPECT_EQ(store.read_description(location), make_image(seed).description);
    }
    return all;
  }
  std::string seen_now() const { return seen(reader()); }

  void copy(const fs::path& from, const fs::path& to) const {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
  }

  // `change` is run on a store that is open, `states` are what may be seen after it was cut off.
  void fail_everywhere(const std::function<void(Store&)>& change,
                       const std::vector<std::string>& extra_states = {}) {
    const fs::path kept = root_ / "kept";
    copy(catalogue_, kept);
    const std::string before = seen_now();
    std::int64_t steps = 0;
    {
      Store store = writer();
      count();
      change(store);
      steps = faults::disarm();
      count();
    }
    const std::string after = seen_now();
    ASSERT_NE(before, after);
    ASSERT_GT(steps, 2);
    std::vector<std::string> states = extra_states;
    states.push_back(before);
    states.push_back(after);
    for_each_fault(steps, [&](const faults::Plan& plan) {
      copy(kept, catalogue_);
      {
        Store store = writer();
        const bool failed = cut_off(plan, [&] { change(store); });
        EXPECT_THAT(states, testing::Contains(seen_now()));
        // The same store, as soon as the disk works again.
        if (failed) {
          EXPECT_NO_THROW(change(store));
        }
        EXPECT_EQ(seen(store), after);
      }
      EXPECT_EQ(seen_now(), after);
      Store next = writer();
      EXPECT_NO_THROW(next.put_seizure({"later", "", "", ""}));
    });
  }

  // `sparser`: the short form leaves out so many times as many points.
  void for_each_fault(std::int64_t steps, const std::function<void(const faults::Plan&)>& body,
                      std::int64_t sparser = 1) {
    const bool all = std::getenv("PRESSMARK_ALL_FAULTS") != nullptr;
    for (const Fault& fault : kFaults) {
      for (std::int64_t at = 1; at <= steps; at += all ? 1 : sparser * fault.stride) {
        SCOPED_TRACE(fmt::format("{} at {} of {}", fault.name, at, steps));
        body({root_, at, fault.action, fault.error, fault.onwards});
        if (testing::Test::HasFailure()) return;
      }
    }
  }

  // Whether `action` failed, which it may do by an error of input and output that names a file.
  bool cut_off(const faults::Plan& plan, const std::function<void()>& action) const {
    const std::shared_ptr<void> counting(nullptr, [&](void*) { count(); });
    faults::arm(plan);
    try {
      action();
      return false;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kIo) << error.what();
      EXPECT_NE(plan.action, faults::Action::kShort) << error.what();
      EXPECT_THAT(error.what(), testing::HasSubstr(root_.native()));
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("\n")));
    }
    return true;
  }
};

TEST_F(FileFaultTest, CommitIsDoneOrNotAndCanBeRepeated) {
  create();
  {
    Store store = writer();
    store.put_seizure({"S", "Porto", "", ""});
    store.commit(make_images(1, 2));
  }
  auto images = make_images(10, 3);
  for (NewImage& image : images) {
    image.facts.seizure = "S";
    image.facts.package = "P";
  }
  fail_everywhere([&](Store& store) {
    // A commit whose last sync failed may have reached the disk.
    if (!store.find_hash(images[0].info.sha256)) store.commit(images);
  });
}

TEST_F(FileFaultTest, RemovalIsDoneOrNotAndCanBeRepeated) {
  create();
  writer().commit(make_images(1, 4));
  const ImageId ids[] = {2, 4};
  fail_everywhere([&](Store& store) { store.remove(ids); });
}

TEST_F(FileFaultTest, ASeizureIsStoredOrNotAndCanBeRepeated) {
  create();
  writer().commit(make_images(1, 2));
  fail_everywhere([](Store& store) { store.put_seizure({"S", "Porto", "2024", ""}); });
}

// The log of a crashed writer is recovered by the next one; what that writes may fail as well.
TEST_F(FileFaultTest, OpeningAfterACrashIsDoneOrNotAndCanBeRepeated) {
  create();
  OtherProcess crashing([&]() -> bool {
    Store store = writer();
    store.commit(make_images(1, 3));
    write_bytes(segment(2), "a segment that no transaction names");
    ::_exit(0);
  });
  ASSERT_EQ(crashing.run(), 0);
  ASSERT_GT(fs::file_size(database().native() + "-wal"), 0u);
  const fs::path kept = root_ / "kept";
  copy(catalogue_, kept);
  for (const auto access : {Catalogue::Access::kRead, Catalogue::Access::kWrite}) {
    copy(kept, catalogue_);
    count();
    { const Store store(catalogue_, access); }
    const std::int64_t steps = faults::disarm();
    count();
    ASSERT_GT(steps, 2);
    const std::string after = seen_now();
    ASSERT_THAT(after, testing::HasSubstr("/photos/3.jpg"));
    for_each_fault(steps, [&](const faults::Plan& plan) {
      copy(kept, catalogue_);
      cut_off(plan, [&] {
        const Store store(catalogue_, access);
        EXPECT_EQ(store.locations().size(), 3u);
      });
      EXPECT_EQ(seen_now(), after);
      EXPECT_NO_THROW(writer());
      EXPECT_EQ(seen_now(), after);
      EXPECT_FALSE(fs::exists(segment(2)));
    });
  }
}

TEST_F(FileFaultTest, CreationIsDoneOrNotAndCanBeRepeated) {
  for (const bool inside : {false, true}) {
    const auto prepare = [&] {
      fs::remove_all(catalogue_);
      if (inside) fs::create_directory(catalogue_);
    };
    prepare();
    count();
    create();
    const std::int64_t steps = faults::disarm();
    count();
    const auto create_again = [&](const faults::Plan& plan) {
      prepare();
      if (cut_off(plan, [&] { create(); }) && !fs::exists(database())) {
        EXPECT_NO_THROW(create());
      }
      EXPECT_EQ(seen_now(), "");
      writer().commit(make_images(1, 1));
    };
    for_each_fault(steps, create_again, 5);
  }
}

}  // namespace
}  // namespace pressmark::store
