// SPDX-License-Identifier: Apache-2.0
//
// Not by blocking the signals and waiting for them: libraries (OpenBLAS) start threads before main
// begins, which do not block them, and a signal goes to any thread that takes it. So a handler,
// wherever it runs, wakes one thread through a pipe.
#include "interrupt.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "command.hpp"
#include "pressmark/error.hpp"

namespace pressmark::cli {
namespace {

int g_wake_writer = -1;  // set before the handler is installed, never changed afterwards

void wake(int) {
  const int saved = errno;
  if (::write(g_wake_writer, "", 1) < 0) {
    // The pipe is full: it has been woken often enough.
  }
  errno = saved;
}

void wait_for_signal(int wake_reader) {
  char byte = 0;
  while (::read(wake_reader, &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace

std::stop_token stop_on_interrupt() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(ErrorCode::kIo, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);  // a handler must not wait
  g_wake_writer = ends[1];

  std::stop_source source;
  std::stop_token token = source.get_token();
  std::thread([wake_reader = ends[0], source]() mutable {
    wait_for_signal(wake_reader);
    constexpr char kNote[] =
        "\npressmark: stopping; finished photos are kept (again to quit now)\n";
    if (::write(STDERR_FILENO, kNote, sizeof(kNote) - 1) < 0) {
      // Nobody is there to read it; stop all the same.
    }
    source.request_stop();
    wait_for_signal(wake_reader);
    ::_exit(kInterruptedRun);
  }).detach();

  struct sigaction action {};
  action.sa_handler = wake;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return token;
}

}  // namespace pressmark::cli
