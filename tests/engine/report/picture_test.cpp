// SPDX-License-Identifier: Apache-2.0
#include "engine/report/picture.hpp"

#include "tests/engine/report/report_fixture.hpp"

namespace pressmark::report {
namespace {

class PictureTest : public test::ReportTest {
 protected:
  std::string written(SpoolFile& spool) const {
    AtomicFile file(target());
    file.append(spool);
    file.commit();
    return test::content_of(target());
  }
};

TEST_F(PictureTest, SamePhotoUnderTwoNamesIsEmbeddedOnce) {
  const auto file = write_photo("a.jpg", 64, 48, 10);
  std::filesystem::copy_file(file, folder_ / "b.jpg");
  PictureBook book({}, 640);
  SpoolFile spool(target());
  const auto first = book.embed(file, info_of(file), display_frame(64, 48), spool);
  const auto second = book.embed(folder_ / "b.jpg", info_of(file), display_frame(64, 48), spool);
  EXPECT_FALSE(first.id.empty());
  EXPECT_EQ(first.id, second.id);
  EXPECT_EQ(test::count_of(written(spool), "data:image/jpeg"), 1u);
}

TEST_F(PictureTest, GoneChangedAndDamagedFilesHaveAReasonAndWriteNothing) {
  const auto file = write_photo("a.jpg", 64, 48, 10);
  const PhotoInfo info = info_of(file);
  PictureBook book({}, 640);
  SpoolFile spool(target());
  write_photo("a.jpg", 64, 48, 200);
  const auto changed = book.embed(file, info, display_frame(64, 48), spool);
  EXPECT_TRUE(changed.id.empty());
  EXPECT_NE(changed.reason.find("has changed"), std::string::npos);

  std::filesystem::remove(file);
  const auto gone = book.embed(file, info, display_frame(64, 48), spool);
  EXPECT_NE(gone.reason.find("no longer"), std::string::npos);

  std::ofstream(file) << "not a picture";
  PhotoInfo text_info = info;
  text_info.sha256 = image::sha256(image::read_file(file, 1000));
  const auto damaged = book.embed(file, text_info, display_frame(64, 48), spool);
  EXPECT_NE(damaged.reason.find("cannot be read"), std::string::npos);
  EXPECT_EQ(written(spool), "");
}

// 1001 is no multiple of 8: eighths of it reach to 1008, and the picture must not be squeezed.
TEST_F(PictureTest, ReducedDecodingKeepsThePlaceOfEveryPixel) {
  const auto file = write_photo("a.jpg", 1001, 701, 10);
  PictureBook book({}, 100);
  SpoolFile spool(target());
  const DisplayFrame frame = display_frame(1001, 701);
  ASSERT_FALSE(book.embed(file, info_of(file), frame, spool).id.empty());

  const image::Photo photo = image::decode(image::read_file(file, 1 << 30), {}, 100);
  ASSERT_EQ(photo.reduction, 8);
  const std::string text = written(spool), before = "<image x=\"0\" y=\"0\" width=\"";
  const std::size_t at = text.find(before);
  ASSERT_NE(at, std::string::npos);
  const double width = std::stod(text.substr(at + before.size(), 20));
  EXPECT_NEAR(width, 8. * photo.pixels.width * frame.width / 1001, .01);
  EXPECT_GT(width, frame.width);
}

}  // namespace
}  // namespace pressmark::report
