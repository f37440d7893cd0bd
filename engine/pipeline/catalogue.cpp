// SPDX-License-Identifier: Apache-2.0
#include "pressmark/catalogue.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/model/model_data.hpp"
#include "engine/pipeline/catalogue_impl.hpp"
#include "engine/pipeline/describe.hpp"
#include "engine/pipeline/scratch_directory.hpp"
#include "engine/store/names.hpp"
#include "kernels/backends.hpp"

namespace pressmark {

const kernels::ImageDescriber& Catalogue::Impl::describer(KeptDescriber& kept,
                                                          const DescribeOptions& options) {
  if (kept.images == nullptr || kept.max_keypoints != options.max_keypoints) {
    kept = {options.max_keypoints, pipeline::prepare_describer(*backend, model.data(), options)};
  }
  return *kept.images;
}

std::shared_ptr<const pipeline::Snapshot> Catalogue::Impl::current_snapshot() {
  const std::lock_guard lock(mutex_);
  while (snapshot_ == nullptr) {
    try {
      snapshot_ = pipeline::take_snapshot(store, *backend, model.data(), distrusted_);
    } catch (const index::DamagedPart& damage) {
      if (!distrusted_.insert(damage.part()).second) throw;
    }
  }
  return snapshot_;
}

void Catalogue::Impl::distrust(const std::shared_ptr<const pipeline::Snapshot>& seen,
                               std::uint64_t part) {
  const std::lock_guard lock(mutex_);
  distrusted_.insert(part);
  if (snapshot_ == seen) snapshot_ = nullptr;
}

void Catalogue::Impl::forget_snapshot() {
  const std::lock_guard lock(mutex_);
  snapshot_ = nullptr;
}

std::vector<candidates::Rankings> Catalogue::Impl::find_candidates(
    std::span<const candidates::CandidateFinder::Query> queries, const SearchOptions& options,
    const index::ImageSelection* selection) {
  return with_snapshot([&](const pipeline::Snapshot& now) {
    return now.finder.find(queries, options.candidates, options, selection);
  });
}

void Catalogue::Impl::update_index(pipeline::IndexUpdate update, const RunControl& control) {
  pipeline::update_index(store, *backend, model.data(), update, control, distrusted_);
  forget_snapshot();
}

Catalogue::Catalogue(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalogue::~Catalogue() = default;
Catalogue::Catalogue(Catalogue&&) noexcept = default;
Catalogue& Catalogue::operator=(Catalogue&&) noexcept = default;

Catalogue Catalogue::create(const std::filesystem::path& directory, const Model& model,
                            const DescribeOptions& describe, std::string_view device) {
  describe.validate();
  const pipeline::ScratchDirectory model_copy("model");
  model.save(model_copy.path());
  store::Store::create(directory, {model.id(), model.global_size(), describe}, model_copy.path());
  return open(directory, Access::kWrite, device);
}

Catalogue Catalogue::open(const std::filesystem::path& directory, Access access,
                          std::string_view device) {
  store::Store store(directory, access);
  Model model = Model::load(store.directory() / store::kModelName);
  if (model.id() != store.settings().model_id) {
    throw Error(ErrorCode::kCorruptData,
                fmt::format("catalogue {}: its model is {}, but its descriptions were made with {}",
                            directory.string(), model.id(), store.settings().model_id));
  }
  auto backend = kernels::make_backend(device);
  return Catalogue(std::make_unique<Impl>(std::move(store), std::move(model), std::move(backend)));
}

CatalogueInfo Catalogue::info() const {
  CatalogueInfo info = impl_->store.info();
  info.model_name = impl_->model.name();
  const std::shared_ptr<const pipeline::Snapshot> snapshot = impl_->current_snapshot();
  info.index = snapshot->finder.describe_global();
  info.local_index = snapshot->finder.describe_local();
  info.index_files = snapshot->index_files;
  info.index_bytes = snapshot->index_bytes;
  info.indexed_images = snapshot->indexed_images;
  info.unindexed_images = snapshot->unindexed_images;
  info.index_problems = snapshot->problems;
  if (const auto drift = snapshot->finder.global_drift()) {
    info.drift = {drift->trained_error, drift->error, drift->growth(), drift->is_due()};
  }
  return info;
}

const Model& Catalogue::model() const {
  return impl_->model;
}

const DescribeOptions& Catalogue::describe_options() const {
  return impl_->store.settings().describe;
}

std::string_view Catalogue::device() const {
  return impl_->backend->name();
}

void Catalogue::list_images(const ImageFilter& filter,
                            const std::function<bool(const CatalogueImage&)>& on_image) const {
  impl_->store.list_images(filter, on_image);
}

std::int64_t Catalogue::count_images(const ImageFilter& filter) const {
  return impl_->store.count_images(filter);
}

std::vector<SeizureInfo> Catalogue::list_seizures() const {
  return impl_->store.list_seizures();
}

std::optional<CatalogueImage> Catalogue::find(ImageId id) const {
  return impl_->store.find(id);
}

std::vector<CatalogueImage> Catalogue::find_by_hash(std::string_view hex_prefix) const {
  return impl_->store.find_by_hash_prefix(hex_prefix);
}

Description Catalogue::description(ImageId id) const {
  std::optional<Description> description = impl_->store.read_image(id);
  if (!description) {
    throw Error(ErrorCode::kNotFound, fmt::format("no image {} in this catalogue", id));
  }
  return *std::move(description);
}

void Catalogue::reindex(const RunControl& control) {
  impl_->update_index(pipeline::IndexUpdate::kRebuild, control);
}

std::int64_t Catalogue::remove(std::span<const ImageId> ids) {
  const std::int64_t removed = impl_->store.remove(ids);
  if (removed > 0) impl_->forget_snapshot();
  return removed;
}

Decision Catalogue::add_decision(const NewDecision& decision) {
  return impl_->store.add_decision(decision);
}

void Catalogue::list_decisions(const DecisionFilter& filter,
                               const std::function<bool(const Decision&)>& on_decision) const {
  impl_->store.list_decisions(filter, on_decision);
}

std::optional<Decision> Catalogue::find_verdict(const Sha256& a, const Sha256& b) const {
  return impl_->store.find_verdict(a, b);
}

}  // namespace pressmark
