// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

namespace pressmark::cli {

// From now on the first SIGINT or SIGTERM triggers the returned token, a second one ends the
// program at once with code 130. Call before any thread is started: the signals are blocked in all
// threads and waited for in one.
std::stop_token stop_on_interrupt();

}  // namespace pressmark::cli
