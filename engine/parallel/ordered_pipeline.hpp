// SPDX-License-Identifier: Apache-2.0
//
// Threads for the pipelines: items enter and leave in order, work in between runs in parallel, and
// only a few are under way at once, so that memory does not grow with their number.
#pragma once

#include <tbb/enumerable_thread_specific.h>
#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <thread>

#include "pressmark/model.hpp"

namespace pressmark::parallel {

inline std::size_t thread_count(const RunControl& control) {
  if (control.threads > 0) return static_cast<std::size_t>(control.threads);
  return std::max(1u, std::thread::hardware_concurrency());
}

// What each thread makes for itself when it first asks for it (local()), and keeps.
template <typename T>
using PerThread = tbb::enumerable_thread_specific<T>;

// What a source gives: an item, or nothing at the end.
template <typename Item>
using Token = std::unique_ptr<Item>;

template <typename Work>
struct Stage {
  tbb::filter_mode mode;
  const Work& work;
};

template <typename Work>
Stage<Work> parallel_stage(const Work& work) {
  return {tbb::filter_mode::parallel, work};
}

template <typename Work>
Stage<Work> ordered_stage(const Work& work) {
  return {tbb::filter_mode::serial_in_order, work};
}

// One run of a pipeline. An exception does not leave a filter (oneTBB would drop what is under way
// without destroying it, and which of several errors wins would depend on the threads): it travels
// with its item, later stages and the sink pass it by, and the first in order is thrown at the end.
template <typename Item>
class OrderedPipeline {
 public:
  template <typename Source, typename... Stages>
  void run(std::size_t tokens, const Source& source, const Stages&... stages_and_sink) {
    tbb::parallel_pipeline(tokens, chain(source_filter(source), stages_and_sink...));
    if (error_ != nullptr) std::rethrow_exception(error_);
  }

 private:
  struct Parcel {
    Token<Item> item;
    std::exception_ptr error;
  };
  using Shipment = std::shared_ptr<Parcel>;

  template <typename Call>
  void guard(Parcel& parcel, const Call& call) {
    if (parcel.error != nullptr) return;
    try {
      call();
    } catch (...) {
      parcel.error = std::current_exception();
      failed_.store(true, std::memory_order_relaxed);
    }
  }

  template <typename Source>
  auto source_filter(const Source& source) {
    return tbb::make_filter<void, Shipment>(tbb::filter_mode::serial_in_order,
                                            [this, &source](tbb::flow_control& flow) -> Shipment {
                                              auto parcel = std::make_shared<Parcel>();
                                              if (!failed_.load(std::memory_order_relaxed)) {
                                                guard(*parcel, [&] { parcel->item = source(); });
                                              }
                                              if (!parcel->item && !parcel->error) flow.stop();
                                              return parcel;
                                            });
  }

  template <typename Chain, typename Work, typename... Rest>
  auto chain(const Chain& before, const Stage<Work>& stage, const Rest&... rest) {
    const auto filter = tbb::make_filter<Shipment, Shipment>(
        stage.mode, [this, &work = stage.work](Shipment parcel) {
          guard(*parcel, [&] { work(*parcel->item); });
          return parcel;
        });
    return chain(before & filter, rest...);
  }

  template <typename Chain, typename Sink>
  auto chain(const Chain& before, const Sink& sink) {
    return before & tbb::make_filter<Shipment, void>(tbb::filter_mode::serial_in_order,
                                                     [this, &sink](const Shipment& parcel) {
                                                       if (error_ != nullptr) return;
                                                       guard(*parcel, [&] { sink(*parcel->item); });
                                                       error_ = parcel->error;
                                                     });
  }

  std::atomic<bool> failed_ = false;  // the source stops
  std::exception_ptr error_;          // the sink's alone
};

// Takes items from `source` (a callable that returns a Token), through stages (parallel_stage,
// ordered_stage of a callable of Item&), to a sink (a callable of Item&), source and sink one at a
// time and in order. The error of the first item in order that failed is thrown after the items
// before it have reached the sink; none after it does.
template <typename Item, typename Source, typename... Stages>
void run_pipeline(const RunControl& control, const Source& source,
                  const Stages&... stages_and_sink) {
  const std::size_t threads = thread_count(control);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  OrderedPipeline<Item>().run(2 * threads, source, stages_and_sink...);
}

}  // namespace pressmark::parallel
