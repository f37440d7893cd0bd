// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/journal.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/seizure/output.hpp"
#include "pressmark/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace pressmark::seizure {
namespace {

class JournalTest : public testing::Test {
 protected:
  static std::vector<Json> records(int count) {
    std::vector<Json> list;
    for (int i = 0; i < count; ++i) list.push_back({{"n", i}, {"text", "a \"b\" \n c"}});
    return list;
  }

  std::vector<int> read() const {
    std::vector<int> numbers;
    JournalReader reader(file_);
    while (const auto record = reader.next()) numbers.push_back(record->at("n"));
    return numbers;
  }

  // Not durable: for many small changes.
  void put(const std::string& bytes) const {
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
  }

  const test::TemporaryDirectory directory_;
  const std::filesystem::path file_ = directory_.path() / "j.jsonl";
};

TEST_F(JournalTest, ACheckOfPiecesIsThatOfTheWhole) {
  const std::string whole(3000, 'x');
  CheckSum sum;
  EXPECT_EQ(sum.digits(), check_of(""));
  sum.add(whole.substr(0, 1));
  sum.add(whole.substr(1));
  EXPECT_EQ(sum.digits(), check_of(whole));
}

TEST_F(JournalTest, KeepsRecordsInOrder) {
  {
    Journal journal(file_);
    EXPECT_EQ(journal.size(), 0);
    journal.append(records(2));
  }
  Journal journal(file_);
  EXPECT_EQ(journal.size(), 2);
  journal.append({});
  journal.append(records(1));
  EXPECT_EQ(journal.size(), 3);
  EXPECT_EQ(read(), (std::vector<int>{0, 1, 0}));
}

TEST_F(JournalTest, EveryTornEndIsCutOffAndTheRestGoesOn) {
  const std::vector<Json> all = records(3);
  Journal(file_).append(all);
  const std::string whole = read_file(file_);
  const std::size_t two = journal_line(all[0]).size() + journal_line(all[1]).size();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    put(whole.substr(0, length));
    Journal journal(file_);
    const std::int64_t left = length < two / 2 ? 0 : length < two ? 1 : 2;
    ASSERT_EQ(journal.size(), left) << length;
    journal.append(std::span(all).subspan(static_cast<std::size_t>(left)));
    ASSERT_EQ(read_file(file_), whole) << length;
  }
}

TEST_F(JournalTest, EveryFlippedBitIsNoticed) {
  Journal(file_).append(records(2));
  const std::string whole = read_file(file_);
  const std::size_t first = journal_line(records(2)[0]).size();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int bit : {0, 6}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      put(damaged);
      try {
        read();
        ADD_FAILURE() << "byte " << at << " bit " << bit;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorruptData);
        EXPECT_NE(std::string(error.what()).find("j.jsonl:"), std::string::npos);
      }
    }
    ASSERT_EQ(Journal(file_).size(), at < first ? 0 : 1);
  }
}

TEST_F(JournalTest, CutForgetsTheLast) {
  Journal journal(file_);
  journal.append(records(5));
  journal.cut(2);
  EXPECT_EQ(journal.size(), 2);
  journal.append(records(1));
  EXPECT_EQ(read(), (std::vector<int>{0, 1, 0}));
}

TEST_F(JournalTest, AFileThatVanishedOrWasReplacedIsAnError) {
  Journal journal(file_);
  journal.append(records(1));
  std::filesystem::remove(file_);
  EXPECT_THROW(journal.append(records(1)), Error);
  write_file(file_, "");
  EXPECT_THROW(journal.append(records(1)), Error);
}

TEST_F(JournalTest, TextThatIsNotUtf8IsReplaced) {
  const Json record = {{"n", 1}, {"text", "\xff"}};
  Journal(file_).append({&record, 1});
  EXPECT_EQ(read(), std::vector<int>{1});
}

}  // namespace
}  // namespace pressmark::seizure
