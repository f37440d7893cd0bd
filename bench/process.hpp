// SPDX-License-Identifier: Apache-2.0
//
// Time and memory of the process that measures itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>

namespace pressmark::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

inline double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Of the calling thread: on a machine with other work to do it says more than the clock.
inline double cpu_seconds() {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}
// Of all threads.
inline double process_cpu_seconds() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

// kB of a field of /proc/self/status, "RssAnon:" and the like.
inline double status_kb(const char* field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::atof(line.c_str() + std::strlen(field));
  }
  return 0;
}
inline double status_mb(const char* field) {
  return status_kb(field) / 1024;
}
inline std::size_t resident_bytes() {
  return static_cast<std::size_t>(status_kb("VmRSS:")) * 1024;
}

}  // namespace pressmark::bench
