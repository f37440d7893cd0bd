// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_model.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/image/image.hpp"

namespace pressmark::test {
namespace {

// The sum of twelve uniform values: close to Gaussian, and unlike std::normal_distribution the same
// in every standard library.
double gaussian(std::mt19937_64& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += static_cast<double>(random() >> 11) * 0x1p-53;
  return sum;
}

// Unit-length rows, orthogonal to each other as long as there are no more than columns (modified
// Gram-Schmidt), and to a fixed direction where one is given.
std::vector<float> orthogonal_rows(std::size_t rows, std::size_t columns,
                                   const std::vector<double>& avoided, std::mt19937_64& random) {
  std::vector<std::vector<double>> basis;
  if (!avoided.empty()) basis.push_back(avoided);
  const std::size_t first = basis.size();
  while (basis.size() < first + rows) {
    std::vector<double> row(columns);
    for (double& value : row) value = gaussian(random);
    for (const auto& other : basis) {
      double dot = 0;
      for (std::size_t d = 0; d < columns; ++d) dot += row[d] * other[d];
      for (std::size_t d = 0; d < columns; ++d) row[d] -= dot * other[d];
    }
    double squared = 0;
    for (double value : row) squared += value * value;
    for (double& value : row) value /= std::sqrt(squared);
    basis.push_back(std::move(row));
  }
  std::vector<float> flat;
  for (std::size_t r = first; r < basis.size(); ++r) {
    for (double value : basis[r]) flat.push_back(static_cast<float>(value));
  }
  return flat;
}

constexpr std::size_t kHalf = kernels::kDescriptorSize / 2;

// Rows over the first half of a descriptor's elements as rows over all of them. Contrast inversion
// moves element (cell, bin) to (15 - cell, bin): there the rows have the same value (sign 1: codes
// keep theirs) or the opposite one (sign -1: codes change sign).
void append_lifted(const std::vector<float>& rows, float sign, std::vector<float>& projection) {
  for (std::size_t start = 0; start < rows.size(); start += kHalf) {
    std::vector<float> row(kernels::kDescriptorSize);
    for (std::size_t element = 0; element < kHalf; ++element) {
      const std::size_t cell = element / 8, bin = element % 8;
      row[element] = std::sqrt(0.5f) * rows[start + element];
      row[(15 - cell) * 8 + bin] = sign * row[element];
    }
    projection.insert(projection.end(), row.begin(), row.end());
  }
}

constexpr int kVocabularyWords = 16;

models::LocalModel local_model(std::mt19937_64& random) {
  models::LocalModel local;
  // RootSIFT vectors share a large common part, the direction of all ones; without it codes of
  // unrelated places are nearly orthogonal, as learned whitening makes them.
  const double level = 1 / std::sqrt(static_cast<double>(kernels::kDescriptorSize));
  local.mean.assign(kernels::kDescriptorSize, static_cast<float>(0.8 * level));
  local.even_size = kLocalCodeSize / 2;
  for (int word = 0; word < kVocabularyWords; ++word) {
    for (const float value : orthogonal_rows(1, kLocalCodeSize, {}, random)) {
      local.vocabulary.push_back(static_cast<std::int8_t>(std::nearbyint(80.0f * value)));
    }
  }
  const std::vector<double> ones(kHalf, std::sqrt(2.0) * level);
  append_lifted(orthogonal_rows(kLocalCodeSize / 2, kHalf, ones, random), 1, local.projection);
  append_lifted(orthogonal_rows(kLocalCodeSize / 2, kHalf, {}, random), -1, local.projection);
  return local;
}

}  // namespace

models::ModelData test_model_data(const TestModelShape& shape) {
  std::mt19937_64 random(shape.seed);
  models::ModelData model;
  model.words = shape.words;
  model.global_size = shape.global_size;
  model.raw = local_model(random);
  model.relit = local_model(random);
  // Unrelated pictures reach an evidence of -3 or so, pictures of one thing 4 and more. Between the
  // first knot and the last, the score is the evidence + 4.
  model.fusion.weights = {2, 0.5f, 0.5f, -8};
  for (int i = 0; i < models::FusionModel::kKnots; ++i) {
    model.fusion.knots.push_back(0.5f * static_cast<float>(i) - 4.0f);
  }
  const std::size_t vlad_size = static_cast<std::size_t>(shape.words) * kLocalCodeSize;
  for (int word = 0; word < shape.words; ++word) {
    const std::vector<float> centroid = orthogonal_rows(1, kLocalCodeSize, {}, random);
    for (float value : centroid) model.centroids.push_back(0.5f * value);
  }
  model.vlad_mean.assign(vlad_size, 0.0f);
  model.vlad_projection =
      orthogonal_rows(static_cast<std::size_t>(shape.global_size), vlad_size, {}, random);

  const std::vector<std::uint8_t> bytes = models::encode_model(model);
  model = models::decode_model(bytes);
  model.name = "random";
  model.manifest_json = "{\n  \"name\": \"random\",\n  \"format\": 2,\n  \"sha256\": \"" +
                        image::sha256(bytes).hex() + "\"\n}";
  return model;
}

Model test_model(const TestModelShape& shape) {
  return Model(std::make_shared<const models::ModelData>(test_model_data(shape)));
}

}  // namespace pressmark::test
