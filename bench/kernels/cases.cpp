// SPDX-License-Identifier: Apache-2.0
#include "bench/kernels/cases.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "bench/kernels/inputs.hpp"
#include "engine/model/model_data.hpp"
#include "kernels/cuda/aggregate.hpp"
#include "kernels/cuda/assign.hpp"
#include "kernels/cuda/canonicalise.hpp"
#include "kernels/cuda/congruent_cells.hpp"
#include "kernels/cuda/consensus.hpp"
#include "kernels/cuda/dense_alignment.hpp"
#include "kernels/cuda/dense_code.hpp"
#include "kernels/cuda/dense_refine.hpp"
#include "kernels/cuda/dense_search.hpp"
#include "kernels/cuda/detail_code.hpp"
#include "kernels/cuda/embed.hpp"
#include "kernels/cuda/extract.hpp"
#include "kernels/cuda/glare.hpp"
#include "kernels/cuda/illumination.hpp"
#include "kernels/cuda/keypoints.hpp"
#include "kernels/cuda/light.hpp"
#include "kernels/cuda/match.hpp"
#include "kernels/cuda/patch_descriptor.hpp"
#include "kernels/cuda/reduce_dense.hpp"
#include "kernels/cuda/relight.hpp"
#include "kernels/cuda/scale_space.hpp"
#include "kernels/cuda/similarities.hpp"

namespace pressmark::bench {
namespace {

using namespace kernels;
using cuda::DeviceBuffer, cuda::Lane;

constexpr std::size_t kSearched = 1024;  // candidates of a dense search: a part of search_dense
constexpr std::size_t kStarts = 32;      // of each candidate of a screening
constexpr std::size_t kPairsOfDetails = 64;

// Inputs outlive the work.
template <class Made>
std::shared_ptr<const Made> keep(Made made) {
  return std::make_shared<const Made>(std::move(made));
}

std::vector<DenseStart> random_starts(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto value = [&](float range) {
    return range * (static_cast<float>(random() >> 8) * 0x1p-24f - 0.5f);
  };
  std::vector<DenseStart> starts;
  for (std::size_t i = 0; i < kStarts; ++i) {
    starts.push_back({value(0.5f), value(0.5f), value(0.5f), value(0.5f), value(6), value(2), 0});
  }
  return starts;
}

constexpr double kPixels = double{kWidth} * kHeight;

std::vector<Case> cases_of_images() {
  const Inputs& in = inputs();
  const double keypoints = static_cast<double>(in.keypoints) / kImages;
  const double samples = kPixels * 4 / 3;  // of all octaves
  std::vector<Case> list;
  // Three bytes a pixel of the photo, a quarter of the pixels written; 14 instructions.
  list.push_back({"canonicalise",
                  "images",
                  kImages,
                  {3.25 * kPixels, 14 * kPixels, Rate::kInstructions},
                  [&](Lane& lane) {
                    const auto photos = keep(cuda::upload_photos(lane, in.views));
                    return [=, &lane] { cuda::canonicalise(lane, *photos, kWidth / 2); };
                  }});
  // Read twice, written once.
  list.push_back({"glare_masks",
                  "images",
                  kImages,
                  {3 * kPixels, 15 * kPixels, Rate::kInstructions},
                  [&](Lane& lane) {
                    const auto images = keep(cuda::upload_images(lane, in.greys));
                    return [=, &lane] { cuda::glare_masks(lane, *images); };
                  }});
  const auto on_images = [&](const char* name, Need need, auto work) {
    list.push_back({name, "images", kImages, need, [&in, work](Lane& lane) {
                      const auto images = keep(cuda::upload_images(lane, in.greys));
                      const auto masks = keep(cuda::upload_images(lane, in.masks));
                      return [=, &lane] { work(lane, *images, *masks); };
                    }});
  };
  using Images = cuda::Planes<std::uint8_t>;
  // Three passes over image and mask, one over the detail; two bilinear interpolations, a division.
  const Need flattening{10 * kPixels, 20 * kPixels, Rate::kFp32};
  on_images("flatten_illumination", flattening,
            [](Lane& lane, const Images& images, const Images& masks) {
              cuda::flatten_illumination(lane, images, masks);
            });
  // Blur (radius 6: 36 operations) 8 bytes, three passes of gradients (15 each) 12.
  const Need lighting{20 * kPixels, 80 * kPixels, Rate::kFp32};
  list.push_back({"find_lights", "images", kImages, lighting, [&in](Lane& lane) {
                    const auto masks = keep(cuda::upload_images(lane, in.masks));
                    const auto details = keep(cuda::flatten_illumination(
                        lane, cuda::upload_images(lane, in.greys), *masks));
                    return [=, &lane] { cuda::find_lights(lane, *details, *masks); };
                  }});
  // The two above; a transform of 1.3 times the pixels there and back: 24 bytes, 5 log2 of 255 k
  // = 90 operations a padded pixel; grey levels 11 bytes.
  on_images("relight",
            {flattening.bytes + lighting.bytes + (1.3 * 24 + 11) * kPixels,
             flattening.operations + lighting.operations + (1.3 * 90 + 10) * kPixels, Rate::kFp32},
            [](Lane& lane, const Images& images, const Images& masks) {
              cuda::relight(lane, images, masks);
            });
  // Five blurs of 4 bytes in and 4 out a sample; 6 operations a tap, radii 4, 6, 7, 9 and 12.
  const Need scales{40 * samples, 6 * 38 * samples, Rate::kFp32};
  list.push_back({"build_scale_spaces", "images", kImages, scales, [&in](Lane& lane) {
                    const auto images = keep(cuda::upload_images(lane, in.greys));
                    return [=, &lane] { cuda::build_scale_spaces(lane, *images); };
                  }});
  // Six samples of 4 bytes; five differences, 26 comparisons at three scales that mostly end early.
  const Need extrema{24 * samples, 40 * samples, Rate::kInstructions};
  list.push_back({"find_extrema", "images", kImages, extrema, [&in](Lane& lane) {
                    const auto masks = keep(cuda::upload_images(lane, in.masks));
                    const auto spaces =
                        keep(cuda::build_scale_spaces(lane, cuda::upload_images(lane, in.greys)));
                    return [=, &lane] { cuda::find_extrema(lane, *spaces, *masks); };
                  }});
  // The two above; an orientation of 800 samples and 80 operations, a descriptor of 140 000 and 512
  // bytes for each keypoint. Their samples come from the cache.
  list.push_back({"extract",
                  "images",
                  kImages,
                  {scales.bytes + extrema.bytes + 512 * keypoints,
                   scales.operations + extrema.operations + 204'000 * keypoints, Rate::kFp32},
                  [&in](Lane& lane) {
                    const auto images = keep(cuda::upload_images(lane, in.greys));
                    const auto masks = keep(cuda::upload_images(lane, in.masks));
                    const auto rotations = keep(cuda::upload_rotations(lane));
                    return [=, &lane] {
                      cuda::extract(lane, *images, *masks, kKeypoints, *rotations);
                    };
                  }});
  // Illumination; blurs of two scales: 12 bytes, 100 operations; two passes of gradients at two
  // scales with the mask: 18 bytes, 31 operations each. Then the cells of an image.
  on_images("dense_codes",
            {flattening.bytes + 30 * kPixels + 41'000,
             flattening.operations + (100 + 4 * 31) * kPixels + 1.2e6, Rate::kFp32},
            [](Lane& lane, const Images& images, const Images& masks) {
              cuda::dense_codes(lane, images, masks);
            });
  list.push_back({"code_details",
                  "images",
                  kImages,
                  {1.125 * kPixels, 120 * kPixels, Rate::kFp32},
                  [&in](Lane& lane) {
                    const auto images = keep(cuda::upload_images(lane, in.greys));
                    return [=, &lane] { cuda::code_details(lane, *images); };
                  }});
  // Two codes of 6 KB; 80 000 bits laid over at 45 operations.
  list.push_back({"compare_details",
                  "pairs",
                  kPairsOfDetails,
                  {12'288, 80'000 * 45.0, Rate::kFp64},
                  [&in](Lane& lane) {
                    const auto codes =
                        keep(cuda::code_details(lane, cuda::upload_images(lane, in.greys)));
                    std::vector<cuda::DetailPair> pairs;
                    for (std::size_t i = 0; i < kPairsOfDetails; ++i) {
                      pairs.push_back({codes->shapes[i % kImages],
                                       codes->shapes[(i + 1) % kImages],
                                       codes->words.data(),
                                       codes->words.data(),
                                       {1, 0, 3.5, 0, 1, -2.5, 0, 0, 1}});
                    }
                    return [=, &lane] { cuda::compare_details(lane, pairs); };
                  }});
  return list;
}

std::vector<Case> cases_of_codes() {
  const Inputs& in = inputs();
  const models::LocalModel& local = in.model.data().raw;
  const Aggregation aggregation = in.model.data().aggregation();
  const double keypoints = static_cast<double>(in.keypoints) / kImages;
  const double words = local.words().words;
  double indexed = 0;  // codes of an image
  for (const auto& codes : in.indexed) {
    indexed += static_cast<double>(codes.size()) / kLocalCodeSize / kImages;
  }
  std::vector<Case> list;
  // 512 bytes in, 64 out a row; 128 x 64 differences, products and sums, of which the differences
  // once for all, and the length.
  list.push_back({"embed",
                  "images",
                  kImages,
                  {576 * keypoints, 16'400 * keypoints, Rate::kFp32},
                  [&](Lane& lane) {
                    std::vector<float> rows;
                    for (const LocalFeatures& image : in.features) {
                      rows.insert(rows.end(), image.descriptors.begin(), image.descriptors.end());
                    }
                    const auto count = static_cast<int>(rows.size() / kDescriptorSize);
                    const auto descriptors = keep(lane.upload(rows));
                    const auto row_count = keep(lane.upload(std::vector<int>{count}));
                    const auto whitening = keep(cuda::upload_whitening(lane, local.whitening()));
                    return [=, &lane] {
                      cuda::embed(lane, *descriptors, row_count->data(), *whitening);
                    };
                  }});
  // A byte for eight products written and read, the code itself; 16 instructions a product, again
  // 64 products for each hypothesis.
  list.push_back({"assign",
                  "images",
                  kImages,
                  {indexed * (64 + 2 * words / 8), indexed * 16 * (words + 2 * 64), Rate::kDp4a},
                  [&](Lane& lane) {
                    const auto codes = keep(cuda::upload_codes(lane, in.indexed));
                    const auto vocabulary = keep(cuda::upload_vocabulary(lane, local.words()));
                    return [=, &lane, &local] {
                      cuda::assign(lane, codes->codes, *vocabulary, local.even_size, 1);
                    };
                  }});
  // Codes once, the projection once for eight images; 192 operations for each code and word, two
  // for each element of the projection.
  const double elements = double{64} * aggregation.words * aggregation.global_size;
  list.push_back(
      {"aggregate",
       "images",
       kImages,
       {64 * keypoints + 4 * elements / 8, 192 * keypoints * aggregation.words + 2 * elements,
        Rate::kFp32},
       [&, aggregation](Lane& lane) {
         std::vector<std::span<const std::int8_t>> sets(in.codes.begin(), in.codes.end());
         const auto codes = keep(cuda::upload_codes(lane, sets));
         const auto model = keep(cuda::upload_aggregation(lane, aggregation));
         return [=, &lane] { cuda::aggregate(lane, codes->codes, codes->device_sets, *model); };
       }});
  // A code and its sum.
  list.push_back({"similarities", "codes", bench::kCodes, {68, 16, Rate::kDp4a}, [&](Lane& lane) {
                    const auto codes = keep(lane.upload(in.many_codes));
                    const auto code =
                        keep(lane.upload(std::span(in.many_codes).first(kLocalCodeSize)));
                    return [=, &lane] { cuda::similarities(lane, *code, *codes); };
                  }});
  // A candidate's codes and keypoints; a byte for eight products written and read; 16 instructions
  // a product.
  list.push_back({"match",
                  "pairs",
                  kMatchCandidates,
                  {keypoints * (64 + sizeof(Keypoint)) + 2 * keypoints * keypoints / 8,
                   16 * keypoints * keypoints, Rate::kDp4a},
                  [&](Lane& lane) {
                    const auto query =
                        keep(cuda::upload_codes(lane, std::span(in.code_views).first(1)));
                    const auto candidates = keep(cuda::upload_codes(lane, in.code_views));
                    return [=, &lane, &local] {
                      cuda::match(lane, *query, *candidates, local.even_size, 0.95f);
                    };
                  }});
  // 32 bytes a pair in, 44 written, 4 back; n^2 votes of 40 instructions.
  const auto pairs = static_cast<double>(in.keypoint_pairs.front().size());
  list.push_back({"find_consensus",
                  "pairs",
                  kMatchCandidates,
                  {80 * pairs, 40 * pairs * pairs, Rate::kInstructions},
                  [&](Lane& lane) {
                    const auto sets = keep(cuda::upload_pairs(lane, in.keypoint_pairs));
                    return [=, &lane] { cuda::find_consensus(lane, *sets, 3); };
                  }});
  return list;
}

std::vector<Case> cases_of_dense_codes() {
  const Inputs& in = inputs();
  const std::span<const DenseCode> cohort = in.model.data().cohort;
  const auto candidates = [&in](Lane& lane, std::size_t count) {
    return keep(lane.upload(std::span<const DenseCode>(in.dense).first(count)));
  };
  std::vector<Case> list;
  // 8 KB in, 2.5 KB out; a few instructions a byte.
  list.push_back(
      {"reduce_dense",
       "codes",
       kSearched,
       {sizeof(DenseCode) + sizeof(DensePyramid), 4.0 * sizeof(DenseCode), Rate::kInstructions},
       [=](Lane& lane) {
         const auto codes = candidates(lane, kSearched);
         return [=, &lane] { cuda::reduce_dense(lane, codes->data(), kSearched); };
       }});
  // Five fields of 9 KB; 80 000 operations for the transforms of each, about 100 000 for samples.
  constexpr double kSpectrum = 48 * 48 * 4;
  list.push_back({"prepare_candidates",
                  "codes",
                  kSearched,
                  {sizeof(DenseCode) + 5 * kSpectrum, 5 * 180'000.0, Rate::kFp32},
                  [=](Lane& lane) {
                    const auto codes = candidates(lane, kSearched);
                    return [=, &lane] { cuda::prepare_candidates(lane, codes->data(), kSearched); };
                  }});
  // A candidate's spectra once; 72 pairs of transforms, and the best one's vicinity.
  constexpr double kPairOfTransforms = 230'000;
  list.push_back({"find_peaks",
                  "pairs",
                  kSearched,
                  {5 * kSpectrum, 72 * kPairOfTransforms + 150'000, Rate::kInstructions},
                  [=](Lane& lane) {
                    const auto codes = candidates(lane, kSearched);
                    const auto query = keep(cuda::prepare_query(lane, codes->data()));
                    const auto spectra =
                        keep(cuda::prepare_candidates(lane, codes->data(), kSearched));
                    return [=, &lane] { cuda::find_peaks(lane, *query, *spectra, kSearched); };
                  }});
  // Members' spectra once for all codes, a code's eight once for all members; four pairs of
  // transforms.
  const auto members = static_cast<double>(cohort.size());
  list.push_back(
      {"best_scores",
       "pairs",
       kImages * cohort.size(),
       {kSpectrum / kImages + 8 * kSpectrum / members, 4 * kPairOfTransforms, Rate::kInstructions},
       [=](Lane& lane) {
         const auto codes = candidates(lane, kImages);
         const auto spectra =
             keep(cuda::prepare_members(lane, lane.upload(cohort).data(), cohort.size()));
         const auto turns = keep(cuda::prepare_half_turns(lane, codes->data(), kImages));
         return [=, &lane] { cuda::best_scores(lane, *turns, kImages, *spectra, cohort.size()); };
       }});
  // A start, a candidate for all its starts; 72 instructions of each of 32 lanes.
  list.push_back({"screen",
                  "starts",
                  kStarts * kMatchCandidates,
                  {32 + 512.0 / kStarts, 72.0 * 32, Rate::kDp4a},
                  [=](Lane& lane) {
                    const auto codes = candidates(lane, kMatchCandidates);
                    const auto query = keep(cuda::make_alignment_query(lane, codes->data()));
                    const auto pyramids =
                        keep(cuda::reduce_dense(lane, codes->data(), kMatchCandidates));
                    std::vector<std::vector<DenseStart>> starts;
                    std::vector<std::span<const DenseStart>> views;
                    for (std::uint32_t i = 0; i < kMatchCandidates; ++i) {
                      starts.push_back(random_starts(i + 1));
                    }
                    views.assign(starts.begin(), starts.end());
                    const auto batch = keep(cuda::upload_starts(lane, views));
                    return [=, &lane] { cuda::screen(lane, *query, pyramids->data(), *batch); };
                  }});
  // A candidate; at most 97 positions, 64 x 64 cells of 75 instructions: those that climb for
  // fewer steps need less.
  list.push_back(
      {"refine_dense",
       "pairs",
       kMatchCandidates,
       {sizeof(DenseCode) + sizeof(cuda::RefinedMatch), 97.0 * 64 * 64 * 75, Rate::kInstructions},
       [=](Lane& lane) {
         const auto codes = candidates(lane, kMatchCandidates);
         const auto starts = keep(lane.upload(std::vector<dense_refine::Parameters>(
             kMatchCandidates, dense_refine::parameters_of({}))));
         return [=, &lane] { cuda::refine_dense(lane, codes->data(), codes->data(), *starts); };
       }});
  // A candidate; 36 cells, 49 shifts, 100 points of 60 instructions.
  list.push_back({"congruent_cells",
                  "pairs",
                  kMatchCandidates,
                  {sizeof(DenseCode) + 36 * sizeof(cuda::ShiftedCell), 36.0 * 49 * 100 * 60,
                   Rate::kInstructions},
                  [=](Lane& lane) {
                    const auto codes = candidates(lane, kMatchCandidates);
                    const auto positions =
                        keep(lane.upload(std::vector<DensePosition>(kMatchCandidates)));
                    return [=, &lane] {
                      cuda::congruent_cells(lane, codes->data(), codes->data(), *positions);
                    };
                  }});
  return list;
}

}  // namespace

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (auto more : {cases_of_images(), cases_of_codes(), cases_of_dense_codes()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

}  // namespace pressmark::bench
