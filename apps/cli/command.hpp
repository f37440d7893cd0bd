// SPDX-License-Identifier: Apache-2.0
//
// What the verbs share. Each verb adds its subcommand to the parser in a function of its own
// (add_..._command) and sets the action to run; main() parses, runs, and turns errors into exit
// codes.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "pressmark/catalogue.hpp"
#include "pressmark/json.hpp"
#include "pressmark/options.hpp"
#include "terminal.hpp"

namespace pressmark::cli {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kSomeInputsFailed = 3,
  kInterruptedRun = 130,
};

// Lives as long as the program runs; parsers keep references into it.
struct Context {
  std::vector<std::string> arguments;  // as typed, argv[0] first
  std::stop_token stop;
  std::function<int()> action;  // set by the verb that was chosen; returns an exit code
};

void add_init_command(CLI::App& app, Context& context);
void add_add_command(CLI::App& app, Context& context);
void add_info_command(CLI::App& app, Context& context);
void add_list_command(CLI::App& app, Context& context);
void add_show_command(CLI::App& app, Context& context);
void add_remove_command(CLI::App& app, Context& context);
void add_update_command(CLI::App& app, Context& context);
void add_compact_command(CLI::App& app, Context& context);
void add_check_command(CLI::App& app, Context& context);
void add_repair_command(CLI::App& app, Context& context);
void add_export_command(CLI::App& app, Context& context);
void add_import_command(CLI::App& app, Context& context);
void add_merge_command(CLI::App& app, Context& context);
void add_match_command(CLI::App& app, Context& context);
void add_compare_command(CLI::App& app, Context& context);
void add_train_command(CLI::App& app, Context& context);
void add_evaluate_command(CLI::App& app, Context& context);
void add_reindex_command(CLI::App& app, Context& context);
void add_audit_command(CLI::App& app, Context& context);
void add_seizure_command(CLI::App& app, Context& context);
void add_replay_command(CLI::App& app, Context& context);
void add_decision_commands(CLI::App& app, Context& context);  // confirm, reject, note, decisions
void add_completion_command(CLI::App& app, Context& context);

// For options whose value is the name of an ImageKind.
CLI::Validator is_image_kind();

// Option groups that several verbs have.
void add_decode_options(CLI::App& command, DecodeOptions& options);
void add_describe_options(CLI::App& command, DescribeOptions& options);
void add_thorough_option(CLI::App& command, SearchOptions& options);
void add_verify_options(CLI::App& command, VerifyOptions& options);
inline constexpr std::string_view kDefaultDevice = "cpu";
void add_threads_option(CLI::App& command, int& threads);
void add_device_option(CLI::App& command, std::string& device);

// Says which device does the work, where another one than the default was asked for.
void print_device(std::string_view asked_for, std::string_view device);

// The model in `directory`, or the default one where that is empty.
Model load_model(const std::filesystem::path& directory);

// Facts that every run manifest has. device: what Engine::device() says. `started_at` is set to
// now.
RunFacts begin_run(const Context& context, const Model& model, std::string_view device);

std::string utc_now();  // ISO 8601, to the second

// What `work` returns that is given a RunControl: it shows its progress and ends on an interrupt.
template <typename Work>
auto with_progress(const Context& context, int threads, const Work& work) {
  ProgressLine progress;
  return work(RunControl{threads, context.stop,
                         [&progress](const Progress& now) { progress.update(now); }});
}

}  // namespace pressmark::cli
