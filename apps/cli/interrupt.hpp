// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

namespace pressmark::cli {

// From now on the first SIGINT or SIGTERM triggers the returned token, a second one ends the
// program at once with code 130. Call once. Throws Error(kIo).
std::stop_token stop_on_interrupt();

}  // namespace pressmark::cli
