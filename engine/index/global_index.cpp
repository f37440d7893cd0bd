// SPDX-License-Identifier: Apache-2.0
#include "engine/index/global_index.hpp"

#include <faiss/IndexFlat.h>
#include <faiss/impl/IDSelector.h>
#include <omp.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "engine/index/rerank.hpp"

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

// Of the device so many rows are asked for `count`: an answer must not be undone by those that are
// removed, and the last must stand out by more than the rounding to fp16.
constexpr std::size_t asked_of_device(std::size_t count) {
  return 4 * count + 64;
}

}  // namespace

struct GlobalIndex::Impl {
  Impl(int dimension, std::unique_ptr<DeviceSearch> a_device)
      : flat(dimension), device(std::move(a_device)) {}

  bool is_on_device() const { return device != nullptr && ids.size() >= device->least_rows(); }
  std::span<const float> vectors() const {
    return {flat.get_xb(), ids.size() * static_cast<std::size_t>(flat.d)};
  }
  bool is_present(std::int64_t row) const { return present[static_cast<std::size_t>(row)] != 0; }

  std::vector<NearRow> find_on_host(std::span<const float> query, std::size_t count) const;
  std::optional<std::vector<NearRow>> find_on_device(std::span<const float> query,
                                                     std::size_t count) const;
  void fill_device() const;

  faiss::IndexFlatIP flat;
  std::vector<ImageId> ids;   // of each row, ascending
  std::vector<char> present;  // of each row
  std::int64_t removed = 0;

  std::unique_ptr<DeviceSearch> device;  // or null
  mutable std::mutex filling;
  mutable std::size_t held = 0;  // rows on the device
};

// `count` is at most the number of rows that are present, and not 0; so in find_on_device().
std::vector<NearRow> GlobalIndex::Impl::find_on_host(std::span<const float> query,
                                                     std::size_t count) const {
  // One more than wanted tells whether the cut goes through equal ones.
  const std::size_t rows = std::min(count + 1, ids.size() - static_cast<std::size_t>(removed));
  std::vector<float> similarities(rows);
  std::vector<std::int64_t> labels(rows);
  PresentRows selector(present);
  faiss::SearchParameters parameters;
  parameters.sel = removed > 0 ? &selector : nullptr;
  flat.search(1, query.data(), static_cast<std::int64_t>(rows), similarities.data(), labels.data(),
              &parameters);
  std::vector<NearRow> nearest;
  nearest.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (labels[i] < 0) continue;  // FAISS pads with -1, e.g. where the query is not finite
    nearest.push_back({labels[i], similarities[i]});
  }
  std::sort(nearest.begin(), nearest.end(), ranks_before);
  if (nearest.size() <= count) return nearest;
  if (nearest[count - 1].similarity == nearest[count].similarity) {
    // Of equal ones FAISS keeps any.
    ApproximateRows all;
    all.rows.resize(ids.size());
    std::iota(all.rows.begin(), all.rows.end(), std::int64_t{0});
    all.most_elsewhere = -std::numeric_limits<float>::infinity();
    return *rerank(
        query, vectors(), all, [&](std::int64_t row) { return is_present(row); }, count);
  }
  nearest.resize(count);
  return nearest;
}

void GlobalIndex::Impl::fill_device() const {
  const std::scoped_lock lock(filling);
  if (held == ids.size()) return;
  held = 0;
  device->hold(vectors());
  held = ids.size();
}

// Nothing where the device's shortlists do not settle the answer: more rows are asked for than it
// finds at once, or too many are about as near as the last.
std::optional<std::vector<NearRow>> GlobalIndex::Impl::find_on_device(std::span<const float> query,
                                                                      std::size_t count) const {
  const std::size_t most = std::min(device->most_found(), ids.size());
  if (count > most) return std::nullopt;
  fill_device();
  const std::size_t asked = std::min(asked_of_device(count), most);
  const auto find = [&](std::size_t shortlisted) {
    return rerank(
        query, vectors(), device->find(query, shortlisted),
        [&](std::int64_t row) { return is_present(row); }, count);
  };
  std::optional<std::vector<NearRow>> nearest = find(asked);
  if (!nearest && asked < most) nearest = find(most);
  return nearest;
}

GlobalIndex::GlobalIndex(int dimension, std::unique_ptr<DeviceSearch> device)
    : impl_(std::make_unique<Impl>(dimension, std::move(device))) {}
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
  const auto wanted = static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, size()));
  if (wanted == 0) return {};
  // Queries are spread over threads by the caller. The setting is OpenMP's per-thread one.
  omp_set_num_threads(1);
  std::optional<std::vector<NearRow>> nearest;
  if (impl_->is_on_device()) nearest = impl_->find_on_device(query, wanted);
  if (!nearest) nearest = impl_->find_on_host(query, wanted);
  std::vector<Neighbour> neighbours;
  neighbours.reserve(nearest->size());
  for (const NearRow& found : *nearest) {
    neighbours.push_back({impl_->ids[static_cast<std::size_t>(found.row)], found.similarity});
  }
  return neighbours;
}

std::int64_t GlobalIndex::size() const {
  return static_cast<std::int64_t>(impl_->ids.size()) - impl_->removed;
}

std::string GlobalIndex::description() const {
  const std::string where =
      impl_->is_on_device() ? impl_->device->name() + " and exact re-ranking, " : std::string();
  return fmt::format("Flat, {}{} dimensions, {} vectors", where, impl_->flat.d, size());
}

}  // namespace pressmark::index
