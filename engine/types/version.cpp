// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "build_info.hpp"
#include "pressmark/engine.hpp"

namespace pressmark {

std::string_view version() {
  return PRESSMARK_VERSION;
}

std::string build_description() {
  return fmt::format("pressmark {} ({}, {}, {})", PRESSMARK_VERSION, PRESSMARK_REVISION,
                     PRESSMARK_COMPILER, PRESSMARK_BUILD_TYPE);
}

}  // namespace pressmark
