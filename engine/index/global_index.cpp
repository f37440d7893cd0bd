// SPDX-License-Identifier: Apache-2.0
#include "engine/index/global_index.hpp"

#include <tbb/task_arena.h>

#include <algorithm>
#include <cassert>
#include <functional>
#include <mutex>
#include <numeric>
#include <optional>
#include <shared_mutex>

#include <fmt/format.h>

#include "engine/index/ivf_builder.hpp"
#include "engine/index/published.hpp"
#include "engine/index/read_ahead.hpp"
#include "engine/index/rerank.hpp"

namespace pressmark::index {
namespace {

// Parts in memory of like size that become one: each vector is listed anew that often less.
constexpr std::size_t kMergedParts = 4;
constexpr std::size_t kLeastCapacity = 1024;  // of a tail
// Rows of the tail that are compared with centroids, and how many of them say something.
constexpr std::size_t kDriftRows = 2048, kLeastDriftRows = 1000;

// Rows that grow in place: what is published of them no longer changes.
struct Tail {
  Tail(std::size_t a_capacity, std::size_t dimension)
      : capacity(a_capacity),
        ids(std::make_unique_for_overwrite<ImageId[]>(a_capacity)),
        vectors(std::make_unique_for_overwrite<float[]>(a_capacity * dimension)) {}

  void append(std::span<const ImageId> more, const float* values, std::size_t dimension) {
    assert(rows + more.size() <= capacity);
    std::copy(more.begin(), more.end(), ids.get() + rows);
    std::copy_n(values, more.size() * dimension, vectors.get() + rows * dimension);
    rows += more.size();
  }

  std::size_t capacity, rows = 0;  // `rows` is the writer's
  std::unique_ptr<ImageId[]> ids;
  std::unique_ptr<float[]> vectors;
};

// What keeps parts in memory.
struct Listed {
  std::shared_ptr<const Tail> rows;
  IvfImage image;
};
struct Coded {
  std::shared_ptr<const Tail> rows;
  std::shared_ptr<const CodedRows> codes;
};

struct State {
  std::shared_ptr<const GlobalPart> part;
  std::shared_ptr<const RemovedRows> removed;  // or null
  bool is_in_memory = false;                   // was a tail; may be merged
  bool is_tail = false;

  std::size_t present() const { return part->ids.size() - (removed ? removed->count() : 0); }
  void append(std::span<const NearRow> nearest, std::vector<Neighbour>& neighbours) const {
    for (const NearRow& found : nearest) {
      neighbours.push_back({part->ids[static_cast<std::size_t>(found.row)], found.similarity});
    }
  }
};

// Parts in ascending order of their ids; the last one may be the tail.
struct Snapshot {
  std::vector<State> parts;

  const State* tail() const {
    return parts.empty() || !parts.back().is_tail ? nullptr : &parts.back();
  }
  std::size_t present() const {
    return std::transform_reduce(parts.begin(), parts.end(), std::size_t{0}, std::plus<>(),
                                 [](const State& state) { return state.present(); });
  }
  // Of the nearest ones, as many as there are.
  std::size_t wanted(int count) const {
    return std::min(present(), static_cast<std::size_t>(std::max(count, 0)));
  }
  bool is_before(ImageId id) const { return parts.empty() || parts.back().part->ids.back() < id; }
};

void keep_nearest(std::vector<Neighbour>& neighbours, std::size_t count) {
  std::sort(neighbours.begin(), neighbours.end(), [](const Neighbour& a, const Neighbour& b) {
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.id < b.id);
  });
  neighbours.resize(std::min(neighbours.size(), count));
}

// Queries of a batch that are answered together: a thread's shortlist of one has up to four times
// as many entries as are asked for and some (ivf_batch.hpp).
std::size_t queries_at_once(std::size_t count) {
  constexpr std::size_t kMostBytes = std::size_t{512} << 20, kLeast = 32, kMost = 2048;
  const auto threads = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
  const std::size_t bytes = threads * sizeof(std::uint64_t) * (4 * count + 128);
  return std::clamp(kMostBytes / bytes, kLeast, kMost);
}

// Of the device so many rows are asked for `count`: an answer must not be undone by those that are
// removed, and the last must stand out by more than the rounding to fp16.
constexpr std::size_t asked_of_device(std::size_t count) {
  return 4 * count + 64;
}

GlobalPart part_of(const std::shared_ptr<const Tail>& tail, std::size_t dimension) {
  return {{tail->ids.get(), tail->rows}, {tail->vectors.get(), tail->rows * dimension}, {}, tail};
}

}  // namespace

struct GlobalIndex::Impl {
  Impl(int a_dimension, std::unique_ptr<DeviceSearch> a_device, std::size_t a_listed_rows)
      : dimension(static_cast<std::size_t>(a_dimension)),
        listed_rows(std::max<std::size_t>(a_listed_rows, 1)),
        device(std::move(a_device)) {}

  bool is_on_device(const Snapshot& snapshot) const {
    return device != nullptr && snapshot.tail() != nullptr && snapshot.parts.size() == 1 &&
           snapshot.tail()->part->ids.size() >= device->least_rows();
  }

  void append(std::span<const ImageId> ids, const float* vectors);
  void publish_tail(Snapshot next);
  void forget_tail() {
    tail = nullptr;
    codes = nullptr;
  }
  void list_tail();
  void merge_parts(Snapshot& snapshot) const;
  State listed(std::shared_ptr<const Tail> rows, std::shared_ptr<const RemovedRows> removed) const;

  void fill_device(const GlobalPart& tail) const;
  std::optional<std::vector<NearRow>> find_on_device(const State& tail,
                                                     std::span<const float> query,
                                                     std::size_t count,
                                                     const GlobalSearch& search) const;

  std::size_t dimension, listed_rows;
  Published<Snapshot> published{std::make_shared<Snapshot>()};
  std::shared_ptr<Tail> tail;        // the writer's; null: there is none
  std::shared_ptr<CodedRows> codes;  // of the tail; null: there are none

  std::unique_ptr<DeviceSearch> device;  // or null
  mutable std::shared_mutex filling;     // shared while the device searches
  mutable std::size_t held = 0;          // rows on the device
};

// Puts the tail as it is now in place of what was published of it.
void GlobalIndex::Impl::publish_tail(Snapshot next) {
  State state;
  state.is_tail = true;
  auto part = std::make_shared<GlobalPart>(part_of(tail, dimension));
  if (codes) {
    part->codes = codes->view();
    part->owner = std::make_shared<const Coded>(Coded{tail, codes});
  }
  state.part = std::move(part);
  if (next.tail() != nullptr) {
    state.removed = next.parts.back().removed;
    next.parts.pop_back();
  }
  next.parts.push_back(std::move(state));
  published.store(std::make_shared<const Snapshot>(std::move(next)));
}

void GlobalIndex::Impl::append(std::span<const ImageId> ids, const float* vectors) {
  if (!tail || tail->rows + ids.size() > tail->capacity) {
    const std::size_t rows = tail ? tail->rows : 0;
    auto larger =
        std::make_shared<Tail>(std::max({kLeastCapacity, 2 * rows, rows + ids.size()}), dimension);
    if (tail) larger->append({tail->ids.get(), rows}, tail->vectors.get(), dimension);
    tail = std::move(larger);
    if (!device) {
      codes = codes ? std::make_shared<CodedRows>(tail->capacity, *codes)
                    : std::make_shared<CodedRows>(tail->capacity, dimension);
    }
  }
  tail->append(ids, vectors, dimension);
  if (codes) codes->extend(tail->vectors.get(), tail->rows);
  publish_tail(*published.load());
}

// Readers go on with the tail until the lists are there.
void GlobalIndex::Impl::list_tail() {
  Snapshot next = *published.load();
  std::shared_ptr<const RemovedRows> removed = next.parts.back().removed;
  next.parts.pop_back();
  next.parts.push_back(listed(tail, std::move(removed)));
  merge_parts(next);
  forget_tail();
  published.store(std::make_shared<const Snapshot>(std::move(next)));
}

State GlobalIndex::Impl::listed(std::shared_ptr<const Tail> rows,
                                std::shared_ptr<const RemovedRows> removed) const {
  State state;
  state.is_in_memory = true;
  state.removed = std::move(removed);
  auto part = std::make_shared<GlobalPart>(part_of(rows, dimension));
  // On the writer's thread alone: others are for those who search.
  tbb::task_arena(1).execute([&] {
    auto owner = std::make_shared<Listed>(
        Listed{rows, IvfBuilder(part->vectors, static_cast<int>(dimension)).build()});
    part->lists = view_ivf(owner->image.bytes(), "inverted lists");
    part->owner = std::move(owner);
  });
  state.part = std::move(part);
  return state;
}

void GlobalIndex::Impl::merge_parts(Snapshot& snapshot) const {
  for (;;) {
    std::vector<State>& parts = snapshot.parts;
    if (parts.size() < kMergedParts) return;
    const auto first = parts.end() - static_cast<std::ptrdiff_t>(kMergedParts);
    std::size_t least = parts.back().part->ids.size(), rows = 0;
    for (auto state = first; state != parts.end(); ++state) {
      if (!state->is_in_memory) return;
      rows += state->present();
      // Like in size: none is a merged one yet, where the last is not.
      if (state->part->ids.size() > 2 * least) return;
    }
    auto merged = std::make_shared<Tail>(rows, dimension);
    for (auto state = first; state != parts.end(); ++state) {
      for (std::size_t row = 0; row < state->part->ids.size(); ++row) {
        if (state->removed && state->removed->contains(row)) continue;
        merged->append(state->part->ids.subspan(row, 1), &state->part->vectors[row * dimension],
                       dimension);
      }
    }
    parts.erase(first, parts.end());
    if (rows > 0) parts.push_back(listed(std::move(merged), nullptr));
  }
}

void GlobalIndex::Impl::fill_device(const GlobalPart& part) const {
  const std::scoped_lock lock(filling);
  if (held >= part.ids.size()) return;
  held = 0;
  device->hold(part.vectors);
  held = part.ids.size();
}

// Nothing where the device's shortlists do not settle the answer: more rows are asked for than it
// finds at once, or too many are about as near as the last.
std::optional<std::vector<NearRow>> GlobalIndex::Impl::find_on_device(
    const State& state, std::span<const float> query, std::size_t count,
    const GlobalSearch& search) const {
  const GlobalPart& part = *state.part;
  const std::size_t most = std::min(device->most_found(), part.ids.size());
  if (count > most) return std::nullopt;
  const auto is_wanted = [&](std::int64_t found) {
    const auto row = static_cast<std::size_t>(found);
    // The device may hold rows that were added after this search began.
    if (row >= part.ids.size() || (state.removed && state.removed->contains(row))) return false;
    return search.selection == nullptr || search.selection->contains(part.ids[row]);
  };
  for (;; fill_device(part)) {
    const std::shared_lock lock(filling);
    if (held < part.ids.size()) continue;
    const auto find = [&](std::size_t shortlisted) {
      return rerank(query, part.vectors, device->find(query, shortlisted), is_wanted, count);
    };
    const std::size_t asked = std::min(asked_of_device(count), most);
    std::optional<std::vector<NearRow>> nearest = find(asked);
    if (!nearest && asked < most) nearest = find(most);
    return nearest;
  }
}

GlobalIndex::GlobalIndex(int dimension, std::unique_ptr<DeviceSearch> device,
                         std::size_t listed_rows)
    : impl_(std::make_unique<Impl>(dimension, std::move(device), listed_rows)) {}
GlobalIndex::~GlobalIndex() = default;
GlobalIndex::GlobalIndex(GlobalIndex&&) noexcept = default;
GlobalIndex& GlobalIndex::operator=(GlobalIndex&&) noexcept = default;

void GlobalIndex::add_part(GlobalPart part) {
  assert(part.vectors.size() == part.ids.size() * impl_->dimension);
  assert(!part.lists || (part.lists->facts.dimension == impl_->dimension &&
                         part.lists->facts.rows == part.ids.size()));
  if (part.ids.empty()) return;
  if (impl_->device) return add(part.ids, part.vectors);
  // With lists a search reads its shortlist's vectors alone.
  if (part.lists) expect_single_rows(part.vectors);
  Snapshot next = *impl_->published.load();
  assert(next.is_before(part.ids.front()));
  // The tail before it stays as it is, a part that is searched exactly.
  if (!next.parts.empty()) next.parts.back().is_tail = false;
  impl_->forget_tail();
  next.parts.push_back({std::make_shared<const GlobalPart>(std::move(part)), nullptr});
  impl_->published.store(std::make_shared<const Snapshot>(std::move(next)));
}

void GlobalIndex::add(std::span<const ImageId> ids, std::span<const float> vectors) {
  const std::size_t dimension = impl_->dimension;
  assert(vectors.size() == ids.size() * dimension);
  assert(std::is_sorted(ids.begin(), ids.end()));
  assert(ids.empty() || impl_->published.load()->is_before(ids.front()));
  check_finite(vectors);
  while (!ids.empty()) {
    std::size_t rows = ids.size();
    if (!impl_->device) {
      const std::size_t tail = impl_->tail ? impl_->tail->rows : 0;
      rows = std::min(rows, impl_->listed_rows - std::min(tail, impl_->listed_rows - 1));
    }
    impl_->append(ids.first(rows), vectors.data());
    ids = ids.subspan(rows);
    vectors = vectors.subspan(rows * dimension);
    if (!impl_->device && impl_->tail->rows >= impl_->listed_rows) impl_->list_tail();
  }
}

void GlobalIndex::remove(std::span<const ImageId> ids) {
  Snapshot next = *impl_->published.load();
  std::vector<std::shared_ptr<RemovedRows>> changed(next.parts.size());
  for (const ImageId id : ids) {
    const auto state =
        std::partition_point(next.parts.begin(), next.parts.end(),
                             [&](const State& other) { return other.part->ids.back() < id; });
    if (state == next.parts.end()) continue;
    const std::span<const ImageId> rows = state->part->ids;
    const auto place = std::lower_bound(rows.begin(), rows.end(), id);
    if (*place != id) continue;
    std::shared_ptr<RemovedRows>& removed =
        changed[static_cast<std::size_t>(state - next.parts.begin())];
    if (!removed) {
      removed = state->removed ? std::make_shared<RemovedRows>(*state->removed)
                               : std::make_shared<RemovedRows>();
    }
    removed->insert(static_cast<std::size_t>(place - rows.begin()));
  }
  bool is_changed = false;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    if (!changed[i]) continue;
    next.parts[i].removed = std::move(changed[i]);
    is_changed = true;
  }
  if (is_changed) impl_->published.store(std::make_shared<const Snapshot>(std::move(next)));
}

std::vector<Neighbour> GlobalIndex::search(std::span<const float> query, int count,
                                           const GlobalSearch& search) const {
  assert(query.size() == impl_->dimension);
  const std::shared_ptr<const Snapshot> snapshot = impl_->published.load();
  const std::size_t wanted = snapshot->wanted(count);
  if (wanted == 0) return {};
  std::vector<Neighbour> neighbours;
  for (const State& state : snapshot->parts) {
    std::optional<std::vector<NearRow>> nearest;
    if (impl_->is_on_device(*snapshot)) {
      nearest = impl_->find_on_device(state, query, wanted, search);
    }
    if (!nearest) nearest = search_part(*state.part, state.removed.get(), query, wanted, search);
    state.append(*nearest, neighbours);
  }
  if (snapshot->parts.size() > 1) keep_nearest(neighbours, wanted);
  return neighbours;
}

std::vector<std::vector<Neighbour>> GlobalIndex::search_batch(std::span<const float> queries,
                                                              int count,
                                                              const GlobalSearch& search) const {
  const std::size_t dimension = impl_->dimension, total = queries.size() / dimension;
  assert(queries.size() == total * dimension);
  const std::shared_ptr<const Snapshot> snapshot = impl_->published.load();
  const std::size_t wanted = snapshot->wanted(count);
  std::vector<std::vector<Neighbour>> answers(total);
  if (wanted == 0) return answers;
  if (impl_->is_on_device(*snapshot)) {
    for (std::size_t q = 0; q < total; ++q) {
      answers[q] = this->search(queries.subspan(q * dimension, dimension), count, search);
    }
    return answers;
  }
  const std::size_t at_once = queries_at_once(wanted);
  for (std::size_t first = 0; first < total; first += at_once) {
    const std::size_t some = std::min(at_once, total - first);
    const std::span<std::vector<Neighbour>> answered = std::span(answers).subspan(first, some);
    for (const State& state : snapshot->parts) {
      const auto nearest = search_part_batch(*state.part, state.removed.get(),
                                             queries.subspan(first * dimension, some * dimension),
                                             dimension, wanted, search);
      // So that answers of many parts do not pile up.
      for (std::size_t q = 0; q < some; ++q) {
        state.append(nearest[q], answered[q]);
        if (snapshot->parts.size() > 1) keep_nearest(answered[q], wanted);
      }
    }
  }
  return answers;
}

std::int64_t GlobalIndex::size() const {
  return static_cast<std::int64_t>(impl_->published.load()->present());
}

std::size_t GlobalIndex::parts() const {
  const auto snapshot = impl_->published.load();
  return snapshot->parts.size() - (snapshot->tail() != nullptr ? 1 : 0);
}

std::size_t GlobalIndex::tail_rows() const {
  const auto snapshot = impl_->published.load();
  return snapshot->tail() != nullptr ? snapshot->tail()->part->ids.size() : 0;
}

std::string GlobalIndex::description() const {
  const auto snapshot = impl_->published.load();
  std::string where;
  if (impl_->is_on_device(*snapshot)) where = impl_->device->name() + " and exact re-ranking, ";
  const auto listed =
      std::count_if(snapshot->parts.begin(), snapshot->parts.end(),
                    [](const State& state) { return state.part->lists.has_value(); });
  const std::string kind =
      listed == 0 ? std::string("Flat")
                  : fmt::format("IVF of int8 codes, {} part{}", listed, listed == 1 ? "" : "s");
  std::string text = fmt::format("{}, {}{} dimensions, {} vectors", kind, where, impl_->dimension,
                                 snapshot->present());
  if (const auto drifted = drift()) {
    text += fmt::format(", drift {:.2f}{}", drifted->growth(),
                        drifted->is_due() ? ": reindex is due" : "");
  }
  return text;
}

std::optional<GlobalDrift> GlobalIndex::drift() const {
  const auto snapshot = impl_->published.load();
  const GlobalPart* largest = nullptr;
  std::optional<GlobalDrift> worst;
  const auto take = [&](double trained_error, double error) {
    const GlobalDrift drift{trained_error, error};
    if (!worst || drift.growth() > worst->growth()) worst = drift;
  };
  for (const State& state : snapshot->parts) {
    if (!state.part->lists) continue;
    const IvfFacts& facts = state.part->lists->facts;
    if (largest == nullptr || facts.rows > largest->lists->facts.rows) largest = state.part.get();
    take(facts.trained_error, facts.rows_error);
  }
  const State* tail = snapshot->tail();
  if (largest != nullptr && tail != nullptr && tail->part->ids.size() >= kLeastDriftRows) {
    take(largest->lists->facts.trained_error,
         quantisation_error(*largest->lists, tail->part->vectors, kDriftRows));
  }
  return worst;
}

}  // namespace pressmark::index
