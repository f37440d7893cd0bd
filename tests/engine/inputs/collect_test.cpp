// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "pressmark/inputs.hpp"
#include "tests/engine/inputs/temporary_folder.hpp"

namespace pressmark::inputs {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class CollectPhotos : public testing::Test {
 protected:
  PhotoList collect(const std::vector<fs::path>& inputs) const { return collect_photos(inputs); }
  PhotoList collect() const { return collect({folder_.path()}); }

  // Photos relative to the test's folder.
  std::vector<std::string> names(const PhotoList& list) const {
    std::vector<std::string> result;
    for (const PhotoInput& photo : list.photos) {
      result.push_back(photo.file.lexically_relative(folder_.path()).string());
    }
    return result;
  }
  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }

  TemporaryFolder folder_;
};

auto issue(const std::string& file, ErrorCode code, const std::string& part) {
  return AllOf(Field(&InputIssue::file, file), Field(&InputIssue::code, code),
               Field(&InputIssue::reason, HasSubstr(part)));
}

TEST_F(CollectPhotos, WalksFoldersAndSortsByPathBytes) {
  for (const char* name :
       {"b/2.jpg", "b/10.jpg", "b.jpg", "B.jpg", "a/z/deep/1.png", "\xC3\xA4.jpg"}) {
    folder_.write(name);
  }
  const PhotoList list = collect();
  EXPECT_THAT(names(list), ElementsAre("B.jpg", "a/z/deep/1.png", "b.jpg", "b/10.jpg", "b/2.jpg",
                                       "\xC3\xA4.jpg"));
  EXPECT_THAT(list.issues, IsEmpty());
  EXPECT_EQ(list.skipped_files, 0);
}

TEST_F(CollectPhotos, TakesEveryPhotoExtensionInAnyCase) {
  const std::vector<std::string> photos = {"a.jpg",  "b.JPEG", "c.jpe",  "d.PNG", "e.tif",
                                           "f.Tiff", "g.bmp",  "h.WebP", "i.gif"};
  for (const std::string& name : photos) folder_.write(name);
  for (const char* name : {"notes.txt", "jpg", "a.jpg.txt", "raw.nef"}) folder_.write(name);
  const PhotoList list = collect();
  EXPECT_EQ(names(list), photos);
  EXPECT_EQ(list.skipped_files, 4);
}

TEST_F(CollectPhotos, SkipsAndCountsHiddenFilesHiddenFoldersAndResourceForks) {
  folder_.write("a.jpg");
  folder_.write("._a.jpg");
  folder_.write(".hidden.jpg");
  folder_.write(".thumbnails/a.jpg");
  const PhotoList list = collect();
  EXPECT_THAT(names(list), ElementsAre("a.jpg"));
  EXPECT_EQ(list.skipped_files, 3);
}

TEST_F(CollectPhotos, TriesANamedFileWhateverItsName) {
  const fs::path odd = folder_.write("photo.dat"), hidden = folder_.write(".hidden");
  const PhotoList list = collect({odd, hidden});
  EXPECT_THAT(names(list), ElementsAre("photo.dat", ".hidden"));
  EXPECT_THAT(list.issues, IsEmpty());
}

TEST_F(CollectPhotos, KeepsTheOrderOfInputsAndTheFirstOfEqualPaths) {
  folder_.write("z/1.jpg");
  folder_.write("a/1.jpg");
  const PhotoList list = collect({at("z"), at("a/1.jpg"), at("a"), at("z/1.jpg"), at("z")});
  EXPECT_THAT(names(list), ElementsAre("z/1.jpg", "a/1.jpg"));
  EXPECT_THAT(list.issues, IsEmpty());
}

TEST_F(CollectPhotos, ReportsAFolderNamedTwiceOnce) {
  folder_.write("empty/a.txt");
  const PhotoList list = collect({at("empty"), at("empty")});
  EXPECT_EQ(list.issues.size(), 1u);
  EXPECT_EQ(list.skipped_files, 1);
}

TEST_F(CollectPhotos, ReportsAPathThatDoesNotExist) {
  const PhotoList list = collect({at("missing"), ""});
  EXPECT_THAT(list.issues, ElementsAre(issue(at("missing"), ErrorCode::kNotFound, "no such file"),
                                       issue("", ErrorCode::kNotFound, "no such file")));
}

TEST_F(CollectPhotos, ReportsAFolderWithoutPhotos) {
  folder_.write("some/a.txt");
  folder_.write("some/below/b.txt");
  fs::create_directory(at("none"));
  folder_.write("one/a.txt");
  const PhotoList list = collect({at("some"), at("none"), at("one")});
  EXPECT_THAT(list.issues,
              ElementsAre(issue(at("some"), ErrorCode::kNotFound,
                                "no photos in this folder (2 other files skipped)"),
                          issue(at("none"), ErrorCode::kNotFound, "(0 other files skipped)"),
                          issue(at("one"), ErrorCode::kNotFound, "(1 other file skipped)")));
  EXPECT_EQ(list.skipped_files, 3);
}

TEST_F(CollectPhotos, IsSilentAboutAnEmptyFolderInsideOneWithPhotos) {
  folder_.write("a.jpg");
  fs::create_directory(at("none"));
  EXPECT_THAT(collect().issues, IsEmpty());
}

TEST_F(CollectPhotos, FollowsLinksToFilesAndFolders) {
  TemporaryFolder elsewhere;
  elsewhere.write("far/1.jpg");
  folder_.write("a.jpg");
  fs::create_symlink("a.jpg", at("b.jpg"));
  fs::create_directory_symlink(elsewhere.path() / "far", at("link"));
  EXPECT_THAT(names(collect()), ElementsAre("a.jpg", "b.jpg", "link/1.jpg"));
  EXPECT_THAT(names(collect({at("link")})), ElementsAre("link/1.jpg"));
}

TEST_F(CollectPhotos, EndsAtALoopAndReportsItOnce) {
  folder_.write("a/1.jpg");
  folder_.write("a/b/2.jpg");
  fs::create_directory_symlink("..", at("a/b/up"));
  fs::create_directory_symlink(at("a"), at("a/b/up_too"));
  const PhotoList list = collect();
  EXPECT_THAT(names(list), ElementsAre("a/1.jpg", "a/b/2.jpg"));
  EXPECT_THAT(list.issues,
              ElementsAre(issue(at("a/b/up"), ErrorCode::kInvalidArgument,
                                "directory loop: already visited as '" + at("a") + "'")));
}

TEST_F(CollectPhotos, ReportsALinkToItsOwnFolderAsALoop) {
  folder_.write("1.jpg");
  fs::create_directory_symlink(".", at("self"));
  const PhotoList list = collect();
  EXPECT_THAT(names(list), ElementsAre("1.jpg"));
  EXPECT_THAT(list.issues,
              ElementsAre(issue(at("self"), ErrorCode::kInvalidArgument, "directory loop")));
}

TEST_F(CollectPhotos, EntersAFolderOnceUnderItsRealPath) {
  folder_.write("z/1.jpg");
  fs::create_directory_symlink("z", at("a"));
  fs::create_directory_symlink("z", at("b"));
  const PhotoList list = collect();
  EXPECT_THAT(names(list), ElementsAre("z/1.jpg"));
  EXPECT_THAT(list.issues, IsEmpty()) << "a second way to a folder is no loop";
}

TEST_F(CollectPhotos, ReportsBrokenLinksThatMayHaveLedToPhotos) {
  folder_.write("a.jpg");
  fs::create_symlink("gone/b.jpg", at("b.jpg"));
  fs::create_symlink("/unmounted/disk", at("c"));
  fs::create_symlink("gone.txt", at("d.txt"));
  const PhotoList list = collect();
  EXPECT_THAT(names(list), ElementsAre("a.jpg"));
  EXPECT_THAT(
      list.issues,
      ElementsAre(
          issue(at("b.jpg"), ErrorCode::kNotFound, "broken symbolic link to 'gone/b.jpg'"),
          issue(at("c"), ErrorCode::kNotFound, "broken symbolic link to '/unmounted/disk'")));
  EXPECT_EQ(list.skipped_files, 1);
}

TEST_F(CollectPhotos, ReportsANamedBrokenLink) {
  fs::create_symlink("gone", at("b"));
  EXPECT_THAT(collect({at("b")}).issues,
              ElementsAre(issue(at("b"), ErrorCode::kNotFound, "broken symbolic link to 'gone'")));
}

TEST_F(CollectPhotos, ReportsALinkThatLeadsToItself) {
  folder_.write("a.jpg");
  fs::create_symlink("b.jpg", at("b.jpg"));
  EXPECT_THAT(collect().issues, ElementsAre(issue(at("b.jpg"), ErrorCode::kIo, "cannot be read")));
  EXPECT_THAT(collect({at("b.jpg")}).issues,
              ElementsAre(issue(at("b.jpg"), ErrorCode::kIo, "cannot be read")));
}

TEST_F(CollectPhotos, ReportsFoldersThatMayNotBeRead) {
  folder_.write("open/a.jpg");
  folder_.write("shut/b.jpg");
  fs::permissions(at("shut"), fs::perms::none);
  {
    const WithoutRoot unprivileged;
    if (!WithoutRoot::is_unprivileged()) GTEST_SKIP() << "root cannot be put down here";
    const PhotoList list = collect();
    EXPECT_THAT(names(list), ElementsAre("open/a.jpg"));
    EXPECT_THAT(list.issues, ElementsAre(issue(at("shut"), ErrorCode::kIo, "Permission denied")));
    EXPECT_THAT(collect({at("shut")}).issues,
                ElementsAre(issue(at("shut"), ErrorCode::kIo, "Permission denied")))
        << "whether it holds photos is not known";
    EXPECT_THAT(collect({at("shut/b.jpg")}).issues,
                ElementsAre(issue(at("shut/b.jpg"), ErrorCode::kIo, "Permission denied")));
  }
  fs::permissions(at("shut"), fs::perms::owner_all);
}

TEST_F(CollectPhotos, ReportsWhatIsNeitherFileNorFolder) {
  folder_.write("a.jpg");
  ASSERT_EQ(::mkfifo(at("pipe.jpg").c_str(), 0600), 0);
  EXPECT_THAT(collect().issues, ElementsAre(issue(at("pipe.jpg"), ErrorCode::kInvalidArgument,
                                                  "not a regular file")));
  EXPECT_THAT(collect({at("pipe.jpg")}).issues,
              ElementsAre(issue(at("pipe.jpg"), ErrorCode::kInvalidArgument, "regular file")));
}

TEST_F(CollectPhotos, KeepsNamesThatAreNotUtf8) {
  folder_.write("caf\xE9.jpg");
  EXPECT_THAT(names(collect()), ElementsAre("caf\xE9.jpg"));
}

TEST_F(CollectPhotos, WritesOddLinkTargetsOnOneLine) {
  folder_.write("a.jpg");
  fs::create_symlink("x\ny\x1B[31m\xFF", at("b.jpg"));
  EXPECT_THAT(collect().issues,
              ElementsAre(issue(at("b.jpg"), ErrorCode::kNotFound, R"('x\x0ay\x1b[31m\xff')")));
}

TEST_F(CollectPhotos, WalksVeryDeepFolders) {
  fs::path deep;
  for (int i = 0; i < 500; ++i) deep /= "d";
  folder_.write(deep / "1.jpg");
  EXPECT_EQ(collect().photos.size(), 1u);
}

TEST_F(CollectPhotos, ReturnsNothingForNothing) {
  const PhotoList list = collect({});
  EXPECT_THAT(list.photos, IsEmpty());
  EXPECT_THAT(list.issues, IsEmpty());
}

TEST_F(CollectPhotos, SortsIssuesByPathWithinAFolder) {
  folder_.write("a.jpg");
  for (const char* name : {"z.jpg", "m.jpg", "c.jpg"}) fs::create_symlink("gone", at(name));
  const PhotoList list = collect();
  ASSERT_EQ(list.issues.size(), 3u);
  EXPECT_TRUE(std::ranges::is_sorted(list.issues, {}, &InputIssue::file));
}

}  // namespace
}  // namespace pressmark::inputs
