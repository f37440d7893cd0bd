// SPDX-License-Identifier: Apache-2.0
//
// Threads for the pipelines: items enter and leave in order, work in between runs in parallel, and
// only a few are under way at once, so that memory does not grow with their number.
#pragma once

#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "pressmark/model.hpp"

namespace pressmark::parallel {

inline std::size_t thread_count(const RunControl& control) {
  if (control.threads > 0) return static_cast<std::size_t>(control.threads);
  return std::max(1u, std::thread::hardware_concurrency());
}

// What travels through a pipeline. A source returns an empty token at the end; stages and sinks are
// callables of Item&. They are borrowed: they must outlive run_pipeline.
template <typename Item>
using Token = std::shared_ptr<Item>;

template <typename Item, typename Source>
auto source_filter(const Source& source) {
  return tbb::make_filter<void, Token<Item>>(tbb::filter_mode::serial_in_order,
                                             [&source](tbb::flow_control& flow) -> Token<Item> {
                                               Token<Item> item = source();
                                               if (item == nullptr) flow.stop();
                                               return item;
                                             });
}

template <typename Item, typename Work>
auto stage_filter(tbb::filter_mode mode, const Work& work) {
  return tbb::make_filter<Token<Item>, Token<Item>>(mode, [&work](Token<Item> item) {
    work(*item);
    return item;
  });
}

template <typename Item, typename Sink>
auto sink_filter(const Sink& sink) {
  return tbb::make_filter<Token<Item>, void>(tbb::filter_mode::serial_in_order,
                                             [&sink](const Token<Item>& item) { sink(*item); });
}

// Runs a chain of filters. Exceptions of stages reach the caller.
template <typename Chain>
void run_pipeline(const RunControl& control, const Chain& chain) {
  const std::size_t threads = thread_count(control);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  tbb::parallel_pipeline(2 * threads, chain);
}

}  // namespace pressmark::parallel
