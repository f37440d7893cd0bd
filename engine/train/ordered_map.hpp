// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "engine/parallel/ordered_pipeline.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"

namespace pressmark::train {

// Computes work(i) for i < count in parallel and gives the results to take() in order, one at a
// time, so that sums do not depend on the number of threads.
template <typename Result, typename Work, typename Take>
void ordered_map(std::size_t count, const RunControl& control, const Work& work, const Take& take) {
  struct Item {
    std::size_t number = 0;
    std::optional<Result> result;
  };
  std::size_t next = 0;
  const auto source = [&]() -> parallel::Token<Item> {
    if (next == count || control.stop.stop_requested()) return nullptr;
    return std::make_unique<Item>(Item{next++, {}});
  };
  const auto stage = [&](Item& item) { item.result.emplace(work(item.number)); };
  const auto sink = [&](Item& item) { take(*item.result); };
  parallel::run_pipeline<Item>(control, source, parallel::parallel_stage(stage), sink);
  if (control.stop.stop_requested()) {
    throw Error(ErrorCode::kInterrupted, "training was interrupted");
  }
}

}  // namespace pressmark::train
