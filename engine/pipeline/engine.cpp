// SPDX-License-Identifier: Apache-2.0
#include "pressmark/engine.hpp"

#include "engine/model/model_data.hpp"
#include "engine/pipeline/engine_impl.hpp"
#include "engine/verify/verify.hpp"
#include "kernels/backends.hpp"

namespace pressmark {

Engine::Engine(Model model, const DescribeOptions& describe, const DecodeOptions& decode,
               std::string_view device) {
  describe.validate();
  decode.validate();
  auto backend = kernels::make_backend(device);
  auto images = pipeline::prepare_describer(*backend, model.data(), describe);
  impl_ = std::make_unique<Impl>(
      Impl{std::move(model), describe, decode, std::move(backend), std::move(images)});
}

Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

DescribedPhoto Engine::describe_file(const std::filesystem::path& file,
                                     const std::optional<RegionOfInterest>& region) const {
  return pipeline::describe_loaded(impl_->describer(), pipeline::load_file(file, impl_->decode),
                                   region);
}

Verification Engine::verify(const Description& query, const Description& hit,
                            const VerifyOptions& options) const {
  options.validate();
  return verify::verify_pair(*impl_->backend, impl_->model.data(),
                             verify::PreparedQuery(*impl_->backend, query), hit, options);
}

const Model& Engine::model() const {
  return impl_->model;
}
const DescribeOptions& Engine::describe_options() const {
  return impl_->describe;
}
std::string_view Engine::device() const {
  return impl_->backend->name();
}

}  // namespace pressmark
