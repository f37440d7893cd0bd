// SPDX-License-Identifier: Apache-2.0
//
// Fixture of the tests that need the fonts; without them these tests are skipped.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "tools/render/assets.hpp"

namespace pressmark::render {

class AssetsTest : public testing::Test {
 protected:
  void SetUp() override {
    try {
      assets_ = load_assets();
    } catch (const MissingAsset& missing) {
      GTEST_SKIP() << missing.what();
    }
  }
  const Assets& assets() const { return *assets_; }

 private:
  std::optional<Assets> assets_;
};

}  // namespace pressmark::render
