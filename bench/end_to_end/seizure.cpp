// SPDX-License-Identifier: Apache-2.0
//
// A whole seizure: does a run keep the pace of its slowest stage, and does its memory stay flat?
// Photos are small views of the pictures below SOURCES, each turned, shifted and lit differently,
// so that many show the same mark, as in casework. Each row is measured in a process of its own.
// Figures: docs/performance.md.
#include <fmt/format.h>
#include <pthread.h>
#include <sys/wait.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bench/process.hpp"
#include "engine/image/image.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/inputs.hpp"
#include "pressmark/seizure.hpp"

namespace {

using namespace pressmark;
namespace fs = std::filesystem;
using bench::Clock, bench::process_cpu_seconds, bench::seconds_since, bench::status_mb;
using Json = nlohmann::ordered_json;

struct Arguments {
  fs::path sources, json;
  int photos = 1000, catalogued = 1000, candidates = 100, side_px = 160, threads = 2;
  int compared = 0;  // 0: all
  int rounds = 1;
  bool run_only = false;
};

// Name of the thread that looks at memory, whose time is not counted.
constexpr const char* kMemoryWatch = "memory-watch";

// Seconds in which threads of this process wanted a core, and had one or waited for it: what they
// would have worked on an idle machine. Threads that have ended do not count; workers stay.
double wanted_seconds() {
  double nanoseconds = 0;
  for (const auto& thread : fs::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    if (name == kMemoryWatch) continue;
    double running = 0, waiting = 0;
    std::ifstream(thread.path() / "schedstat") >> running >> waiting;
    nanoseconds += running + waiting;
  }
  return nanoseconds / 1e9;
}

// Time that passed, CPU time, and the share of it in which the threads had work.
class StepWatch {
 public:
  explicit StepWatch(int threads) : threads_(threads) {}
  Json figures() const {
    const double seconds = seconds_since(begin_);
    return {{"seconds", seconds},
            {"cpu_seconds", process_cpu_seconds() - cpu_},
            {"busy_share", (wanted_seconds() - wanted_) / (threads_ * seconds)}};
  }

 private:
  int threads_;
  Clock::time_point begin_ = Clock::now();
  double cpu_ = process_cpu_seconds(), wanted_ = wanted_seconds();
};

// Looks at the process's memory while it works. What is mapped of files can be dropped at any time
// and is counted apart.
class MemoryWatch {
 public:
  MemoryWatch()
      : thread_([this] {
          ::pthread_setname_np(::pthread_self(), kMemoryWatch);
          while (!done_) {
            look();
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
          }
        }) {}
  ~MemoryWatch() { stop(); }
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  double stop() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
    return own_mb_;
  }

  // The peak since the last call.
  double end_step() {
    look();
    const std::lock_guard lock(mutex_);
    return std::exchange(step_mb_, 0);
  }

 private:
  void look() {
    const double now_mb = status_mb("RssAnon:");
    const std::lock_guard lock(mutex_);
    step_mb_ = std::max(step_mb_, now_mb);
    own_mb_ = std::max(own_mb_, now_mb);
  }

  std::atomic<bool> done_ = false;
  std::mutex mutex_;  // of what follows
  double own_mb_ = 0, step_mb_ = 0;
  std::thread thread_;
};

// A view of a picture: `number` alone decides which part of it, from where and in which light.
cv::Mat view_of(const cv::Mat& picture, std::uint32_t number, int side_px) {
  std::mt19937 random(number);
  std::uniform_real_distribution<double> uniform(-1, 1);
  const double shown = (0.85 + 0.1 * uniform(random)) * std::min(picture.cols, picture.rows);
  const cv::Point2f centre(static_cast<float>(picture.cols * (0.5 + 0.04 * uniform(random))),
                           static_cast<float>(picture.rows * (0.5 + 0.04 * uniform(random))));
  cv::Mat turn = cv::getRotationMatrix2D(centre, 180 * uniform(random), side_px / shown);
  turn.at<double>(0, 2) += side_px / 2.0 - centre.x;
  turn.at<double>(1, 2) += side_px / 2.0 - centre.y;
  cv::Mat view;
  cv::warpAffine(picture, view, turn, {side_px, side_px}, cv::INTER_LINEAR, cv::BORDER_REFLECT_101);
  view.convertTo(view, -1, 1 + 0.2 * uniform(random), 15 * uniform(random));
  return view;
}

// Views number first, first + 1, ... of the pictures in turn.
void write_photos(const fs::path& folder, const std::vector<fs::path>& pictures,
                  std::uint32_t first, const Arguments& arguments, int count) {
  fs::create_directories(folder);
  const auto turns = pictures.size();
  tbb::parallel_for(std::size_t{0}, turns, [&](std::size_t p) {
    const image::Photo photo = image::decode(image::read_file(pictures[p], 1 << 30), {});
    image::PixelBuffer reduced = image::reduce(photo.pixels, 3 * arguments.side_px / 2);
    const cv::Mat picture(reduced.height, reduced.width, reduced.channels == 3 ? CV_8UC3 : CV_8UC1,
                          reduced.pixels.data());
    for (std::size_t i = p; i < static_cast<std::size_t>(count); i += turns) {
      const cv::Mat view =
          view_of(picture, first + static_cast<std::uint32_t>(i), arguments.side_px);
      image::PixelBuffer pixels{view.cols, view.rows, view.channels(), {}};
      pixels.pixels.assign(view.datastart, view.dataend);
      const image::Bytes jpeg = image::encode_jpeg(pixels, 85);
      std::ofstream(folder / fmt::format("{:06}.jpg", i), std::ios::binary)
          .write(reinterpret_cast<const char*>(jpeg.data()),
                 static_cast<std::streamsize>(jpeg.size()));
    }
  });
}

// Runs the work in a child process, so that its peak memory is its own, and returns what it found.
// A failure of the work ends the program.
Json measure(const fs::path& scratch, const std::function<Json(MemoryWatch&)>& work) {
  const fs::path file = scratch / "row.json";
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 0;
    try {
      MemoryWatch memory;
      Json row = work(memory);
      row["own_memory_mb"] = memory.stop();
      row["peak_memory_mb"] = status_mb("VmHWM:");
      std::ofstream(file) << row;
    } catch (const std::exception& error) {
      fmt::print(stderr, "bench_seizure: {}\n", error.what());
      status = 1;
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    throw std::runtime_error(fmt::format("a measured process died of signal {}", WTERMSIG(status)));
  }
  if (status != 0) throw std::runtime_error("a measured process failed");
  Json row = Json::parse(std::ifstream(file));
  fs::remove(file);
  return row;
}

RunControl control_of(const Arguments& arguments) {
  RunControl control;
  control.threads = arguments.threads;
  return control;
}

SeizureOptions options_of(const Arguments& arguments) {
  SeizureOptions options;
  options.match.search.candidates = arguments.candidates;
  return options;
}

Json make_catalogue(const fs::path& place, const fs::path& photos, const Arguments& arguments) {
  Catalogue catalogue = Catalogue::create(place, Model::load_default());
  const PhotoList list = collect_photos({&photos, 1});
  const StepWatch watch(arguments.threads);
  const AddSummary summary = catalogue.add(list.photos, {}, {}, control_of(arguments), {});
  Json row = watch.figures();
  row["photos"] = summary.added;
  return row;
}

// From files to descriptions, of which nothing is kept.
Json describe_alone(const fs::path& photos, const Arguments& arguments) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(arguments.threads));
  const Engine engine(Model::load_default());
  const PhotoList list = collect_photos({&photos, 1});
  std::atomic<std::int64_t> described = 0;
  const StepWatch watch(arguments.threads);
  tbb::parallel_for(std::size_t{0}, list.photos.size(), [&](std::size_t i) {
    described += engine.describe_file(list.photos[i].file).ok;
  });
  Json row = watch.figures();
  row["photos"] = described.load();
  return row;
}

Json whole_run(const fs::path& run, const fs::path& catalogue, const fs::path& photos,
               const Arguments& arguments, MemoryWatch& memory) {
  Json steps;
  std::string name;
  const StepWatch whole(arguments.threads);
  std::optional<StepWatch> step;
  const auto begin_step = [&](std::string next) {
    const double own_mb = memory.end_step();
    if (step) {
      steps[name] = step->figures();
      steps[name]["own_memory_mb"] = own_mb;
    }
    name = std::move(next);
    step.emplace(arguments.threads);
  };
  bool is_comparing = false;
  std::stop_source stop;
  SeizureControl control{control_of(arguments), [&](SeizureStep next) {
                           begin_step(std::string(to_string(next)));
                           is_comparing = next == SeizureStep::kCompare;
                         }};
  control.run.stop = stop.get_token();
  control.run.on_progress = [&](const Progress& now) {
    if (is_comparing && arguments.compared > 0 && now.done >= arguments.compared) {
      stop.request_stop();
    }
  };
  begin_step("lay down");
  begin_seizure(run, catalogue, collect_photos({&photos, 1}), {}, options_of(arguments));
  const SeizureSummary summary = continue_seizure(run, control);
  begin_step("");
  Json row = whole.figures();
  row["photos"] = summary.interrupted ? arguments.photos : summary.photos;
  row["finished"] = !summary.interrupted;
  row["marks"] = summary.marks;
  row["steps"] = steps;
  return row;
}

// The comparisons that a finished run made, again, all in one go; of the answers nothing is kept.
Json compare_alone(const fs::path& run, const fs::path& catalogue, const Arguments& arguments) {
  const Catalogue known = Catalogue::open(catalogue, Catalogue::Access::kRead);
  const Catalogue photos = Catalogue::open(run / "photos", Catalogue::Access::kRead);
  std::vector<ImageId> usable;
  photos.list_images({}, [&](const CatalogueImage& image) {
    if (quality_problem(photos.description(image.id)).empty()) usable.push_back(image.id);
    return true;
  });
  MatchOptions outside = options_of(arguments).match;
  outside.quality_gate = false;
  MatchOptions within = outside;
  within.max_hits = std::max(within.max_hits, within.search.candidates);
  const StepWatch watch(arguments.threads);
  const RunControl control = control_of(arguments);
  known.match_images(photos, usable, outside, control, [](const ImageMatch&) {});
  photos.match_images(photos, usable, within, control, [](const ImageMatch&) {});
  Json row = watch.figures();
  row["photos"] = usable.size();
  return row;
}

double rate(const Json& row) {
  return row["photos"].get<double>() / row["seconds"].get<double>();
}

void print_times(std::string_view name, const Json& times) {
  fmt::print("{:<20} {:>9.2f} s {:>9.2f} CPU s {:>5.1f} % busy", name,
             times["seconds"].get<double>(), times["cpu_seconds"].get<double>(),
             100 * times["busy_share"].get<double>());
}

void print_row(std::string_view name, const Json& row) {
  print_times(name, row);
  fmt::print("{:>7} photos {:>8.2f} photos/s {:>7.1f} MB own {:>7.1f} MB with files\n",
             row["photos"].get<std::int64_t>(), rate(row), row["own_memory_mb"].get<double>(),
             row["peak_memory_mb"].get<double>());
  std::fflush(stdout);
}

double cpu_per_photo(const Json& row) {
  return row["cpu_seconds"].get<double>() / row["photos"].get<double>();
}

// Of two runs on a machine that others use, the times that passed say little: a run that wastes no
// CPU time and lets no core idle has the rate of its slowest stage, whatever others do.
Json share_of_slowest(const Json& rows) {
  const bool describes = rate(rows["describe_alone"]) < rate(rows["compare_alone"]);
  const std::string slowest = describes ? "describe" : "compare";
  const Json& alone = rows[slowest + "_alone"];
  const Json& run = rows["run"];
  const double work =
      run["steps"][slowest]["cpu_seconds"].get<double>() / run["cpu_seconds"].get<double>();
  return {{"slowest", slowest},
          {"rate", rate(run) / rate(alone)},
          {"cpu_time", cpu_per_photo(alone) / cpu_per_photo(run)},
          {"step_of_cpu_time", work},
          {"step_of_cpu_time_and_busy", work * run["busy_share"].get<double>()}};
}

// Of rounds in turns, since a machine that others use changes its speed from minute to minute.
void keep_faster(Json& kept, Json row) {
  if (kept.is_null() || row["seconds"].get<double>() < kept["seconds"].get<double>()) {
    kept = std::move(row);
  }
}

void measure_all(const Arguments& arguments, const fs::path& scratch) {
  std::vector<fs::path> pictures;
  for (const PhotoInput& photo : collect_photos({&arguments.sources, 1}).photos) {
    pictures.push_back(photo.file);
  }
  if (pictures.empty()) {
    throw std::runtime_error("no pictures below " + arguments.sources.string());
  }
  Json rows;
  rows["catalogue"] = measure(scratch, [&](MemoryWatch&) {
    write_photos(scratch / "seized", pictures, 0, arguments, arguments.photos);
    write_photos(scratch / "known", pictures, 1u << 30, arguments, arguments.catalogued);
    return make_catalogue(scratch / "catalogue", scratch / "known", arguments);
  });
  print_row("catalogue made", rows["catalogue"]);
  if (!arguments.run_only) {
    rows["describe_alone"] = measure(
        scratch, [&](MemoryWatch&) { return describe_alone(scratch / "seized", arguments); });
    print_row("describe alone", rows["describe_alone"]);
  }
  for (int round = 0; round < arguments.rounds; ++round) {
    fs::remove_all(scratch / "run");
    keep_faster(rows["run"], measure(scratch, [&](MemoryWatch& memory) {
                  return whole_run(scratch / "run", scratch / "catalogue", scratch / "seized",
                                   arguments, memory);
                }));
    if (arguments.run_only) continue;
    keep_faster(rows["compare_alone"], measure(scratch, [&](MemoryWatch&) {
                  return compare_alone(scratch / "run", scratch / "catalogue", arguments);
                }));
  }
  print_row("whole run", rows["run"]);
  for (const auto& [name, step] : rows["run"]["steps"].items()) {
    print_times("  of it " + name, step);
    fmt::print("{:>40.1f} MB own\n", step["own_memory_mb"].get<double>());
  }
  Json json{{"build", build_description()},       {"threads", arguments.threads},
            {"candidates", arguments.candidates}, {"side_px", arguments.side_px},
            {"photos", arguments.photos},         {"catalogued", arguments.catalogued},
            {"rounds", arguments.rounds}};
  if (!arguments.run_only) {
    print_row("compare alone", rows["compare_alone"]);
    json["share_of_slowest_stage"] = share_of_slowest(rows);
    const Json& share = json["share_of_slowest_stage"];
    fmt::print(
        "beside its slowest stage, {}, alone, the run has {:.1f} % of the rate, by CPU time {:.1f} "
        "%\nwithin the run that step is {:.1f} % of the CPU time, of what {} cores give {:.1f} %\n",
        share["slowest"].get<std::string>(), 100 * share["rate"].get<double>(),
        100 * share["cpu_time"].get<double>(), 100 * share["step_of_cpu_time"].get<double>(),
        arguments.threads, 100 * share["step_of_cpu_time_and_busy"].get<double>());
  }
  json["rows"] = rows;
  if (!arguments.json.empty()) std::ofstream(arguments.json) << json.dump(2) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Measures a whole seizure: rate beside its stages alone, and memory.",
               "bench_seizure");
  app.add_option("SOURCES", arguments.sources, "Folder of pictures that photos are views of")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--photos", arguments.photos, "Photos of the seizure")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--catalogued", arguments.catalogued, "Photos in the catalogue")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--candidates", arguments.candidates, "Candidates that are verified")
      ->capture_default_str();
  app.add_option("--side", arguments.side_px, "Side of a photo, pixels")
      ->check(CLI::Range(64, 1000))
      ->capture_default_str();
  app.add_option("--rounds", arguments.rounds,
                 "Runs, and comparisons alone, in turns; the fastest of each counts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--threads", arguments.threads)->check(CLI::Range(1, 1024))->capture_default_str();
  auto* compared = app.add_option("--compared", arguments.compared,
                                  "Stop the run when it has compared so many photos: memory of a "
                                  "large seizure without waiting for it")
                       ->check(CLI::Range(1, 1'000'000));
  auto* run_only =
      app.add_flag("--run-only", arguments.run_only, "Measure the run, not its stages alone");
  compared->needs(run_only);
  app.add_option("--json", arguments.json, "Write the figures to this file, too");
  CLI11_PARSE(app, argc, argv);
  std::string name = (fs::temp_directory_path() / "pressmark-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    std::perror("bench_seizure");
    return 1;
  }
  cv::setNumThreads(1);
  int status = 0;
  try {
    measure_all(arguments, name);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_seizure: {}\n", error.what());
    status = 1;
  }
  fs::remove_all(name);
  return status;
}
