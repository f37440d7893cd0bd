// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "bench/compare/method.hpp"
#include "engine/model/model_data.hpp"
#include "engine/pipeline/describe.hpp"
#include "engine/store/segment.hpp"
#include "engine/verify/verify.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"

namespace pressmark::compare {
namespace {

class Pressmark final : public Method {
 public:
  std::string_view name() const override { return "pressmark"; }
  std::string_view title() const override { return "Pressmark"; }

  void describe(const image::Photo& photo) override {
    descriptions_.push_back(
        std::move(pipeline::describe_photos({*images_, options_, decode_}, {&photo, 1}).front()));
  }

  // Of a segment file: record, global vector and block (docs/format.md).
  std::int64_t bytes(std::size_t photo) const override {
    const Description& description = descriptions_[photo];
    store::SegmentRecord record{};
    record.keypoint_counts[0] = static_cast<std::uint32_t>(description.raw.keypoints.size());
    record.keypoint_counts[1] = static_cast<std::uint32_t>(description.relit.keypoints.size());
    record.detail_bytes = static_cast<std::uint32_t>(description.detail.size());
    return static_cast<std::int64_t>(sizeof(record) + description.global.size() * sizeof(float) +
                                     store::block_size(record));
  }

  void prepare(std::size_t query) override { query_.emplace(*backend_, descriptions_[query]); }

  // The evidence, of which Verification::score is a function that only ascends, but not below 0.
  float compare(std::size_t, std::size_t other) override {
    return static_cast<float>(
        verify::verify_pair(*backend_, model_.data(), *query_, descriptions_[other], {}).evidence);
  }

 private:
  Model model_ = Model::load_default();
  DescribeOptions options_;
  DecodeOptions decode_;
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_cpu_backend();
  std::unique_ptr<kernels::ImageDescriber> images_ =
      pipeline::prepare_describer(*backend_, model_.data(), options_);
  std::vector<Description> descriptions_;
  std::optional<verify::PreparedQuery> query_;
};

}  // namespace

std::unique_ptr<Method> make_pressmark() {
  return std::make_unique<Pressmark>();
}

}  // namespace pressmark::compare
