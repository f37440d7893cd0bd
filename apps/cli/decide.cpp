// SPDX-License-Identifier: Apache-2.0
//
// Examiners' decisions about links: confirm, reject, note, and what was decided so far.
#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>

#include "command.hpp"
#include "image_selection.hpp"
#include "outputs.hpp"
#include "pressmark/error.hpp"
#include "pressmark/json.hpp"
#include "terminal.hpp"

namespace pressmark::cli {
namespace {

struct Arguments {
  std::filesystem::path catalogue;
  std::string first, second, note, who;
};

// By a whole SHA-256, which need not be of a catalogued photo, or as select_image() does.
Sha256 select_photo(const Catalogue& catalogue, const std::string& name) {
  if (const std::optional<Sha256> hash = Sha256::from_hex(name)) return *hash;
  return select_image(catalogue, name).info.sha256;
}

int run_decision(const Arguments& arguments, Verdict verdict) {
  Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kWrite);
  NewDecision decision;
  decision.first = select_photo(catalogue, arguments.first);
  decision.second = select_photo(catalogue, arguments.second);
  decision.verdict = verdict;
  decision.note = arguments.note;
  decision.who = arguments.who;
  const Decision made = catalogue.add_decision(decision);
  print_message(fmt::format("{} by {} at {}: {} and {}", to_string(made.verdict),
                            display(std::string_view(made.who)), made.decided_at,
                            made.first.hex().substr(0, 12), made.second.hex().substr(0, 12)));
  return kOk;
}

void add_decision_command(CLI::App& app, Context& context, const char* name, const char* help,
                          Verdict verdict) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command
      ->add_option("A", arguments->first,
                   "Photo: its number, first digits of its SHA-256, or, if it is not catalogued, "
                   "all 64")
      ->required();
  command->add_option("B", arguments->second, "The other photo")->required();
  CLI::Option* note =
      command->add_option("--note", arguments->note, "Why, in words")->type_name("TEXT");
  if (verdict == Verdict::kNote) note->required();
  command->add_option("--by", arguments->who, "The examiner who decides")
      ->required()
      ->type_name("NAME");
  command->callback([arguments, verdict, &context] {
    context.action = [arguments, verdict] { return run_decision(*arguments, verdict); };
  });
}

struct ListArguments {
  std::filesystem::path catalogue, truth;
  bool current = false;
  OutputFormat format;
};

// Photos that confirmed links join, as one identity each. A truth file names files and what they
// show; a rejected link says that two photos are not of one identity, and is checked against it.
class TruthExport {
 public:
  void add(const Decision& decision) {
    if (decision.verdict == Verdict::kConfirmed) {
      parent_[root(decision.second)] = root(decision.first);
    } else {
      root(decision.first);
      root(decision.second);
      rejected_.push_back(decision);
    }
  }

  int write(const Catalogue& catalogue, const std::filesystem::path& file) {
    for (const Decision& decision : rejected_) {
      if (root(decision.first) == root(decision.second)) {
        throw Error(ErrorCode::kInvalidArgument,
                    fmt::format("confirmed links join {} and {}, which were rejected: decide again",
                                decision.first.hex(), decision.second.hex()));
      }
    }
    std::map<Sha256, int> identities;
    const std::filesystem::path base =
        std::filesystem::absolute(file).lexically_normal().parent_path();
    LineFile target(file);
    target.write("file,identity");
    int missing = 0;
    for (const auto& [hash, parent] : std::map(parent_)) {
      const std::vector<CatalogueImage> images = catalogue.find_by_hash(hash.hex());
      if (images.empty()) {
        ++missing;
        continue;
      }
      const auto [place, is_new] =
          identities.try_emplace(root(hash), static_cast<int>(identities.size()) + 1);
      std::string name = images.front().file.lexically_relative(base).native();
      for (std::size_t at = 0; (at = name.find('"', at)) != std::string::npos; at += 2) {
        name.insert(at, 1, '"');
      }
      target.write(fmt::format("\"{}\",decided-{}", name, place->second));
    }
    target.finish();
    return missing;
  }

 private:
  Sha256 root(const Sha256& photo) {
    const auto [place, is_new] = parent_.try_emplace(photo, photo);
    return place->second == photo ? photo : place->second = root(place->second);
  }

  std::map<Sha256, Sha256> parent_;
  std::vector<Decision> rejected_;
};

int run_list(const ListArguments& arguments) {
  const Catalogue catalogue = Catalogue::open(arguments.catalogue, Catalogue::Access::kRead);
  DecisionFilter filter;
  filter.current_only = arguments.current || !arguments.truth.empty();
  RecordPrinter records(arguments.format);
  TruthExport truth;
  catalogue.list_decisions(filter, [&](const Decision& decision) {
    if (!arguments.truth.empty()) truth.add(decision);
    if (arguments.format.is_table()) {
      print_line(
          fmt::format("{}  {:<9}  {}  {}  {}{}{}", decision.decided_at, to_string(decision.verdict),
                      decision.first.hex().substr(0, 12), decision.second.hex().substr(0, 12),
                      display(std::string_view(decision.who)), decision.note.empty() ? "" : ": ",
                      display(std::string_view(decision.note))));
    }
    records.print(to_json(decision));
    return true;
  });
  records.finish();
  if (arguments.truth.empty()) return kOk;
  const int missing = truth.write(catalogue, arguments.truth);
  if (missing == 0) return kOk;
  print_message(fmt::format("{} decided photos are not catalogued and missing in {}", missing,
                            display(arguments.truth)));
  return kSomeInputsFailed;
}

}  // namespace

void add_decision_commands(CLI::App& app, Context& context) {
  add_decision_command(app, context, "confirm", "Record that two photos show the same mark",
                       Verdict::kConfirmed);
  add_decision_command(app, context, "reject", "Record that a link of two photos is wrong",
                       Verdict::kRejected);
  add_decision_command(app, context, "note", "Record a remark about two photos", Verdict::kNote);

  auto arguments = std::make_shared<ListArguments>();
  CLI::App* command = app.add_subcommand("decisions", "List what examiners decided");
  command->add_option("CATALOGUE", arguments->catalogue, "Catalogue directory")->required();
  command->add_flag("--current", arguments->current,
                    "Only the verdict that counts of each pair, without notes");
  command
      ->add_option("--truth", arguments->truth,
                   "Also write what counts as a truth file for `evaluate`")
      ->type_name("FILE");
  add_format_options(*command, arguments->format);
  command->callback(
      [arguments, &context] { context.action = [arguments] { return run_list(*arguments); }; });
}

}  // namespace pressmark::cli
