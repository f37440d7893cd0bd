// SPDX-License-Identifier: Apache-2.0
//
// Lets candidates write their sections to a file of the store.
#pragma once

#include <stop_token>
#include <utility>

#include "engine/candidates/write_part.hpp"
#include "engine/store/part_file.hpp"
#include "pressmark/error.hpp"

namespace pressmark::pipeline {

class PartSink final : public candidates::SectionSink {
 public:
  // Throws Error(kInterrupted) from append() when a stop is requested.
  explicit PartSink(store::PartWriter& writer, std::stop_token stop = {})
      : writer_(writer), stop_(std::move(stop)) {}

  void begin(candidates::Section section) override {
    writer_.begin_section(static_cast<std::uint32_t>(section));
  }
  void append(std::span<const std::byte> bytes) override {
    if (stop_.stop_requested()) throw Error(ErrorCode::kInterrupted, "interrupted");
    writer_.append(bytes);
  }

 private:
  store::PartWriter& writer_;
  std::stop_token stop_;
};

}  // namespace pressmark::pipeline
