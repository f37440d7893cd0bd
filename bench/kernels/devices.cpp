// SPDX-License-Identifier: Apache-2.0
//
// What does each stage give per second on the CPU and on a CUDA device? Batches of synthetic photos
// of 512 x 384 px and what the stages make of them, from the host's memory and back to it: copies
// count. PRESSMARK_BENCH_DEVICES names the devices, separated by ','; default: cpu and, where it
// works, cuda. The CPU backend works on one thread unless the name says otherwise.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/kernels/inputs.hpp"
#include "engine/model/model_data.hpp"
#include "engine/pipeline/describe.hpp"
#include "kernels/backends.hpp"
#include "pressmark/error.hpp"

namespace {

using namespace pressmark;
using bench::inputs, bench::Inputs, bench::kCodes, bench::kDenseCandidates, bench::kImages,
    bench::kKeypoints, bench::kMatchCandidates, bench::kWidth;
using kernels::Backend;

struct Case {
  const char* name;
  const char* unit;   // of an item
  std::size_t items;  // a call
  std::function<std::function<void()>(const Backend&)> prepare;
};

template <class Value>
std::shared_ptr<std::vector<Value>> many(std::size_t count) {
  return std::make_shared<std::vector<Value>>(count);
}

std::vector<Case> cases() {
  using kernels::GreyImage;
  const Inputs& in = inputs();
  const auto call = [](auto work) {
    return [work](const Backend& backend) -> std::function<void()> {
      return [work, &backend] { work(backend); };
    };
  };
  std::vector<Case> list;
  list.push_back({"canonicalise", "images", kImages,
                  call([&in, out = many<GreyImage>(kImages)](const Backend& backend) {
                    backend.canonicalise(in.views, kWidth / 2, *out);
                  })});
  list.push_back({"mask_glare", "images", kImages,
                  call([&in, out = many<GreyImage>(kImages)](const Backend& backend) {
                    backend.mask_glare(in.greys, *out);
                  })});
  list.push_back(
      {"relight", "images", kImages,
       call([&in, out = many<GreyImage>(kImages), lights = many<Light>(kImages)](
                const Backend& backend) { backend.relight(in.greys, in.masks, *out, *lights); })});
  list.push_back({"extract", "images", kImages,
                  call([&in, out = many<kernels::LocalFeatures>(kImages)](const Backend& backend) {
                    backend.extract(in.greys, in.masks, kKeypoints, *out);
                  })});
  list.push_back(
      {"embed", "images", kImages,
       call([&in, out = many<std::vector<std::int8_t>>(kImages)](const Backend& backend) {
         backend.embed(in.features, in.model.data().raw.whitening(), *out);
       })});
  list.push_back({"assign", "images", kImages,
                  call([&in, out = many<kernels::WordAssignment>(kImages)](const Backend& backend) {
                    backend.assign(in.indexed, in.model.data().raw.words(),
                                   in.model.data().raw.even_size, 1, *out);
                  })});
  list.push_back({"aggregate", "images", kImages,
                  call([&in, out = many<std::vector<float>>(kImages)](const Backend& backend) {
                    backend.aggregate(in.codes, in.model.data().aggregation(), *out);
                  })});
  list.push_back({"dense_codes", "images", kImages,
                  call([&in, out = many<DenseCode>(kImages)](const Backend& backend) {
                    backend.dense_codes(in.greys, in.masks, *out);
                  })});
  list.push_back({"code_details", "images", kImages,
                  call([&in, out = many<std::vector<std::uint8_t>>(kImages)](
                           const Backend& backend) { backend.code_details(in.greys, *out); })});
  list.push_back({"cohort_statistics", "images", 1, [&in](const Backend& backend) {
                    std::shared_ptr<kernels::DenseCohort> cohort =
                        backend.prepare_cohort(in.model.data().cohort);
                    return [cohort, &in] {
                      benchmark::DoNotOptimize(cohort->statistics(in.dense.front()));
                    };
                  }});
  list.push_back({"describe", "images", kImages, [&in](const Backend& backend) {
                    DescribeOptions options;
                    options.long_side_px = kWidth;
                    options.max_keypoints = kKeypoints;
                    std::shared_ptr<kernels::ImageDescriber> describer =
                        pipeline::prepare_describer(backend, in.model.data(), options);
                    return [describer, &in, out = many<kernels::ImageDescription>(kImages)] {
                      describer->describe(in.views, *out);
                    };
                  }});
  list.push_back({"dense_search", "pairs", kDenseCandidates, [&in](const Backend& backend) {
                    std::shared_ptr<kernels::DenseSearch> search =
                        backend.prepare_search(in.dense.front());
                    return [search, &in, out = many<kernels::DenseMatch>(kDenseCandidates)] {
                      search->search(in.dense, *out);
                    };
                  }});
  list.push_back({"refine_dense", "pairs", kMatchCandidates, call([&in](const Backend& backend) {
                    std::vector<kernels::DenseMatch> matches(kMatchCandidates);
                    backend.refine_dense(in.dense.front(),
                                         std::span(in.dense).first(kMatchCandidates), matches);
                  })});
  list.push_back({"congruent_cells", "pairs", kMatchCandidates,
                  call([&in, out = many<std::vector<kernels::DenseCell>>(kMatchCandidates)](
                           const Backend& backend) {
                    const std::vector<kernels::DenseMatch> matches(kMatchCandidates);
                    backend.congruent_cells(in.dense.front(),
                                            std::span(in.dense).first(kMatchCandidates), matches,
                                            *out);
                  })});
  list.push_back({"similarities", "codes", kCodes,
                  call([&in, out = many<std::int32_t>(kCodes)](const Backend& backend) {
                    backend.similarities(std::span(in.many_codes).first(kLocalCodeSize),
                                         in.many_codes, *out);
                  })});
  list.push_back(
      {"match", "pairs", kMatchCandidates,
       call([&in, out = many<kernels::SignedMatches>(kMatchCandidates)](const Backend& backend) {
         backend.match(in.code_views.front(), in.code_views, in.model.data().raw.even_size, 0.95f,
                       *out);
       })});
  list.push_back(
      {"find_consensus", "pairs", kMatchCandidates,
       call([&in, out = many<kernels::Consensus>(kMatchCandidates)](const Backend& backend) {
         backend.find_consensus(in.keypoint_pairs, 3, *out);
       })});
  return list;
}

std::vector<std::string> device_names() {
  const char* named = std::getenv("PRESSMARK_BENCH_DEVICES");
  std::string list = named != nullptr ? named : "cpu,cuda";
  std::vector<std::string> names;
  for (std::size_t first = 0; first <= list.size();) {
    const std::size_t end = std::min(list.find(',', first), list.size());
    names.push_back(list.substr(first, end - first));
    first = end + 1;
  }
  return names;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  std::vector<std::unique_ptr<Backend>> backends;
  const std::vector<Case> list = cases();
  benchmark::AddCustomContext("keypoints per image", std::to_string(inputs().keypoints / kImages));
  for (const std::string& name : device_names()) {
    try {
      backends.push_back(kernels::make_backend(name));
    } catch (const Error& error) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
      continue;
    }
    const Backend& backend = *backends.back();
    benchmark::AddCustomContext("device " + name, std::string(backend.name()));
    for (const Case& one : list) {
      benchmark::RegisterBenchmark(
          (name + "/" + one.name).c_str(),
          [&](benchmark::State& state) {
            const std::function<void()> work = one.prepare(backend);
            work();
            for (auto _ : state) work();
            state.counters[one.unit] = benchmark::Counter(
                static_cast<double>(one.items) * static_cast<double>(state.iterations()),
                benchmark::Counter::kIsRate);
          })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
