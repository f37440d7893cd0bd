// SPDX-License-Identifier: Apache-2.0
#include "stage_runs.hpp"
#include "tests/kernels/conformance.hpp"

namespace pressmark::kernels {
namespace {

// Smooth enough that neighbouring shifts correlate.
DenseCode random_code(std::mt19937_64& random, int smoothed = 3) {
  std::vector<double> field(2 * kDenseSide * kDenseSide);
  for (double& value : field) value = uniform(random, -1, 1);
  for (int pass = 0; pass < smoothed; ++pass) {
    for (std::size_t i = 0; i + kDenseSide + 1 < field.size(); ++i) {
      field[i] = field[i] + field[i + 1] + field[i + kDenseSide] + field[i + kDenseSide + 1];
    }
  }
  double largest = 0;
  for (const double value : field) largest = std::max(largest, std::abs(value));
  DenseCode code;
  for (std::size_t i = 0; i < field.size(); ++i) {
    code.values[i] = static_cast<std::int8_t>(std::lround(127 / largest * field[i]));
  }
  return code;
}

// Turned by pi about its centre and moved.
DenseCode moved(const DenseCode& code, int dx, int dy) {
  DenseCode result;
  for (int part = 0; part < 2; ++part) {
    for (int y = 0; y < kDenseSide; ++y) {
      for (int x = 0; x < kDenseSide; ++x) {
        const int from_x = kDenseSide - 1 - x + dx, from_y = kDenseSide - 1 - y + dy;
        if (std::min(from_x, from_y) < 0 || std::max(from_x, from_y) >= kDenseSide) continue;
        const int first = part * kDenseSide * kDenseSide;
        result.values[static_cast<std::size_t>(first + y * kDenseSide + x)] =
            code.values[static_cast<std::size_t>(first + from_y * kDenseSide + from_x)];
      }
    }
  }
  return result;
}

std::vector<double> search(const Backend& backend, const DenseCode& query,
                           const std::vector<DenseCode>& candidates) {
  std::vector<DenseMatch> matches(candidates.size());
  backend.prepare_search(query)->search(candidates, matches);
  std::vector<double> numbers;
  for (const DenseMatch& match : matches) {
    numbers.push_back(static_cast<double>(match.score));
    numbers.insert(numbers.end(), match.position.linear.begin(), match.position.linear.end());
    numbers.push_back(match.position.shift_x);
    numbers.push_back(match.position.shift_y);
  }
  return numbers;
}

std::vector<double> statistics(const Backend& backend, const DenseCode& code,
                               const std::vector<DenseCode>& cohort) {
  const CohortStatistics result = backend.prepare_cohort(cohort)->statistics(code);
  return {static_cast<double>(result.mean), static_cast<double>(result.deviation)};
}

std::vector<double> pyramids(const Backend& backend, const std::vector<DenseCode>& codes) {
  std::vector<DensePyramid> outputs(codes.size());
  backend.reduce_dense(codes, outputs);
  std::vector<double> numbers;
  for (const DensePyramid& pyramid : outputs) {
    numbers.insert(numbers.end(), pyramid.half.begin(), pyramid.half.end());
    numbers.insert(numbers.end(), pyramid.quarter.begin(), pyramid.quarter.end());
  }
  return numbers;
}

// Strokes on a tilted plane.
GreyImage drawn(std::mt19937_64& random, int width, int height) {
  GreyImage image{width, height, {}};
  const double angle = uniform(random, 0, 3), period = uniform(random, 7, 12);
  const double c = std::cos(angle), s = std::sin(angle);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double wave = std::sin((c * x + s * y) / period) * std::sin((s * x - c * y) / 5);
      const double value = 110 + 50 * wave + 0.3 * x - 0.2 * y + uniform(random, -4, 4);
      image.pixels.push_back(static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)));
    }
  }
  return image;
}

GreyImage flat(int width, int height, std::uint8_t value) {
  return {width, height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), value)};
}

GreyImage random_mask(std::mt19937_64& random, int width, int height) {
  GreyImage mask = flat(width, height, 0);
  for (int blob = 0; blob < 4; ++blob) {
    const double cx = uniform(random, 0, width), cy = uniform(random, 0, height);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        if (std::hypot(x - cx, y - cy) > 9) continue;
        mask.pixels[static_cast<std::size_t>(y * width + x)] = 255;
      }
    }
  }
  return mask;
}

std::vector<double> dense_codes(const Backend& backend, const std::vector<GreyImage>& images,
                                std::vector<GreyImage> masks) {
  masks.resize(images.size());
  std::vector<DenseCode> codes(images.size());
  backend.dense_codes(images, masks, codes);
  std::vector<double> numbers;
  for (const DenseCode& code : codes) {
    numbers.insert(numbers.end(), code.values.begin(), code.values.end());
  }
  return numbers;
}

}  // namespace

// Exact, but for the norms: sums of doubles in another order, rounded to float.
std::vector<StageRun> dense_runs() {
  std::mt19937_64 random(21);
  const DenseCode first = random_code(random), second = random_code(random, 6);
  const DenseCode rough = random_code(random, 0), third = random_code(random, 10);
  const DenseCode empty;
  const auto pyramids_of = [](std::vector<DenseCode> codes) {
    return [codes](const Backend& backend) { return pyramids(backend, codes); };
  };
  const auto search_of = [](const DenseCode& query, std::vector<DenseCode> candidates) {
    return [=](const Backend& backend) { return search(backend, query, candidates); };
  };
  const auto statistics_of = [](const DenseCode& code, std::vector<DenseCode> cohort) {
    return [=](const Backend& backend) { return statistics(backend, code, cohort); };
  };
  const auto codes_of = [](std::vector<GreyImage> images, std::vector<GreyImage> masks) {
    return [=](const Backend& backend) { return dense_codes(backend, images, masks); };
  };
  const GreyImage wide = drawn(random, 150, 67), tall = drawn(random, 45, 131);
  const GreyImage square = drawn(random, 128, 128);
  return {
      {"DenseCodesOfNone", 0, codes_of({}, {})},
      {"DenseCodesOfSeveralSizes", 0, codes_of({wide, flat(1, 1, 9), tall, flat(90, 20, 80)}, {})},
      {"DenseCodeOfMaskedImage", 0, codes_of({square}, {random_mask(random, 128, 128)})},
      {"DenseCodesOfMaskedAndUnmasked", 0,
       codes_of({tall, wide}, {{}, random_mask(random, 150, 67)})},
      {"DenseCodeOfAllMasked", 0, codes_of({tall}, {flat(45, 131, 255)})},
      {"DenseCodesOfTinyImages", 0,
       codes_of({drawn(random, 3, 3), drawn(random, 2, 50), drawn(random, 33, 7), {}}, {})},
      {"ReduceNoDenseCode", 0, pyramids_of({})},
      {"ReduceDenseCodes", 0, pyramids_of({first, empty, rough})},
      // The CUDA backend leaves fewer than 32 to the CPU.
      {"ReduceManyDenseCodes", 0,
       [=](const Backend& backend) {
         std::vector<DenseCode> codes(33, rough);
         codes[7] = first;
         codes[20] = empty;
         return pyramids(backend, codes);
       }},
      {"SearchInNone", 0, search_of(first, {})},
      {"SearchInOne", 0, search_of(first, {second})},
      {"SearchInThree", 0, search_of(second, {moved(second, 5, -8), rough, third})},
      {"SearchInEmptyCode", 0, search_of(first, {empty})},
      {"SearchForEmptyCode", 0, search_of(empty, {third})},
      {"StatisticsOfNoCohort", 0, statistics_of(first, {})},
      {"StatisticsOfThree", 0, statistics_of(first, {second, rough, empty})},
      {"StatisticsOfEmptyCode", 0, statistics_of(empty, {second})},
  };
}

}  // namespace pressmark::kernels
