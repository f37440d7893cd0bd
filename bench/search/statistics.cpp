// SPDX-License-Identifier: Apache-2.0
//
// What global vectors of real photos are like, for vectors.hpp to imitate: bench_global_statistics
// SEGMENT... (the files segments/*.pmseg of a catalogue; docs/format.md).
#include <fmt/format.h>
#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>
#include <vector>

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <typename T>
T value_at(const std::vector<char>& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

// The vectors of a segment behind those before.
bool read_vectors(const char* file, std::vector<float>& values, std::size_t& size) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  if (bytes.size() < 128) return false;
  const std::size_t images = value_at<std::uint32_t>(bytes, 56);
  size = value_at<std::uint32_t>(bytes, 60);
  const auto offset = value_at<std::uint64_t>(bytes, 80);
  if (offset + images * size * sizeof(float) > bytes.size()) return false;
  const std::size_t start = values.size();
  values.resize(start + images * size);
  std::memcpy(values.data() + start, bytes.data() + offset, images * size * sizeof(float));
  return true;
}

float quantile(std::vector<float> values, double share) {
  const auto place = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(place),
                   values.end());
  return values[place];
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<float> values;
  std::size_t size = 0;
  for (int i = 1; i < count; ++i) {
    if (read_vectors(arguments[i], values, size)) continue;
    fmt::print(stderr, "{}: no segment\n", arguments[i]);
    return 1;
  }
  if (size == 0) {
    fmt::print(stderr, "usage: bench_global_statistics SEGMENT...\n");
    return 2;
  }
  const auto dimension = static_cast<Eigen::Index>(size);
  const Eigen::Map<const Matrix> rows(values.data(),
                                      static_cast<Eigen::Index>(values.size() / size), dimension);
  const Eigen::RowVectorXf mean = rows.colwise().mean();
  const Matrix centred = rows.rowwise() - mean;
  const Matrix covariance = centred.transpose() * centred / static_cast<float>(rows.rows());
  const Eigen::VectorXf spectrum =
      Eigen::SelfAdjointEigenSolver<Matrix>(covariance).eigenvalues().reverse();
  fmt::print("{} vectors of {} values, mean norm {:.4f}, norm of the mean {:.4f}\n", rows.rows(),
             size, rows.rowwise().norm().mean(), mean.norm());
  fmt::print("largest |value| of a vector, median: {:.4f}\n", [&] {
    std::vector<float> largest;
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
      largest.push_back(rows.row(i).cwiseAbs().maxCoeff());
    }
    return quantile(largest, 0.5);
  }());
  fmt::print("spectrum, share of the variance below the first k directions:\n");
  for (Eigen::Index k = 1; k <= dimension; k *= 2) {
    fmt::print("  k {:4}: eigenvalue {:.6f}, share {:.4f}\n", k, spectrum(k - 1),
               spectrum.head(k).sum() / spectrum.sum());
  }
  Matrix products = rows * rows.transpose();
  std::vector<float> others, nearest, tenth;
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    std::vector<float> row;
    for (Eigen::Index j = 0; j < rows.rows(); ++j) {
      if (i != j) row.push_back(products(i, j));
    }
    others.push_back(row[static_cast<std::size_t>(i * 7919) % row.size()]);
    std::partial_sort(row.begin(), row.begin() + 10, row.end(), std::greater<>());
    nearest.push_back(row[0]);
    tenth.push_back(row[9]);
  }
  for (const double share : {.05, .25, .5, .75, .95}) {
    fmt::print("quantile {:.2f}: cosine with any other {:+.3f}, nearest {:.3f}, tenth {:.3f}\n",
               share, quantile(others, share), quantile(nearest, share), quantile(tenth, share));
  }
}
