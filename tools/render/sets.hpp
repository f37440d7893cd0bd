// SPDX-License-Identifier: Apache-2.0
//
// Whole sets of photos with their truth.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/render/assets.hpp"
#include "tools/render/design.hpp"
#include "tools/render/impression.hpp"

namespace pressmark::render {

enum class SetKind { kRelief, kPrinted, kDistractors };

struct SetOptions {
  SetKind kind = SetKind::kRelief;
  std::filesystem::path directory;
  std::uint64_t seed = 1;
  bool is_test = true;
  int designs = 150;
  int moulds = 1;    // per design; relief only
  int photos = 4;    // per mould
  int count = 5000;  // distractors
  int threads = 0;   // 0: as many as the machine has
  Physics physics = Physics::kHard;
  double size_px = 640;  // typical longer side of a photo
};

// The designs of a set, in order, no source twice.
std::vector<Design> set_designs(const Assets& assets, const SetOptions& options);

// Writes the photos and, last, truth.csv. Same options, same bytes, whatever the threads.
void write_set(const Assets& assets, const SetOptions& options);

}  // namespace pressmark::render
