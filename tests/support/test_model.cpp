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

}  // namespace

models::ModelData test_model_data(const TestModelShape& shape) {
  std::mt19937_64 random(shape.seed);
  models::ModelData model;
  model.words = shape.words;
  model.global_size = shape.global_size;
  // RootSIFT vectors share a large common part, the direction of all ones; without it codes of
  // unrelated places are nearly orthogonal, as learned whitening makes them.
  const double level = 1 / std::sqrt(static_cast<double>(kernels::kDescriptorSize));
  const std::vector<double> ones(kernels::kDescriptorSize, level);
  model.whitening_mean.assign(kernels::kDescriptorSize, static_cast<float>(0.8 * level));
  model.whitening_projection =
      orthogonal_rows(kLocalCodeSize, kernels::kDescriptorSize, ones, random);
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
  model.manifest_json = "{\n  \"name\": \"random\",\n  \"format\": 1,\n  \"sha256\": \"" +
                        image::sha256(bytes).hex() + "\"\n}";
  return model;
}

Model test_model(const TestModelShape& shape) {
  return Model(std::make_shared<const models::ModelData>(test_model_data(shape)));
}

}  // namespace pressmark::test
