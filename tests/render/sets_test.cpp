// SPDX-License-Identifier: Apache-2.0
#include "tools/render/sets.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/render/assets_of_test.hpp"
#include "tools/render/truth.hpp"

namespace pressmark::render {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    files[fs::relative(entry.path(), folder).string()] =
        std::string(std::istreambuf_iterator<char>(stream), {});
  }
  return files;
}

class Sets : public AssetsTest {
 protected:
  void TearDown() override { fs::remove_all(folder_); }

  std::map<std::string, std::string> written(SetOptions options, const std::string& name) {
    options.directory = folder_ / name;
    write_set(assets(), options);
    return files_below(options.directory);
  }

  static SetOptions small(SetKind kind) {
    SetOptions options;
    options.kind = kind;
    options.designs = 2;
    options.photos = 2;
    options.moulds = kind == SetKind::kRelief ? 2 : 1;
    options.count = 6;
    options.size_px = 192;
    return options;
  }

 private:
  fs::path folder_ =
      fs::path(testing::TempDir()) /
      ("render_sets_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(Sets, AreTheSameBytesForAnyNumberOfThreads) {
  for (const SetKind kind : {SetKind::kRelief, SetKind::kPrinted, SetKind::kDistractors}) {
    SetOptions options = small(kind);
    const std::string name = std::to_string(static_cast<int>(kind));
    options.threads = 1;
    const auto one = written(options, name + "one");
    options.threads = 2;
    EXPECT_EQ(one, written(options, name + "two"));
  }
}

TEST_F(Sets, DependOnSeedAndSplit) {
  SetOptions options = small(SetKind::kDistractors);
  const auto first = written(options, "first");
  options.seed = 2;
  EXPECT_NE(first, written(options, "seed"));
  options.seed = 1;
  options.is_test = false;
  EXPECT_NE(first, written(options, "split"));
}

TEST_F(Sets, TruthNamesEveryPhotoOnce) {
  const auto files = written(small(SetKind::kRelief), "set");
  ASSERT_EQ(files.size(), 9U);
  const std::string& truth = files.at("truth.csv");
  EXPECT_THAT(truth, testing::StartsWith("file,identity,design,scale_mm_per_px,light_azimuth_deg,"
                                         "light_elevation_deg,rotation_deg,scale,physics,"));
  const auto columns = std::count(truth.begin(), truth.begin() + truth.find('\n'), ',');
  std::size_t lines = 0;
  for (std::size_t from = 0; from < truth.size(); ++lines) {
    const std::size_t to = truth.find('\n', from);
    const std::string line = truth.substr(from, to - from);
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), columns) << line;
    if (lines > 0) {
      EXPECT_EQ(files.count(line.substr(0, line.find(','))), 1U) << line;
    }
    from = to + 1;
  }
  EXPECT_EQ(lines, 9U);
  EXPECT_THAT(truth, testing::HasSubstr(",d0001m01,d0001,"));
}

TEST_F(Sets, DistractorsHaveAnIdentityEachAndNoDesign) {
  const auto files = written(small(SetKind::kDistractors), "set");
  EXPECT_THAT(files.at("truth.csv"), testing::HasSubstr("x0000005.jpg,x0000005,,"));
}

TEST(Truth, QuotesWhatCsvMustQuote) {
  EXPECT_EQ(csv_field("a b"), "a b");
  EXPECT_EQ(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
}

}  // namespace
}  // namespace pressmark::render
