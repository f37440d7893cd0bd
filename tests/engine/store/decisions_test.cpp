// SPDX-License-Identifier: Apache-2.0
//
// The history of examiners' decisions.
#include <SQLiteCpp/Database.h>

#include <set>

#include "engine/store/moments.hpp"
#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DecisionsTest : public StoreTest {
 protected:
  static Sha256 photo(int number) { return make_image(number).info.sha256; }

  static NewDecision make(int first, int second, Verdict verdict, const std::string& note = "") {
    return {photo(first), photo(second), verdict, note, "M. Rossi"};
  }

  static std::vector<Decision> listed(const Store& store, const DecisionFilter& filter = {}) {
    std::vector<Decision> decisions;
    store.list_decisions(filter, [&](const Decision& decision) {
      decisions.push_back(decision);
      return true;
    });
    return decisions;
  }

  static std::vector<std::string> notes(const Store& store, const DecisionFilter& filter = {}) {
    std::vector<std::string> texts;
    for (const Decision& decision : listed(store, filter)) texts.push_back(decision.note);
    return texts;
  }
};

TEST_F(DecisionsTest, AreKeptWithAllThatWasSaid) {
  create();
  {
    Store store = writer();
    const Decision made = store.add_decision(
        {photo(2), photo(1), Verdict::kRejected, "the crown differs\nin two places", "Zoë"});
    EXPECT_EQ(made.first, photo(1));  // put in order
    EXPECT_EQ(made.second, photo(2));
    EXPECT_EQ(made.decision_id.size(), 32u);
    EXPECT_TRUE(is_precise_moment(made.decided_at)) << made.decided_at;
  }
  const Store store = reader();
  const auto all = listed(store);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].first, photo(1));
  EXPECT_EQ(all[0].second, photo(2));
  EXPECT_EQ(all[0].verdict, Verdict::kRejected);
  EXPECT_EQ(all[0].note, "the crown differs\nin two places");
  EXPECT_EQ(all[0].who, "Zoë");
}

TEST_F(DecisionsTest, TheLatestVerdictCountsAndNotesChangeNothing) {
  create();
  Store store = writer();
  EXPECT_FALSE(store.find_verdict(photo(1), photo(2)));
  store.add_decision(make(1, 2, Verdict::kNote, "look again"));
  EXPECT_FALSE(store.find_verdict(photo(1), photo(2)));
  store.add_decision(make(1, 2, Verdict::kConfirmed, "a"));
  store.add_decision(make(2, 1, Verdict::kRejected, "b"));
  store.add_decision(make(1, 2, Verdict::kNote, "c"));
  store.add_decision(make(1, 3, Verdict::kConfirmed, "d"));
  EXPECT_EQ(store.find_verdict(photo(1), photo(2))->note, "b");
  EXPECT_EQ(store.find_verdict(photo(2), photo(1))->verdict, Verdict::kRejected);
  EXPECT_EQ(store.find_verdict(photo(3), photo(1))->verdict, Verdict::kConfirmed);
  EXPECT_THAT(notes(store), ElementsAre("look again", "a", "b", "c", "d"));
  EXPECT_THAT(notes(store, {.current_only = true}), ElementsAre("b", "d"));
}

TEST_F(DecisionsTest, AreFiltered) {
  create();
  Store store = writer();
  store.add_decision(make(1, 2, Verdict::kConfirmed, "a"));
  store.add_decision(make(2, 3, Verdict::kRejected, "b"));
  store.add_decision({photo(4), photo(5), Verdict::kNote, "c", "other"});
  EXPECT_THAT(notes(store, {.photo = photo(2)}), ElementsAre("a", "b"));
  EXPECT_THAT(notes(store, {.photo = photo(3)}), ElementsAre("b"));
  EXPECT_THAT(notes(store, {.verdict = Verdict::kRejected}), ElementsAre("b"));
  EXPECT_THAT(notes(store, {.who = "other"}), ElementsAre("c"));
  EXPECT_THAT(notes(store, {.photo = photo(9)}), ElementsAre());
}

TEST_F(DecisionsTest, ALaterDecisionIsLaterEvenIfClocksDisagree) {
  create();
  Store store = writer();
  Decision ahead{0,
                 photo(1),
                 photo(2),
                 Verdict::kConfirmed,
                 "from a fast clock",
                 "x",
                 "2999-12-31T23:59:59.999999Z",
                 std::string(32, 'a')};
  EXPECT_EQ(store.merge_decisions({&ahead, 1}), 1);
  const Decision made = store.add_decision(make(1, 2, Verdict::kRejected));
  EXPECT_EQ(made.decided_at, "3000-01-01T00:00:00.000000Z");
  EXPECT_EQ(store.find_verdict(photo(1), photo(2))->verdict, Verdict::kRejected);
}

TEST_F(DecisionsTest, MergedDecisionsAreKeptOnceAndInTheSameOrderEverywhere) {
  create();
  Store store = writer();
  std::vector<Decision> others;
  for (int i = 0; i < 3; ++i) {
    others.push_back({0, photo(1), photo(2), Verdict::kConfirmed, std::to_string(i), "x",
                      "2024-05-01T08:30:00.00000" + std::to_string(9 - i) + "Z",
                      std::string(31, '0') + std::to_string(i)});
  }
  EXPECT_EQ(store.merge_decisions(others), 3);
  EXPECT_EQ(store.merge_decisions(others), 0);
  EXPECT_THAT(notes(store), ElementsAre("2", "1", "0"));
  EXPECT_EQ(store.find_verdict(photo(1), photo(2))->note, "0");
}

TEST_F(DecisionsTest, WhatIsNoDecisionIsRefused) {
  create();
  Store store = writer();
  const auto refused = [&](const NewDecision& decision, const std::string& why) {
    std::string message;
    EXPECT_EQ(error_of([&] { store.add_decision(decision); }, &message),
              ErrorCode::kInvalidArgument);
    EXPECT_THAT(message, HasSubstr(why));
  };
  refused(make(1, 1, Verdict::kConfirmed), "two different photos");
  refused({photo(1), photo(2), Verdict::kConfirmed, "", ""}, "name of who made it");
  refused({photo(1), photo(2), Verdict::kConfirmed, "\xff", "x"}, "not UTF-8");
  refused(make(1, 2, Verdict::kNote), "a note needs a text");
  Decision wrong{0,
                 photo(1),
                 photo(2),
                 Verdict::kConfirmed,
                 "",
                 "x",
                 "2024-02-30T08:30:00.000000Z",
                 std::string(32, 'a')};
  EXPECT_EQ(error_of([&] { store.merge_decisions({&wrong, 1}); }), ErrorCode::kInvalidArgument);
  wrong.decided_at = "2024-02-28T08:30:00.000000Z";
  std::swap(wrong.first, wrong.second);
  EXPECT_EQ(error_of([&] { store.merge_decisions({&wrong, 1}); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { reader().add_decision(make(1, 2, Verdict::kConfirmed)); }),
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(listed(store).empty());
}

TEST(Moments, AreRecognisedByTheirExactShape) {
  for (const char* text : {"2024-05-01T08:30:00.000000Z", "9999-12-31T23:59:59.999999Z"}) {
    EXPECT_TRUE(is_precise_moment(text)) << text;
  }
  for (const char* text :
       {"", "2024-05-01T08:30:00Z", "2024-05-01 08:30:00.000000Z", "2024-13-01T08:30:00.000000Z",
        "2024-02-30T08:30:00.000000Z", "2024-05-01T24:00:00.000000Z", "2024-05-01T08:60:00.000000Z",
        "-024-05-01T08:30:00.000000Z", "2024-05-01T08:30:00.00000xZ"}) {
    EXPECT_FALSE(is_precise_moment(text)) << text;
  }
}

TEST(Moments, NeverRepeat) {
  std::set<std::string> seen;
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    last = moment_after(last);
    EXPECT_TRUE(seen.insert(last).second);
    EXPECT_EQ(*seen.rbegin(), last);
  }
}

}  // namespace
}  // namespace pressmark::store
