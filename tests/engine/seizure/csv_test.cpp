// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/csv.hpp"

#include <gtest/gtest.h>

#include "engine/seizure/output.hpp"
#include "tests/support/temporary_directory.hpp"

namespace pressmark::seizure {
namespace {

TEST(CsvFileTest, QuotesAndDefusesCells) {
  const test::TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "t.csv";
  CsvFile table(file, {"a", "b"});
  table.row({"plain", "with, comma"});
  table.row({"a \"quote\"", "two\nlines"});
  table.row({"=1+2", "-3.5"});
  table.row({"@sum", "\xff"});
  table.finish();
  EXPECT_EQ(read_file(file),
            "a,b\r\nplain,\"with, comma\"\r\n\"a \"\"quote\"\"\",\"two\nlines\"\r\n"
            "'=1+2,-3.5\r\n'@sum,\xEF\xBF\xBD\r\n");
}

}  // namespace
}  // namespace pressmark::seizure
