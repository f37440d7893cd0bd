// SPDX-License-Identifier: Apache-2.0
#include "engine/index/global_index.hpp"

#include <faiss/IndexFlat.h>
#include <faiss/impl/IDSelector.h>
#include <omp.h>

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace pressmark::index {
namespace {

// Selects the rows whose flag is set.
struct PresentRows final : faiss::IDSelector {
  explicit PresentRows(const std::vector<char>& flags) : present(&flags) {}
  bool is_member(std::int64_t row) const override {
    return (*present)[static_cast<std::size_t>(row)] != 0;
  }
  const std::vector<char>* present;
};

}  // namespace

struct GlobalIndex::Impl {
  explicit Impl(int dimension) : flat(dimension) {}

  faiss::IndexFlatIP flat;
  std::vector<ImageId> ids;   // of each row, ascending
  std::vector<char> present;  // of each row
  std::int64_t removed = 0;
};

GlobalIndex::GlobalIndex(int dimension) : impl_(std::make_unique<Impl>(dimension)) {}
GlobalIndex::~GlobalIndex() = default;
GlobalIndex::GlobalIndex(GlobalIndex&&) noexcept = default;
GlobalIndex& GlobalIndex::operator=(GlobalIndex&&) noexcept = default;

void GlobalIndex::add(std::span<const ImageId> ids, std::span<const float> vectors) {
  assert(vectors.size() == ids.size() * static_cast<std::size_t>(impl_->flat.d));
  if (ids.empty()) return;
  assert(std::is_sorted(ids.begin(), ids.end()));
  assert(impl_->ids.empty() || impl_->ids.back() < ids.front());
  impl_->flat.add(static_cast<std::int64_t>(ids.size()), vectors.data());
  impl_->ids.insert(impl_->ids.end(), ids.begin(), ids.end());
  impl_->present.resize(impl_->ids.size(), 1);
}

void GlobalIndex::remove(std::span<const ImageId> ids) {
  for (ImageId id : ids) {
    const auto place = std::lower_bound(impl_->ids.begin(), impl_->ids.end(), id);
    if (place == impl_->ids.end() || *place != id) continue;
    char& present = impl_->present[static_cast<std::size_t>(place - impl_->ids.begin())];
    impl_->removed += present;
    present = 0;
  }
}

std::vector<Neighbour> GlobalIndex::search(std::span<const float> query, int count) const {
  assert(query.size() == static_cast<std::size_t>(impl_->flat.d));
  const auto rows = static_cast<std::size_t>(std::min<std::int64_t>(count, size()));
  if (rows == 0) return {};
  // Queries are spread over threads by the caller. The setting is OpenMP's per-thread one.
  omp_set_num_threads(1);
  std::vector<float> similarities(rows);
  std::vector<std::int64_t> labels(rows);
  PresentRows selector(impl_->present);
  faiss::SearchParameters parameters;
  parameters.sel = impl_->removed > 0 ? &selector : nullptr;
  impl_->flat.search(1, query.data(), static_cast<std::int64_t>(rows), similarities.data(),
                     labels.data(), &parameters);
  std::vector<Neighbour> neighbours;
  neighbours.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (labels[i] < 0) continue;  // FAISS pads with -1, e.g. where the query is not finite
    neighbours.push_back({impl_->ids[static_cast<std::size_t>(labels[i])], similarities[i]});
  }
  std::sort(neighbours.begin(), neighbours.end(), [](const Neighbour& a, const Neighbour& b) {
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.id < b.id);
  });
  return neighbours;
}

std::int64_t GlobalIndex::size() const {
  return static_cast<std::int64_t>(impl_->ids.size()) - impl_->removed;
}

std::string GlobalIndex::description() const {
  return fmt::format("Flat, {} dimensions, {} vectors", impl_->flat.d, size());
}

}  // namespace pressmark::index
