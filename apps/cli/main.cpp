// SPDX-License-Identifier: Apache-2.0
//
// pressmark: parse the command line, run one verb, turn errors into exit codes.
#include <signal.h>

#include <exception>
#include <iostream>
#include <new>

#include "command.hpp"
#include "interrupt.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some inputs failed, 130 interrupted.\n"
    "Data goes to stdout, messages and progress to stderr.";

int run(int argc, char** argv) {
  CLI::App app(
      "Links seized packages that came out of the same press: matches photos of marks\n"
      "against a catalogue and proves each hit by its geometry.",
      "pressmark");
  app.set_version_flag("--version", build_description());
  app.require_subcommand(1);
  app.footer(kFooter);
  app.get_formatter()->column_width(34);

  Context context;
  context.arguments.assign(argv, argv + argc);
  add_init_command(app, context);
  add_add_command(app, context);
  add_match_command(app, context);
  add_compare_command(app, context);
  add_info_command(app, context);
  add_list_command(app, context);
  add_show_command(app, context);
  add_remove_command(app, context);
  add_update_command(app, context);
  add_compact_command(app, context);
  add_check_command(app, context);
  add_repair_command(app, context);
  add_export_command(app, context);
  add_import_command(app, context);
  add_merge_command(app, context);
  add_train_command(app, context);
  add_evaluate_command(app, context);
  add_reindex_command(app, context);
  add_audit_command(app, context);
  add_seizure_command(app, context);
  add_replay_command(app, context);
  add_decision_commands(app, context);
  add_completion_command(app, context);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 returns 0 for --help and --version.
    if (app.exit(error) != 0) return kUsage;
    return std::cout.flush() ? kOk : kFailed;
  }
  try {
    context.stop = stop_on_interrupt();
    const int code = context.action();
    flush_output();
    return code;
  } catch (const Error& error) {
    print_error(display(std::string_view(error.what())));
    if (error.code() == ErrorCode::kInterrupted) return kInterruptedRun;
    return kFailed;
  } catch (const std::bad_alloc&) {
    print_error("not enough memory");
  } catch (const std::exception& error) {
    print_error(display(std::string_view(error.what())));
  }
  return kFailed;
}

}  // namespace
}  // namespace pressmark::cli

int main(int argc, char** argv) {
  // A closed pipe (pressmark list | head) is a failed write, not the end of the program.
  ::signal(SIGPIPE, SIG_IGN);
  return pressmark::cli::run(argc, argv);
}
