// SPDX-License-Identifier: Apache-2.0
//
// How the time of a search in batches grows with the catalogue, of global vectors that are like
// those of photos (vectors.hpp):
//
//   bench_search_growth ROWS[,ROWS...] [--lists N[,N...]] [--queries N] [--batch N] [--checked N]
//                       [--part-rows N] [--threads N] [--recall R] [--folder DIRECTORY]
//                       [--json FILE] [--svg FILE]
//   bench_search_growth --from FILE --svg FILE
//
// With --part-rows the vectors are in parts of so many rows, otherwise in one. Recall, and the time
// of single queries, are those of the first --checked queries. With --folder vectors and lists are
// written to files there and mapped, as a catalogue's are; they are gone with the program. What
// building and the exact search have read of them is given back before searches are measured, so
// that the first query reads from the disk and what is resident is what searches touched. One
// entry of the JSON for each number of rows and of lists; the plot is of CPU time by rows, made of
// what is measured or of the JSON of earlier runs (--from).
#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench/plot/plot.hpp"
#include "bench/process.hpp"
#include "engine/index/global_index.hpp"
#include "engine/index/ivf_builder.hpp"
#include "engine/index/ivf_search.hpp"
#include "exact.hpp"
#include "kernels/byte_tiles.hpp"
#include "memory.hpp"
#include "vectors.hpp"

namespace {

using namespace pressmark;
using bench::Clock, bench::Found, bench::process_cpu_seconds, bench::seconds_since;

constexpr std::size_t kCount = 10;  // neighbours
constexpr std::size_t kDimension = 256;

struct Arguments {
  std::vector<std::size_t> rows, lists = {0};
  std::size_t queries = 2000, batch = 2000, checked = 200, part_rows = 0;
  int threads = 2;
  double recall = 0.95;
  std::string json, folder, svg, from;
};

[[noreturn]] void fail(const std::string& what) {
  fmt::print(stderr, "bench_search_growth: {}\n", what);
  std::exit(1);
}

std::vector<std::size_t> numbers(const std::string& text) {
  std::vector<std::size_t> values;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    values.push_back(std::strtoull(text.substr(at, end - at).c_str(), nullptr, 10));
    at = end + 1;
  }
  return values;
}

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    const auto value = [&] {
      if (i + 1 >= count) fail(name + " needs a value");
      return values[++i];
    };
    if (name == "--lists") {
      arguments.lists = numbers(value());
    } else if (name == "--queries") {
      arguments.queries = std::strtoull(value(), nullptr, 10);
    } else if (name == "--batch") {
      arguments.batch = std::strtoull(value(), nullptr, 10);
    } else if (name == "--checked") {
      arguments.checked = std::strtoull(value(), nullptr, 10);
    } else if (name == "--part-rows") {
      arguments.part_rows = numbers(value()).front();
    } else if (name == "--threads") {
      arguments.threads = std::atoi(value());
    } else if (name == "--recall") {
      arguments.recall = std::atof(value());
    } else if (name == "--folder") {
      arguments.folder = value();
    } else if (name == "--json") {
      arguments.json = value();
    } else if (name == "--svg") {
      arguments.svg = value();
    } else if (name == "--from") {
      arguments.from = value();
    } else {
      arguments.rows = numbers(name);
    }
  }
  const bool measures = !arguments.rows.empty() && std::ranges::min(arguments.rows) >= 1000 &&
                        arguments.queries > 0 && arguments.batch > 0 && arguments.threads > 0;
  const bool draws = arguments.rows.empty() && !arguments.from.empty() && !arguments.svg.empty();
  if (measures == draws || (measures && !arguments.from.empty())) {
    fail(
        "usage: bench_search_growth ROWS[,ROWS...] [--lists N[,N...]] [--queries N] [--batch N] "
        "[--checked N] [--part-rows N] [--threads N] [--recall R] [--folder DIRECTORY] [--json "
        "FILE] [--svg FILE]\n   or: bench_search_growth --from FILE --svg FILE");
  }
  return arguments;
}

std::span<const float> values_of(const bench::Memory& memory) {
  const std::span<const std::byte> bytes = memory.bytes();
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

// Vectors as parts of an index, with their lists where a catalogue's parts have them.
class Parts {
 public:
  Parts(const Arguments& arguments, std::size_t wanted_lists, const bench::Memory& memory)
      : index(static_cast<int>(kDimension)) {
    const std::span<const float> vectors = values_of(memory);
    index::IvfOptions options;
    options.lists = static_cast<int>(wanted_lists);
    const std::size_t rows = vectors.size() / kDimension;
    ids_.resize(rows);
    std::iota(ids_.begin(), ids_.end(), ImageId{0});
    const std::size_t most = arguments.part_rows > 0 ? arguments.part_rows : rows;
    std::vector<index::GlobalPart> made;
    for (std::size_t first = 0; first < rows; first += most) {
      const std::size_t some = std::min(most, rows - first);
      const auto values = vectors.subspan(first * kDimension, some * kDimension);
      index::GlobalPart part{std::span(ids_).subspan(first, some), values, {}, nullptr};
      if (some >= index::kLeastListedRows) part.lists = build(arguments, values, options);
      made.push_back(std::move(part));
    }
    memory.forget();
    for (const auto& image : images_) image->forget();
    const auto start = Clock::now();
    for (index::GlobalPart& part : made) index.add_part(std::move(part));
    opened_s += seconds_since(start);
  }

  index::GlobalIndex index;
  double trained_s = 0, written_s = 0, opened_s = 0;
  std::size_t lists = 0, probes = 0;  // of all parts

 private:
  index::IvfListsView build(const Arguments& arguments, std::span<const float> values,
                            const index::IvfOptions& options) {
    double before = process_cpu_seconds();
    const index::IvfBuilder builder(values, static_cast<int>(kDimension), options);
    trained_s += process_cpu_seconds() - before;
    before = process_cpu_seconds();
    const auto& memory = images_.emplace_back(
        std::make_unique<bench::Memory>(arguments.folder, "lists", builder.bytes()));
    builder.write(memory->bytes());
    written_s += process_cpu_seconds() - before;
    memory->forget();
    const auto start = Clock::now();
    index::IvfListsView view = index::view_ivf(memory->bytes(), "lists");
    opened_s += seconds_since(start);
    lists += view.facts.lists;
    probes += index::effort_for(view.facts, kCount, arguments.recall).probes;
    return view;
  }

  std::vector<ImageId> ids_;
  std::vector<std::unique_ptr<bench::Memory>> images_;
};

struct Round {
  Found found;
  double cpu_s = 0, wall_s = 0;
};

// The second of two rounds: the first one reads the files.
Round timed(const Arguments& arguments, const std::function<void(Found&)>& search) {
  tbb::task_arena arena(arguments.threads);
  Round timed;
  for (int round = 0; round < 2; ++round) {
    timed.found.clear();
    const double before = process_cpu_seconds();
    const auto start = Clock::now();
    arena.execute([&] { search(timed.found); });
    timed.wall_s = seconds_since(start);
    timed.cpu_s = process_cpu_seconds() - before;
  }
  return timed;
}

void take(const std::vector<index::Neighbour>& answer, Found& found) {
  for (found.emplace_back(); const index::Neighbour& neighbour : answer) {
    found.back().push_back(neighbour.id);
  }
}

// With so many lists (0: as usual).
nlohmann::json measure_lists(const Arguments& arguments, std::size_t wanted_lists,
                             const bench::Memory& memory, std::span<const float> queries,
                             const Found& expected) {
  const Parts parts(arguments, wanted_lists, memory);
  const std::span<const float> vectors = values_of(memory);
  const std::size_t rows = vectors.size() / kDimension;
  fmt::print(
      "{} rows, {} parts, {} lists, {} probed: trained {:.0f} and written {:.0f} CPU s, opened "
      "{:.6f} s\n",
      rows, parts.index.parts(), parts.lists, parts.probes, parts.trained_s, parts.written_s,
      parts.opened_s);
  nlohmann::json entry = {{"rows", rows},
                          {"parts", parts.index.parts()},
                          {"lists", parts.lists},
                          {"probes", parts.probes},
                          {"training_cpu_seconds", parts.trained_s},
                          {"writing_cpu_seconds", parts.written_s},
                          {"opened_seconds", parts.opened_s},
                          {"threads", arguments.threads},
                          {"batch", arguments.batch}};
  const index::GlobalSearch search{.recall = arguments.recall};
  const auto report = [&](const char* how, std::size_t asked, const Round& round) {
    const auto count = static_cast<double>(asked);
    const double recalled = bench::recall(round.found, expected);
    fmt::print(
        "  {:20} recall@10 {:.4f}, {:7.0f} queries/s, {:9.1f} us of CPU time a query, resident "
        "{:.2f} GB\n",
        how, recalled, count / round.wall_s, 1e6 * round.cpu_s / count,
        static_cast<double>(bench::resident_bytes()) / 1e9);
    entry["results"].push_back({{"how", how},
                                {"recall_at_10", recalled},
                                {"queries_per_second", count / round.wall_s},
                                {"cpu_us_per_query", 1e6 * round.cpu_s / count},
                                {"resident_bytes", bench::resident_bytes()}});
  };
  const auto start = Clock::now();
  static_cast<void>(
      parts.index.search(queries.first(kDimension), static_cast<int>(kCount), search));
  const double first_s = seconds_since(start);
  fmt::print("  first query {:.3f} s, resident {:.2f} GB\n", first_s,
             static_cast<double>(bench::resident_bytes()) / 1e9);
  entry["first_query_seconds"] = first_s;
  entry["first_query_resident_bytes"] = bench::resident_bytes();
  for (const bool with_tiles : {true, false}) {
    if (kernels::allow_tiles(with_tiles) != with_tiles) continue;
    report(with_tiles ? "batches, tiles" : "batches", arguments.queries,
           timed(arguments, [&](Found& found) {
             for (std::size_t q = 0; q < arguments.queries; q += arguments.batch) {
               const std::size_t some = std::min(arguments.batch, arguments.queries - q);
               for (const auto& answer :
                    parts.index.search_batch(queries.subspan(q * kDimension, some * kDimension),
                                             static_cast<int>(kCount), search)) {
                 take(answer, found);
               }
             }
           }));
  }
  kernels::allow_tiles(true);
  report("one by one", expected.size(), timed(arguments, [&](Found& found) {
           for (std::size_t q = 0; q < expected.size(); ++q) {
             take(parts.index.search(queries.subspan(q * kDimension, kDimension),
                                     static_cast<int>(kCount), search),
                  found);
           }
         }));
  return entry;
}

// As a catalogue of so many rows is searched.
void measure(const Arguments& arguments, std::size_t rows, nlohmann::json& entries) {
  const bench::PhotoVectors photos(rows, kDimension);
  const bench::Memory memory(arguments.folder, "vectors", rows * kDimension * sizeof(float));
  auto* filled = reinterpret_cast<float*>(memory.bytes().data());
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, rows, 1000),
                    [&](const tbb::blocked_range<std::size_t>& some) {
                      photos.fill(some.begin(), some.size(), filled + some.begin() * kDimension);
                    });
  const std::span<const float> vectors = values_of(memory);
  const std::vector<float> queries = photos.queries(arguments.queries);
  // Recall is that of some of them, since exact searches take far longer.
  const std::size_t checked = std::min(arguments.checked, arguments.queries);
  const Found expected = bench::exact_neighbours(
      vectors, std::span(queries).first(checked * kDimension), kDimension, kCount);

  for (const std::size_t lists : arguments.lists) {
    entries.push_back(measure_lists(arguments, lists, memory, queries, expected));
  }
}

// CPU time of a query by rows, a line for each way of asking.
bench::Plot plot_of(const nlohmann::json& entries) {
  bench::Plot plot{"Nearest global vectors: time of a query",
                   "vectors",
                   "CPU time of a query, \u00b5s",
                   {},
                   {},
                   true};
  for (const nlohmann::json& entry : entries) {
    for (const nlohmann::json& result : entry.at("results")) {
      const std::string how = result.at("how");
      auto line = std::ranges::find(plot.lines, how, &bench::PlotLine::label);
      if (line == plot.lines.end()) line = plot.lines.insert(line, {how, {}});
      line->points.push_back({"", entry.at("rows"), result.at("cpu_us_per_query")});
    }
  }
  return plot;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  if (!(file << text).flush()) throw std::runtime_error("cannot write " + path);
}

nlohmann::json read_json(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return nlohmann::json::parse(file);
}

}  // namespace

int main(int count, char** values) {
  const Arguments arguments = parse(count, values);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    nlohmann::json entries = nlohmann::json::array();
    if (!arguments.from.empty()) entries = read_json(arguments.from);
    for (const std::size_t rows : arguments.rows) measure(arguments, rows, entries);
    if (!arguments.json.empty()) write_file(arguments.json, entries.dump(2) + "\n");
    if (!arguments.svg.empty()) write_file(arguments.svg, bench::to_svg(plot_of(entries)));
  } catch (const std::exception& error) {
    fail(error.what());
  }
}
