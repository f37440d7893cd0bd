// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace pressmark::store {

// A question that is asked over and over: compiled once, which takes longer than its answer. Safe
// to use from many threads, one at a time. To be destroyed before the database is closed.
class KeptStatement {
 public:
  explicit KeptStatement(std::string sql) : sql_(std::move(sql)) {}

  // What `answer` returns, which binds and steps. Throws SQLite::Exception.
  template <typename Answer>
  auto ask(SQLite::Database& database, const Answer& answer) {
    const std::lock_guard lock(mutex_);
    if (!statement_) statement_.emplace(database, sql_);
    const Reset reset{*statement_};
    return answer(*statement_);
  }

 private:
  // A statement that was not reset would hold on to the state of the database that it saw.
  struct Reset {
    SQLite::Statement& statement;
    ~Reset() { statement.tryReset(); }
  };

  std::string sql_;
  std::mutex mutex_;  // of what follows
  std::optional<SQLite::Statement> statement_;
};

}  // namespace pressmark::store
