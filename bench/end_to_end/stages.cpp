// SPDX-License-Identifier: Apache-2.0
//
// What does each stage of one photo cost? The photos are Debian's opencv-doc graf1.png and
// graf3.png (800 x 640) or the two that PRESSMARK_BENCH_PHOTOS names, separated by ':'. OpenCV SIFT
// stands beside, without decoding and with it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/baselines/opencv_sift.hpp"
#include "engine/image/image.hpp"
#include "engine/model/model_data.hpp"
#include "engine/pipeline/describe.hpp"
#include "engine/verify/verify.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"

namespace {

using namespace pressmark;

struct Pair {
  std::filesystem::path query, hit;
};

Pair photos() {
  const char* named = std::getenv("PRESSMARK_BENCH_PHOTOS");
  const std::string folder = "/usr/share/doc/opencv-doc/examples/data/";
  const std::string both = named != nullptr ? named : folder + "graf3.png:" + folder + "graf1.png";
  const auto colon = both.find(':');
  if (colon == std::string::npos) throw std::runtime_error("PRESSMARK_BENCH_PHOTOS: FILE:FILE");
  return {both.substr(0, colon), both.substr(colon + 1)};
}

// Everything a stage needs from the stages before it.
struct Prepared {
  Model model = Model::load_default();
  DescribeOptions options;
  std::unique_ptr<kernels::Backend> backend = kernels::make_cpu_backend();
  image::Bytes bytes = image::read_file(photos().query, DecodeOptions{}.max_file_bytes);
  image::Photo photo = image::decode(bytes, {}, 2 * options.long_side_px);
  kernels::GreyImage grey, glare, relit;
  Light light;
  kernels::LocalFeatures features;
  std::vector<std::int8_t> codes;
  Description query, hit;

  kernels::ImageView view() const {
    return {photo.pixels.pixels.data(), photo.pixels.width, photo.pixels.height,
            photo.pixels.channels, std::int64_t{photo.pixels.width} * photo.pixels.channels};
  }

  Prepared() {
    const kernels::ImageView input = view();
    backend->canonicalise({&input, 1}, options.long_side_px, {&grey, 1});
    backend->mask_glare({&grey, 1}, {&glare, 1});
    backend->relight({&grey, 1}, {&glare, 1}, {&relit, 1}, {&light, 1});
    backend->extract({&grey, 1}, {&glare, 1}, options.max_keypoints, {&features, 1});
    backend->embed({&features, 1}, model.data().raw.whitening(), {&codes, 1});
    const Engine engine(model, options);
    query = engine.describe_file(photos().query).description;
    hit = engine.describe_file(photos().hit).description;
  }
};

const Prepared& prepared() {
  static const Prepared instance;
  return instance;
}

void decode(benchmark::State& state) {
  const Prepared& p = prepared();
  for (auto _ : state) {
    benchmark::DoNotOptimize(image::decode(p.bytes, {}, 2 * p.options.long_side_px));
  }
}
BENCHMARK(decode)->Unit(benchmark::kMillisecond);

void canonicalise(benchmark::State& state) {
  const kernels::ImageView input = prepared().view();
  kernels::GreyImage grey;
  for (auto _ : state) {
    prepared().backend->canonicalise({&input, 1}, prepared().options.long_side_px, {&grey, 1});
  }
}
BENCHMARK(canonicalise)->Unit(benchmark::kMillisecond);

void mask_glare(benchmark::State& state) {
  kernels::GreyImage mask;
  for (auto _ : state) prepared().backend->mask_glare({&prepared().grey, 1}, {&mask, 1});
}
BENCHMARK(mask_glare)->Unit(benchmark::kMillisecond);

void relight(benchmark::State& state) {
  const Prepared& p = prepared();
  kernels::GreyImage relit;
  Light light;
  for (auto _ : state) p.backend->relight({&p.grey, 1}, {&p.glare, 1}, {&relit, 1}, {&light, 1});
}
BENCHMARK(relight)->Unit(benchmark::kMillisecond);

void extract(benchmark::State& state, const kernels::GreyImage Prepared::*image) {
  const Prepared& p = prepared();
  kernels::LocalFeatures features;
  for (auto _ : state) {
    p.backend->extract({&(p.*image), 1}, {&p.glare, 1}, static_cast<int>(state.range(0)),
                       {&features, 1});
  }
}
BENCHMARK_CAPTURE(extract, raw, &Prepared::grey)
    ->Arg(512)
    ->Arg(1024)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(extract, relit, &Prepared::relit)
    ->Arg(512)
    ->Arg(1024)
    ->Unit(benchmark::kMillisecond);

void embed(benchmark::State& state) {
  std::vector<std::int8_t> codes;
  for (auto _ : state) {
    prepared().backend->embed({&prepared().features, 1}, prepared().model.data().raw.whitening(),
                              {&codes, 1});
  }
}
BENCHMARK(embed)->Unit(benchmark::kMillisecond);

void aggregate(benchmark::State& state) {
  std::vector<float> global;
  for (auto _ : state) {
    prepared().backend->aggregate({&prepared().codes, 1}, prepared().model.data().aggregation(),
                                  {&global, 1});
  }
}
BENCHMARK(aggregate)->Unit(benchmark::kMillisecond);

void match_codes(benchmark::State& state) {
  const Prepared& p = prepared();
  const kernels::CodesView query{p.query.raw.keypoints, p.query.raw.codes};
  const kernels::CodesView hit{p.hit.raw.keypoints, p.hit.raw.codes};
  kernels::SignedMatches matches;
  for (auto _ : state) {
    p.backend->match(query, {&hit, 1}, p.model.data().raw.even_size, VerifyOptions{}.ratio,
                     {&matches, 1});
  }
}
BENCHMARK(match_codes)->Unit(benchmark::kMillisecond);

void find_consensus(benchmark::State& state) {
  const Prepared& p = prepared();
  const kernels::CodesView query{p.query.raw.keypoints, p.query.raw.codes};
  const kernels::CodesView hit{p.hit.raw.keypoints, p.hit.raw.codes};
  kernels::SignedMatches matches;
  p.backend->match(query, {&hit, 1}, p.model.data().raw.even_size, VerifyOptions{}.ratio,
                   {&matches, 1});
  std::vector<kernels::KeypointPair> pairs;
  for (const kernels::CodeMatch& match : matches.same) {
    pairs.push_back({query.keypoints[static_cast<std::size_t>(match.query)],
                     hit.keypoints[static_cast<std::size_t>(match.candidate)]});
  }
  kernels::Consensus consensus;
  for (auto _ : state) {
    p.backend->find_consensus({&pairs, 1}, 3 * VerifyOptions{}.threshold_px, {&consensus, 1});
  }
  state.counters["pairs"] = static_cast<double>(pairs.size());
}
BENCHMARK(find_consensus)->Unit(benchmark::kMillisecond);

void dense_code(benchmark::State& state) {
  const Prepared& p = prepared();
  DenseCode code;
  for (auto _ : state) p.backend->dense_codes({&p.grey, 1}, {&p.glare, 1}, {&code, 1});
}
BENCHMARK(dense_code)->Unit(benchmark::kMillisecond);

void cohort_statistics(benchmark::State& state) {
  const Prepared& p = prepared();
  const auto cohort = p.backend->prepare_cohort(p.model.data().cohort);
  for (auto _ : state) benchmark::DoNotOptimize(cohort->statistics(p.query.dense));
}
BENCHMARK(cohort_statistics)->Unit(benchmark::kMillisecond);

void prepare_dense_search(benchmark::State& state) {
  const Prepared& p = prepared();
  for (auto _ : state) benchmark::DoNotOptimize(p.backend->prepare_search(p.query.dense));
}
BENCHMARK(prepare_dense_search)->Unit(benchmark::kMillisecond);

void dense_search(benchmark::State& state) {
  const Prepared& p = prepared();
  const auto search = p.backend->prepare_search(p.query.dense);
  kernels::DenseMatch match;
  for (auto _ : state) search->search({&p.hit.dense, 1}, {&match, 1});
}
BENCHMARK(dense_search)->Unit(benchmark::kMillisecond);

// Everything between the decoded photo and its description, both channels.
void describe_decoded(benchmark::State& state) {
  const Prepared& p = prepared();
  const auto images = pipeline::prepare_describer(*p.backend, p.model.data(), p.options);
  const DecodeOptions decode;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        pipeline::describe_photos({*images, p.options, decode}, {&p.photo, 1}));
  }
}
BENCHMARK(describe_decoded)->Unit(benchmark::kMillisecond);

void verify_pair(benchmark::State& state) {
  const Prepared& p = prepared();
  const verify::PreparedQuery query(*p.backend, p.query);
  for (auto _ : state) {
    benchmark::DoNotOptimize(verify::verify_pair(*p.backend, p.model.data(), query, p.hit, {}));
  }
}
BENCHMARK(verify_pair)->Unit(benchmark::kMillisecond);

// From a decoded, reduced photo, as cv::SIFT takes it.
void opencv_sift(benchmark::State& state) {
  const baselines::GreyPhoto grey =
      baselines::read_grey(photos().query, prepared().options.long_side_px);
  for (auto _ : state) {
    benchmark::DoNotOptimize(baselines::detect_and_compute(grey, static_cast<int>(state.range(0))));
  }
}
BENCHMARK(opencv_sift)->Arg(512)->Arg(1000)->Unit(benchmark::kMillisecond);

void opencv_sift_with_decoding(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(baselines::describe(photos().query, prepared().options.long_side_px,
                                                 prepared().options.max_keypoints));
  }
}
BENCHMARK(opencv_sift_with_decoding)->Unit(benchmark::kMillisecond);

double cpu_ms() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

double lower_quartile(std::vector<double> values) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 4);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// Both in turns, since the machine's other work slows one as the other: a decoded photo described
// in both channels (reduced, too, and all else that a catalogue keeps), and cv::SIFT with 1000
// keypoints, about as many as both channels have, on the photo already reduced. Lower quartiles of
// their CPU times, and by how many times the first is shorter.
void describe_in_turns_with_opencv_sift(benchmark::State& state) {
  const Prepared& p = prepared();
  const auto images = pipeline::prepare_describer(*p.backend, p.model.data(), p.options);
  const DecodeOptions decode;
  const baselines::GreyPhoto grey = baselines::read_grey(photos().query, p.options.long_side_px);
  std::vector<double> ours, theirs;
  for (auto _ : state) {
    const double start = cpu_ms();
    benchmark::DoNotOptimize(
        pipeline::describe_photos({*images, p.options, decode}, {&p.photo, 1}));
    const double between = cpu_ms();
    benchmark::DoNotOptimize(baselines::detect_and_compute(grey, 1000));
    ours.push_back(between - start);
    theirs.push_back(cpu_ms() - between);
  }
  const double describe = lower_quartile(ours), sift = lower_quartile(theirs);
  state.counters["describe_ms"] = describe;
  state.counters["sift_ms"] = sift;
  state.counters["times"] = sift / describe;
}
BENCHMARK(describe_in_turns_with_opencv_sift)->Iterations(40)->Unit(benchmark::kMillisecond);

void opencv_match_and_magsac(benchmark::State& state) {
  const Prepared& p = prepared();
  const auto query =
      baselines::describe(photos().query, p.options.long_side_px, p.options.max_keypoints);
  const auto hit =
      baselines::describe(photos().hit, p.options.long_side_px, p.options.max_keypoints);
  for (auto _ : state) {
    benchmark::DoNotOptimize(baselines::match(query, hit, VerifyOptions{}.threshold_px));
  }
}
BENCHMARK(opencv_match_and_magsac)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
