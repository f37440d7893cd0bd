// SPDX-License-Identifier: Apache-2.0
#include "pressmark/catalogue.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "engine/model/model_data.hpp"
#include "engine/pipeline/catalogue_impl.hpp"
#include "engine/pipeline/describe.hpp"
#include "kernels/backends.hpp"

namespace pressmark {
namespace {

constexpr const char* kModelDirectory = "model";

// Removes a directory tree when it goes out of scope.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

const store::DescriptionLocation* Catalogue::Impl::Snapshot::find(ImageId id) const {
  const auto place = std::lower_bound(locations.begin(), locations.end(), id,
                                      [](const store::DescriptionLocation& location,
                                         ImageId wanted) { return location.id < wanted; });
  return place == locations.end() || place->id != id ? nullptr : &*place;
}

const kernels::ImageDescriber& Catalogue::Impl::describer(KeptDescriber& kept,
                                                          const DescribeOptions& options) {
  if (kept.images == nullptr || kept.max_keypoints != options.max_keypoints) {
    kept = {options.max_keypoints, pipeline::prepare_describer(*backend, model.data(), options)};
  }
  return *kept.images;
}

const Catalogue::Impl::Snapshot& Catalogue::Impl::current_snapshot() {
  if (snapshot == nullptr) {
    auto fresh = std::make_unique<Snapshot>(
        Snapshot{store.locations(), candidates::CandidateFinder(*backend, model.data())});
    for (const store::DescriptionLocation& location : fresh->locations) {
      fresh->finder.add(location.id, store.read_description(location));
    }
    snapshot = std::move(fresh);
  }
  return *snapshot;
}

Catalogue::Catalogue(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalogue::~Catalogue() = default;
Catalogue::Catalogue(Catalogue&&) noexcept = default;
Catalogue& Catalogue::operator=(Catalogue&&) noexcept = default;

Catalogue Catalogue::create(const std::filesystem::path& directory, const Model& model,
                            const DescribeOptions& describe, std::string_view device) {
  describe.validate();
  const TemporaryDirectory model_copy(std::filesystem::temp_directory_path() /
                                      fmt::format("pressmark-model-{}", ::getpid()));
  model.save(model_copy.path());
  store::Store::create(directory, {model.id(), model.global_size(), describe}, model_copy.path());
  return open(directory, Access::kWrite, device);
}

Catalogue Catalogue::open(const std::filesystem::path& directory, Access access,
                          std::string_view device) {
  store::Store store(directory, access);
  Model model = Model::load(store.directory() / kModelDirectory);
  if (model.id() != store.settings().model_id) {
    throw Error(ErrorCode::kCorruptData,
                fmt::format("catalogue {}: its model is {}, but its descriptions were made with {}",
                            directory.string(), model.id(), store.settings().model_id));
  }
  auto backend = kernels::make_backend(device);
  return Catalogue(std::make_unique<Impl>(
      Impl{std::move(store), std::move(model), std::move(backend), {}, {}, nullptr}));
}

CatalogueInfo Catalogue::info() const {
  CatalogueInfo info = impl_->store.info();
  info.model_name = impl_->model.name();
  const Impl::Snapshot& snapshot = impl_->current_snapshot();
  info.index = snapshot.finder.describe_global();
  info.local_index = snapshot.finder.describe_local();
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
  const store::DescriptionLocation* location = impl_->current_snapshot().find(id);
  if (location == nullptr) {
    throw Error(ErrorCode::kNotFound, fmt::format("no image {} in this catalogue", id));
  }
  return impl_->store.read_description(*location);
}

std::int64_t Catalogue::remove(std::span<const ImageId> ids) {
  const std::int64_t removed = impl_->store.remove(ids);
  if (removed > 0) impl_->snapshot = nullptr;
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
