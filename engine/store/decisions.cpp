// SPDX-License-Identifier: Apache-2.0
//
// The table of examiners' decisions, which only grows.
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/store/database.hpp"
#include "engine/store/moments.hpp"
#include "engine/store/rows.hpp"
#include "engine/store/store_impl.hpp"
#include "engine/store/validate.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

constexpr const char* kSelect =
    "SELECT d.id, d.first_sha256, d.second_sha256, d.verdict, d.note, d.who, d.decided_at, "
    "d.decision_id FROM decisions d WHERE 1 ";

// No later verdict about the pair exists.
constexpr const char* kIsCurrent =
    "AND d.verdict <> 'note' AND NOT EXISTS(SELECT 1 FROM decisions l "
    "WHERE l.first_sha256 = d.first_sha256 AND l.second_sha256 = d.second_sha256 "
    "AND l.verdict <> 'note' AND (l.decided_at, l.decision_id) > (d.decided_at, d.decision_id)) ";

Sha256 hash_at(SQLite::Statement& row, int column, const std::filesystem::path& file) {
  const auto hash = hash_from_row(row, column);
  if (!hash) {
    throw Error(ErrorCode::kCorruptData, fmt::format("{} is damaged: a hash of decision {}",
                                                     file.native(), row.getColumn(0).getInt64()));
  }
  return *hash;
}

Decision decision_from_row(SQLite::Statement& row, const std::filesystem::path& file) {
  Decision decision;
  decision.id = row.getColumn(0).getInt64();
  decision.first = hash_at(row, 1, file);
  decision.second = hash_at(row, 2, file);
  const auto verdict = verdict_from_string(row.getColumn(3).getString());
  if (!verdict) {
    throw Error(ErrorCode::kCorruptData,
                fmt::format("{} is damaged: verdict of decision {}", file.native(), decision.id));
  }
  decision.verdict = *verdict;
  decision.note = row.getColumn(4).getString();
  decision.who = row.getColumn(5).getString();
  decision.decided_at = row.getColumn(6).getString();
  decision.decision_id = row.getColumn(7).getString();
  return decision;
}

std::string latest_moment(SQLite::Database& database, const Sha256& first, const Sha256& second) {
  SQLite::Statement query(database,
                          "SELECT coalesce(max(decided_at), '') FROM decisions "
                          "WHERE first_sha256 = ? AND second_sha256 = ?");
  bind_bytes(query, 1, first);
  bind_bytes(query, 2, second);
  query.executeStep();
  return query.getColumn(0).getString();
}

std::string random_id(SQLite::Database& database) {
  SQLite::Statement query(database, "SELECT lower(hex(randomblob(16)))");
  query.executeStep();
  return query.getColumn(0).getString();
}

// Returns false where a decision of this decision_id is known.
bool insert(SQLite::Database& database, const Decision& decision) {
  SQLite::Statement statement(
      database,
      "INSERT INTO decisions(first_sha256, second_sha256, verdict, note, who, decided_at, "
      "decision_id) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(decision_id) DO NOTHING");
  bind_bytes(statement, 1, decision.first);
  bind_bytes(statement, 2, decision.second);
  statement.bind(3, std::string(to_string(decision.verdict)));
  statement.bind(4, decision.note);
  statement.bind(5, decision.who);
  statement.bind(6, decision.decided_at);
  statement.bind(7, decision.decision_id);
  return statement.exec() > 0;
}

}  // namespace

void Store::Impl::require_decisions() const {
  if (format_version >= kDecisionsFormatVersion) return;
  throw Error(ErrorCode::kUnsupported,
              fmt::format("{} has format {}, which keeps no decisions: `pressmark compact` brings "
                          "it to format {}",
                          directory.native(), format_version, kFormatVersion));
}

Decision Store::add_decision(const NewDecision& made) {
  impl_->require_writer();
  impl_->require_decisions();
  validate_decision(made);
  return with_database_errors(impl_->database_file, [&] {
    SQLite::Database& database = *impl_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    Decision decision{0,
                      std::min(made.first, made.second),
                      std::max(made.first, made.second),
                      made.verdict,
                      made.note,
                      made.who,
                      {},
                      random_id(database)};
    decision.decided_at = moment_after(latest_moment(database, decision.first, decision.second));
    if (!insert(database, decision)) {
      throw Error(ErrorCode::kCorruptData,
                  fmt::format("{}: the system's random numbers repeat", directory().native()));
    }
    decision.id = database.getLastInsertRowid();
    transaction.commit();
    return decision;
  });
}

std::int64_t Store::merge_decisions(
    std::span<const Decision> decisions,
    const std::function<void(const Decision& stored, const Decision& other)>& on_conflict) {
  impl_->require_writer();
  if (decisions.empty()) return 0;
  impl_->require_decisions();
  for (const Decision& decision : decisions) validate_decision(decision);
  return with_database_errors(impl_->database_file, [&] {
    SQLite::Database& database = *impl_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement find(database, std::string(kSelect) + "AND d.decision_id = ?");
    std::int64_t added = 0;
    for (const Decision& decision : decisions) {
      if (insert(database, decision)) {
        ++added;
        continue;
      }
      find.reset();
      find.bind(1, decision.decision_id);
      if (!find.executeStep()) continue;
      Decision stored = decision_from_row(find, impl_->database_file);
      stored.id = decision.id;
      if (on_conflict && !(stored == decision)) on_conflict(stored, decision);
    }
    find.reset();
    transaction.commit();
    return added;
  });
}

void Store::list_decisions(const DecisionFilter& filter,
                           const std::function<bool(const Decision&)>& on_decision) const {
  if (impl_->format_version < kDecisionsFormatVersion) return;
  std::string sql = kSelect;
  if (filter.photo) sql += "AND ?1 IN (d.first_sha256, d.second_sha256) ";
  if (filter.verdict) sql += "AND d.verdict = ?2 ";
  if (!filter.who.empty()) sql += "AND d.who = ?3 ";
  if (filter.current_only) sql += kIsCurrent;
  sql += "ORDER BY d.decided_at, d.decision_id";
  with_database_errors(impl_->database_file, [&] {
    SQLite::Statement query(*impl_->database, sql);
    if (filter.photo) bind_bytes(query, 1, *filter.photo);
    if (filter.verdict) query.bind(2, std::string(to_string(*filter.verdict)));
    if (!filter.who.empty()) query.bind(3, filter.who);
    while (query.executeStep()) {
      if (!on_decision(decision_from_row(query, impl_->database_file))) return;
    }
  });
}

std::optional<Decision> Store::find_verdict(const Sha256& a, const Sha256& b) const {
  if (impl_->format_version < kDecisionsFormatVersion) return std::nullopt;
  return with_database_errors(impl_->database_file, [&]() -> std::optional<Decision> {
    SQLite::Statement query(*impl_->database,
                            std::string(kSelect) +
                                "AND d.first_sha256 = ? AND d.second_sha256 = ? "
                                "AND d.verdict <> 'note' "
                                "ORDER BY d.decided_at DESC, d.decision_id DESC LIMIT 1");
    bind_bytes(query, 1, std::min(a, b));
    bind_bytes(query, 2, std::max(a, b));
    if (!query.executeStep()) return std::nullopt;
    return decision_from_row(query, impl_->database_file);
  });
}

}  // namespace pressmark::store
