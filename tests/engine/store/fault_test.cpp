// SPDX-License-Identifier: Apache-2.0
//
// Full disks, missing permissions, and what a crash leaves behind.
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <memory>

#include "engine/store/segment.hpp"
#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;
using FaultTest = StoreTest;

// While it lives, files cannot grow beyond the limit: writing fails with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limited{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  sighandler_t old_handler_;
};

std::size_t files_in(const fs::path& directory) {
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(directory)) ++files;
  return files;
}

// The limits reach from "no byte of the segment" over "segment yes, log no" to "all fits".
TEST_F(FaultTest, AWriteThatFailsAnywhereLeavesTheCatalogueAsItWas) {
  create();
  Store store = writer();
  store.commit(make_images(1, 2));
  const std::string lock = file_bytes(catalogue_ / "writer.lock");
  int failed = 0, succeeded = 0, next = 10;
  std::size_t images = 2, segments = 1;
  for (rlim_t limit = 0; limit < 200'000; limit += limit < 40'000 ? 1500 : 20'000) {
    const auto batch = make_images(next, 3, 100);
    try {
      const FileSizeLimit full(limit);
      store.commit(batch);
      ++succeeded;
      images += 3;
      ++segments;
      next += 3;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kIo) << error.what();
      ++failed;
    }
    EXPECT_EQ(store.locations().size(), images) << limit;
    EXPECT_EQ(reader().locations().size(), images) << limit;
    EXPECT_EQ(files_in(catalogue_ / "segments"), segments) << limit;
  }
  EXPECT_GT(failed, 5);
  EXPECT_GT(succeeded, 0);
  store.commit(make_images(1000, 3));
  EXPECT_EQ(file_bytes(catalogue_ / "writer.lock"), lock);
  for (const DescriptionLocation& location : store.locations()) {
    EXPECT_NO_THROW(store.read_description(location));
  }
}

TEST_F(FaultTest, AFullDiskIsAnIoErrorAndTheCatalogueStaysUsable) {
  const fs::path disk = root_ / "disk";
  fs::create_directory(disk);
  if (::geteuid() != 0 || ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=512k") != 0) {
    GTEST_SKIP() << "needs permission to mount";
  }
  const fs::path place = disk / "catalogue";
  // Also when an assertion or exception ends the test.
  const std::shared_ptr<void> unmount(nullptr, [&](void*) { ::umount2(disk.c_str(), MNT_DETACH); });
  {
    Store::create(place, settings(), model());
    Store store(place, Catalogue::Access::kWrite);
    std::size_t images = 0;
    std::string message;
    const ErrorCode code = error_of(
        [&] {
          for (int i = 0; i < 200; ++i) {
            store.commit(make_images(10 * i, 5, 60));
            images += 5;
          }
        },
        &message);
    EXPECT_EQ(code, ErrorCode::kIo) << message;
    EXPECT_GT(images, 0u);
    EXPECT_EQ(store.locations().size(), images);
    EXPECT_EQ(files_in(place / "segments"), images / 5);
    ASSERT_EQ(::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=4m"), 0);
    EXPECT_EQ(store.commit(make_images(100'000, 5)).size(), 5u);
    EXPECT_EQ(Store(place, Catalogue::Access::kRead).locations().size(), images + 5);
  }
}

TEST_F(FaultTest, CreatingOnAFullDiskLeavesNothing) {
  std::string message;
  {
    const FileSizeLimit full(5000);
    EXPECT_EQ(error_of([&] { create(); }, &message), ErrorCode::kIo);
  }
  EXPECT_FALSE(fs::exists(catalogue_)) << message;
  EXPECT_EQ(files_in(root_), 1u);
  fs::create_directory(catalogue_);
  {
    const FileSizeLimit full(5000);
    EXPECT_EQ(error_of([&] { create(); }), ErrorCode::kIo);
  }
  EXPECT_TRUE(fs::is_empty(catalogue_));
}

TEST_F(FaultTest, WhatACrashLeftIsIgnoredByReadersAndRemovedByTheNextWriter) {
  create();
  writer().commit(make_images(1, 2));
  // Renamed, but never named by a transaction; begun; and files that are none of our business.
  write_segment(segment(2), 2, settings(), make_images(50, 1));
  write_bytes(segment(3).native() + ".tmp", "half");
  write_bytes(catalogue_ / "segments" / "notes.txt", "keep");
  {
    const Store store = reader();
    EXPECT_EQ(store.locations().size(), 2u);
    EXPECT_EQ(store.info().segments, 1);
    EXPECT_EQ(files_in(catalogue_ / "segments"), 4u);
  }
  Store store = writer();
  EXPECT_EQ(files_in(catalogue_ / "segments"), 2u);
  EXPECT_TRUE(fs::exists(catalogue_ / "segments" / "notes.txt"));
  EXPECT_THAT(store.commit(make_images(60, 2)), testing::ElementsAre(3, 4));
  EXPECT_EQ(store.read_description(store.locations()[2]), make_image(60).description);
}

TEST_F(FaultTest, AReaderNeedsNoPermissionToWrite) {
  create();
  writer().commit(make_images(1, 4));
  const auto before = contents(catalogue_);
  const auto read_as_nobody = [&](std::size_t images) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return false;
    const Store store = reader();
    return store.locations().size() == images &&
           store.read_description(store.locations()[0]) == make_image(1).description;
  };
  OtherProcess alone([&] { return read_as_nobody(4); });
  OtherProcess beside_a_writer([&] { return read_as_nobody(5); });
  ::chmod(root_.c_str(), 0755);
  ::chmod(catalogue_.c_str(), 0555);
  ::chmod(database().c_str(), 0444);
  EXPECT_EQ(alone.run(), 0);
  EXPECT_EQ(contents(catalogue_), before);
  ::chmod(catalogue_.c_str(), 0755);
  ::chmod(database().c_str(), 0644);
  Store store = writer();
  store.commit(make_images(9, 1));
  EXPECT_EQ(beside_a_writer.run(), 0);
}

TEST_F(FaultTest, AnUnfinishedLogThatCannotBeReadIsExplained) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  create();
  std::string log;
  {
    Store store = writer();
    store.commit(make_images(1, 1));
    log = file_bytes(database().native() + "-wal");
  }
  write_bytes(database().native() + "-wal", log);  // as after kill -9 and a copy without -shm
  ::chmod(root_.c_str(), 0755);
  OtherProcess nobody([&] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return false;
    try {
      reader();
    } catch (const Error& error) {
      return error.code() == ErrorCode::kIo &&
             std::string(error.what()).find("write-ahead log") != std::string::npos;
    }
    return false;
  });
  EXPECT_EQ(nobody.run(), 0);
}

}  // namespace
}  // namespace pressmark::store
