// SPDX-License-Identifier: Apache-2.0
//
// Shell completion, generated from the parser itself so that it cannot fall behind.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string quoted(std::string text, std::string_view quote, std::string_view escaped) {
  for (std::size_t at = 0; (at = text.find(quote, at)) != std::string::npos; at += escaped.size()) {
    text.replace(at, quote.size(), escaped);
  }
  return text;
}

std::string bash_script(const std::vector<const CLI::App*>& verbs) {
  std::string names, cases;
  for (const CLI::App* verb : verbs) {
    names += (names.empty() ? "" : " ") + verb->get_name();
    cases += fmt::format("    {}) options=\"{}\" ;;\n", verb->get_name(),
                         fmt::join(option_names(*verb), " "));
  }
  return fmt::format(R"(# bash completion of pressmark
_pressmark() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" options=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "{} --help --version" -- "$current")
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{}  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -F _pressmark pressmark)",
                     names, cases);
}

std::string zsh_script(const std::vector<const CLI::App*>& verbs) {
  std::string names, cases;
  for (const CLI::App* verb : verbs) {
    names += fmt::format("    '{}:{}'\n", verb->get_name(),
                         quoted(verb->get_description(), "'", "'\\''"));
    cases += fmt::format("    {}) compadd -- {} ;;\n", verb->get_name(),
                         fmt::join(option_names(*verb), " "));
  }
  return fmt::format(R"(#compdef pressmark
_pressmark() {{
  local -a verbs
  verbs=(
{}  )
  if (( CURRENT == 2 )); then
    _describe 'verb' verbs
    return
  fi
  if [[ ${{words[CURRENT]}} != -* ]]; then
    _files
    return
  fi
  case ${{words[2]}} in
{}  esac
}}
# Found in $fpath, this file is the body of the function; sourced, it declares it.
if [ "$funcstack[1]" = _pressmark ]; then
  _pressmark "$@"
else
  compdef _pressmark pressmark
fi)",
                     names, cases);
}

std::string fish_script(const std::vector<const CLI::App*>& verbs) {
  std::string script = "# fish completion of pressmark";
  for (const CLI::App* verb : verbs) {
    script += fmt::format("\ncomplete -c pressmark -n __fish_use_subcommand -f -a {} -d '{}'",
                          verb->get_name(), quoted(verb->get_description(), "'", "\\'"));
    for (const CLI::Option* option : verb->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        script +=
            fmt::format("\ncomplete -c pressmark -n '__fish_seen_subcommand_from {}' -l {} -d '{}'",
                        verb->get_name(), name, quoted(option->get_description(), "'", "\\'"));
      }
    }
  }
  return script;
}

}  // namespace

void add_completion_command(CLI::App& app, Context& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a completion script for a shell");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, &app, &context] {
    context.action = [shell, &app] {
      const CLI::App& parser = app;
      const std::vector<const CLI::App*> verbs =
          parser.get_subcommands(std::function<bool(const CLI::App*)>{});
      print_line(*shell == "bash"  ? bash_script(verbs)
                 : *shell == "zsh" ? zsh_script(verbs)
                                   : fish_script(verbs));
      return kOk;
    };
  });
}

}  // namespace pressmark::cli
