// SPDX-License-Identifier: Apache-2.0
#include "interrupt.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "command.hpp"

namespace pressmark::cli {

std::stop_token stop_on_interrupt() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::stop_source source;
  std::stop_token token = source.get_token();
  std::thread([signals, source]() mutable {
    int received = 0;
    sigwait(&signals, &received);
    constexpr char kNote[] =
        "\npressmark: stopping; finished photos are kept (again to quit now)\n";
    if (::write(STDERR_FILENO, kNote, sizeof(kNote) - 1) < 0) {
      // Nobody is there to read it; stop all the same.
    }
    source.request_stop();
    sigwait(&signals, &received);
    ::_exit(kInterruptedRun);
  }).detach();
  return token;
}

}  // namespace pressmark::cli
