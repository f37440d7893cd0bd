// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

using testing::HasSubstr;
using ConcurrencyTest = StoreTest;

TEST_F(ConcurrencyTest, ASecondWriterIsToldWhoIsAtWork) {
  create();
  const std::string owner = "process " + std::to_string(::getpid());
  OtherProcess other([&] {
    try {
      writer();
    } catch (const Error& error) {
      return error.code() == ErrorCode::kBusy &&
             std::string(error.what()).find(owner) != std::string::npos;
    }
    return false;
  });
  const Store first = writer();
  std::string message;
  EXPECT_EQ(error_of([&] { writer(); }, &message), ErrorCode::kBusy);
  EXPECT_THAT(message, testing::AllOf(HasSubstr(owner), HasSubstr(catalogue_.native())));
  EXPECT_EQ(other.run(), 0);
}

TEST_F(ConcurrencyTest, TheLockEndsWithTheWriter) {
  create();
  { const Store first = writer(); }
  EXPECT_EQ(file_bytes(catalogue_ / "writer.lock"), "");
  {
    const Store second = writer();
    EXPECT_EQ(file_bytes(catalogue_ / "writer.lock"), std::to_string(::getpid()) + "\n");
  }
  // Killed, its id stays in the file and does no harm.
  write_bytes(catalogue_ / "writer.lock", "1\n");
  const Store third = writer();
}

TEST_F(ConcurrencyTest, ReadersSeeEachCommitOfAWriterAndNeverBlock) {
  create();
  OtherProcess other([&] { return reader().locations().size() == 8; });
  const Store reading = reader();
  Store writing = writer();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(reading.locations().size(), static_cast<std::size_t>(i));
    writing.commit(make_images(i, 1));
    EXPECT_EQ(reader().locations().size(), static_cast<std::size_t>(i) + 1);
  }
  // A reader in the middle of a list keeps its snapshot, and the writer goes on.
  int seen = 0;
  reading.list_images({}, [&](const CatalogueImage&) {
    if (seen == 0) writing.commit(make_images(100, 3));
    ++seen;
    return true;
  });
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(reading.locations().size(), 8u);
  EXPECT_EQ(other.run(), 0);
}

// Opening and closing a store reads the database file; that must not take away the locks that
// protect another store of the same process from other processes.
TEST_F(ConcurrencyTest, ClosingOneStoreDoesNotUnlockAnotherInTheSameProcess) {
  create();
  OtherProcess second([&] { return reader().locations().size() == 1; });
  OtherProcess third([&] { return reader().locations().size() == 2; });
  Store writing = writer();
  writing.commit(make_images(1, 1));
  { const Store passing = reader(); }
  // Were the locks gone, the other would take itself for the last user and delete the log.
  EXPECT_EQ(second.run(), 0);
  EXPECT_TRUE(std::filesystem::exists(database().native() + "-wal"));
  writing.commit(make_images(2, 1));
  EXPECT_EQ(third.run(), 0);
}

TEST_F(ConcurrencyTest, DescriptionsAreReadFromManyThreads) {
  create();
  Store store = writer();
  for (int i = 0; i < 80; ++i) store.commit(make_images(i * 2, 2, 5));
  const auto locations = store.locations();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; i < 300; ++i) {
        const std::size_t which = random() % locations.size();
        if (store.read_description(locations[which]) !=
            make_description(static_cast<int>(which), 5, kGlobalSize)) {
          ++wrong;
        }
        if (store.read_globals(locations[which].segment).size() != 2u * kGlobalSize) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// Everything that was acknowledged is there, nothing is half there, and the next writer needs no
// manual step.
TEST_F(ConcurrencyTest, AKilledWriterLosesNothingAcknowledged) {
  create();
  std::mt19937 random(7);
  int next = 0;
  for (int round = 0; round < 15; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        Store store = writer();
        for (int i = next;; i += 3) {
          store.commit(make_images(i, 3, 40));
          const int done = i + 3;
          if (::write(pipe_ends[1], &done, sizeof done) != sizeof done) ::_exit(1);
        }
      } catch (const std::exception&) {
        ::_exit(1);
      }
    }
    ::close(pipe_ends[1]);
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 40));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself";
    int acknowledged = next, done = 0;
    while (::read(pipe_ends[0], &done, sizeof done) == sizeof done) acknowledged = done;
    ::close(pipe_ends[0]);

    const auto check = [&](const Store& store) {
      const auto locations = store.locations();
      const int present = static_cast<int>(locations.size());
      EXPECT_GE(present, acknowledged);
      EXPECT_LE(present, acknowledged + 3);
      EXPECT_EQ(present % 3, 0);
      for (int i = 0; i < present; ++i) {
        const auto& location = locations[static_cast<std::size_t>(i)];
        EXPECT_EQ(location.id, i + 1);
        EXPECT_EQ(store.read_description(location), make_description(i, 40, kGlobalSize));
      }
      next = present;
    };
    check(reader());
    const Store store = writer();
    check(store);
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(catalogue_ / "segments")) {
      ++files;
    }
    EXPECT_EQ(files, static_cast<std::size_t>(store.info().segments));
  }
  EXPECT_GT(next, 0);
}

}  // namespace
}  // namespace pressmark::store
