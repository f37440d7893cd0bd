// SPDX-License-Identifier: Apache-2.0
#include "engine/report/output_file.hpp"

#include <sys/resource.h>

#include <csignal>

#include "pressmark/error.hpp"
#include "tests/engine/report/report_fixture.hpp"

namespace pressmark::report {
namespace {

class OutputFileTest : public test::ReportTest {
 protected:
  std::ptrdiff_t entries() const {
    return std::distance(std::filesystem::directory_iterator(folder_),
                         std::filesystem::directory_iterator());
  }
};

TEST_F(OutputFileTest, JoinsSpoolsOfAnySizeInOrder) {
  const std::string large(1'000'000, 'x');
  SpoolFile first(target()), second(target());
  AtomicFile file(target());
  second.write("second");
  first.write("first ");
  first.write(large);
  first.write(" ");
  file.write("head ");
  file.append(first);
  file.append(second);
  file.write(" tail");
  EXPECT_FALSE(std::filesystem::exists(target()));
  file.commit();
  EXPECT_EQ(test::content_of(target()), "head first " + large + " second tail");
  EXPECT_EQ(entries(), 1);
}

TEST_F(OutputFileTest, AbandonedFilesLeaveTheOlderOneAndNothingElse) {
  std::ofstream(target()) << "older";
  {
    AtomicFile file(target());
    SpoolFile spool(target());
    spool.write("part");
    file.append(spool);
  }
  EXPECT_EQ(test::content_of(target()), "older");
  EXPECT_EQ(entries(), 1);
}

TEST_F(OutputFileTest, RefusedWriteIsAnIoError) {
  SpoolFile spool(target());
  const std::string part(1 << 20, 'x');
  // A limit on the size of files refuses writes as a full disk does.
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit tight = old;
  tight.rlim_cur = 1 << 19;
  ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  ErrorCode code = ErrorCode::kBusy;
  try {
    for (int i = 0; i < 4; ++i) spool.write(part);
  } catch (const Error& error) {
    code = error.code();
  }
  ::setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_EQ(code, ErrorCode::kIo);
}

TEST_F(OutputFileTest, MissingFolderIsAnIoErrorThatNamesTheFile) {
  try {
    AtomicFile file(folder_ / "absent" / "report.html");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_NE(std::string(error.what()).find("report.html"), std::string::npos);
  }
}

}  // namespace
}  // namespace pressmark::report
