// SPDX-License-Identifier: Apache-2.0
//
// Two passes over the images, each in an ordered pipeline, so that sums do not depend on threads:
// the first learns the whitening of local descriptors and the visual words, the second, with those
// fixed, the projection of the VLAD vector.
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <numbers>
#include <optional>

#include <fmt/format.h>

#include "engine/image/augment.hpp"
#include "engine/image/image.hpp"
#include "engine/index/kmeans.hpp"
#include "engine/model/model_data.hpp"
#include "engine/parallel/ordered_pipeline.hpp"
#include "engine/train/projections.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"
#include "pressmark/model.hpp"

namespace pressmark {
namespace {

using kernels::kDescriptorSize;
using kernels::LocalFeatures;

// A pair of keypoints is one place seen twice if these agree under the known transform.
constexpr double kPairDistance_px = 1.5;
constexpr double kPairAngle_rad = 15.0 * std::numbers::pi / 180.0;
constexpr double kPairSizeRatio = 1.25;
constexpr std::int64_t kMinPairs = 4 * kDescriptorSize;
// Descriptors per image that are kept for k-means: memory grows with the images, by 25 KB each.
constexpr std::size_t kWordSamplesPerImage = 50;

struct View {
  kernels::GreyImage grey;
  std::array<double, 9> from_original{1, 0, 0, 0, 1, 0, 0, 0, 1};
  LocalFeatures features;
};

kernels::GreyImage to_grey(const image::PixelBuffer& pixels, int long_side_px,
                           const kernels::Backend& backend) {
  const kernels::ImageView view{pixels.pixels.data(), pixels.width, pixels.height, pixels.channels,
                                std::int64_t{pixels.width} * pixels.channels};
  kernels::GreyImage grey;
  backend.canonicalise({&view, 1}, long_side_px, {&grey, 1});
  return grey;
}

// The photo itself, then its synthetic views, all with features. Throws Error for a bad file.
std::vector<View> make_views(const std::filesystem::path& file, std::size_t number,
                             const TrainOptions& options, const kernels::Backend& backend) {
  const image::Bytes bytes = image::read_file(file, options.decode.max_file_bytes);
  const image::Photo photo =
      image::decode(bytes, options.decode, 2 * options.describe.long_side_px);
  std::vector<View> views(1 + static_cast<std::size_t>(options.warps_per_image));
  views[0].grey = to_grey(photo.pixels, options.describe.long_side_px, backend);
  const image::PixelBuffer original{views[0].grey.width, views[0].grey.height, 1,
                                    views[0].grey.pixels};
  for (std::size_t v = 1; v < views.size(); ++v) {
    image::SyntheticView synthetic =
        image::synthesise_view(original, options.seed * 1'000'003 + number * views.size() + v);
    views[v].grey = {original.width, original.height, std::move(synthetic.pixels.pixels)};
    views[v].from_original = synthetic.view_from_original;
  }
  for (View& view : views) {
    backend.extract({&view.grey, 1}, options.describe.max_keypoints, {&view.features, 1});
  }
  return views;
}

// Index pairs (original, view) of keypoints that show one place.
std::vector<std::pair<int, int>> corresponding(const View& original, const View& view) {
  std::vector<std::pair<int, int>> pairs;
  const auto& m = view.from_original;
  for (std::size_t i = 0; i < original.features.keypoints.size(); ++i) {
    const Keypoint& from = original.features.keypoints[i];
    const double w = m[6] * from.x_px + m[7] * from.y_px + m[8];
    const double x = (m[0] * from.x_px + m[1] * from.y_px + m[2]) / w;
    const double y = (m[3] * from.x_px + m[4] * from.y_px + m[5]) / w;
    const double a = (m[0] - x * m[6]) / w, b = (m[1] - x * m[7]) / w;
    const double c = (m[3] - y * m[6]) / w, d = (m[4] - y * m[7]) / w;
    const double scale = std::sqrt(std::abs(a * d - b * c)), turn = std::atan2(c - b, a + d);
    int best = -1;
    double best_squared = kPairDistance_px * kPairDistance_px;
    for (std::size_t j = 0; j < view.features.keypoints.size(); ++j) {
      const Keypoint& to = view.features.keypoints[j];
      const double squared = (to.x_px - x) * (to.x_px - x) + (to.y_px - y) * (to.y_px - y);
      const double ratio = to.size_px / (from.size_px * scale);
      const double angle =
          std::remainder(to.angle_rad - from.angle_rad - turn, 2 * std::numbers::pi);
      if (squared < best_squared && ratio < kPairSizeRatio && ratio > 1 / kPairSizeRatio &&
          std::abs(angle) < kPairAngle_rad) {
        best = static_cast<int>(j);
        best_squared = squared;
      }
    }
    if (best >= 0) pairs.emplace_back(static_cast<int>(i), best);
  }
  return pairs;
}

using DescriptorMap = Eigen::Map<const Eigen::Matrix<float, kDescriptorSize, Eigen::Dynamic>>;

DescriptorMap columns_of(const LocalFeatures& features) {
  return {features.descriptors.data(), kDescriptorSize,
          static_cast<Eigen::Index>(features.keypoints.size())};
}

// Computes work(i) for i < count in parallel and gives the results to take() in order, one at a
// time, so that sums do not depend on the number of threads.
template <typename Result, typename Work, typename Take>
void ordered_map(std::size_t count, const RunControl& control, const Work& work, const Take& take) {
  struct Item {
    std::size_t number = 0;
    std::optional<Result> result;
  };
  std::size_t next = 0;
  const auto source = [&]() -> parallel::Token<Item> {
    if (next == count || control.stop.stop_requested()) return nullptr;
    return std::make_shared<Item>(Item{next++, {}});
  };
  const auto stage = [&](Item& item) { item.result.emplace(work(item.number)); };
  const auto sink = [&](Item& item) { take(*item.result); };
  parallel::run_pipeline(control,
                         parallel::source_filter<Item>(source) &
                             parallel::stage_filter<Item>(tbb::filter_mode::parallel, stage) &
                             parallel::sink_filter<Item>(sink));
  if (control.stop.stop_requested()) {
    throw Error(ErrorCode::kInterrupted, "training was interrupted");
  }
}

struct LocalStatistics {
  std::string failure;  // why the file could not be used; else empty
  bool has_keypoints = false;
  train::Moments all{kDescriptorSize}, differences{kDescriptorSize};
  std::vector<float> samples;  // n x kDescriptorSize
};

LocalStatistics local_statistics(const std::vector<View>& views) {
  LocalStatistics result;
  result.has_keypoints = !views[0].features.keypoints.empty();
  for (const View& view : views) result.all.add(columns_of(view.features));
  const DescriptorMap original = columns_of(views[0].features);
  for (std::size_t v = 1; v < views.size(); ++v) {
    const auto pairs = corresponding(views[0], views[v]);
    const DescriptorMap other = columns_of(views[v].features);
    Eigen::MatrixXf differences(kDescriptorSize, static_cast<Eigen::Index>(pairs.size()));
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      differences.col(static_cast<Eigen::Index>(i)) =
          original.col(pairs[i].first) - other.col(pairs[i].second);
    }
    result.differences.add(differences);
  }
  // Evenly over the list, which is sorted by strength.
  const std::size_t count = views[0].features.keypoints.size();
  const std::size_t step = std::max<std::size_t>(1, count / kWordSamplesPerImage);
  for (std::size_t i = 0; i < count; i += step) {
    const float* row = &views[0].features.descriptors[i * kDescriptorSize];
    result.samples.insert(result.samples.end(), row, row + kDescriptorSize);
  }
  return result;
}

std::vector<float> to_floats(const Eigen::MatrixXd& matrix) {
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows =
      matrix.cast<float>();
  return {rows.data(), rows.data() + rows.size()};
}

// Words live in the space of unit-length codes.
std::vector<float> learn_words(const models::ModelData& model, const std::vector<float>& samples,
                               int words, std::uint64_t seed, const kernels::Backend& backend) {
  LocalFeatures features;
  features.keypoints.resize(samples.size() / kDescriptorSize);
  features.descriptors = samples;
  std::vector<std::int8_t> codes;
  backend.embed({&features, 1}, model.whitening(), {&codes, 1});
  std::vector<float> vectors(codes.size());
  std::transform(codes.begin(), codes.end(), vectors.begin(),
                 [](std::int8_t value) { return static_cast<float>(value) / 127.0f; });
  return index::kmeans(vectors, kLocalCodeSize, words, seed);
}

std::string model_card(const TrainOptions& options, const TrainResult& result,
                       const std::string& sha256) {
  nlohmann::ordered_json card;
  card["name"] = options.name;
  card["format"] = 1;
  card["sha256"] = sha256;
  card["origin"] = options.origin;
  card["licence"] = options.licence;
  card["command"] = options.command;
  card["build"] = build_description();
  card["seed"] = options.seed;
  card["images"] = result.images;
  card["matching_pairs"] = result.matching_pairs;
  card["warps_per_image"] = options.warps_per_image;
  card["long_side_px"] = options.describe.long_side_px;
  card["max_keypoints"] = options.describe.max_keypoints;
  card["words"] = options.words;
  card["global_size"] = options.global_size;
  return card.dump(2);
}

}  // namespace

TrainResult train_model(std::span<const std::filesystem::path> images, const TrainOptions& options,
                        const RunControl& control) {
  options.validate();
  const std::unique_ptr<kernels::Backend> backend = kernels::make_cpu_backend();
  const auto total = static_cast<std::int64_t>(2 * images.size());
  std::int64_t done = 0;
  const auto advance = [&] {
    ++done;
    if (control.on_progress) control.on_progress({done, total});
  };

  TrainResult result{Model(nullptr), 0, 0, {}};
  LocalStatistics sums;
  ordered_map<LocalStatistics>(
      images.size(), control,
      [&](std::size_t i) {
        try {
          return local_statistics(make_views(images[i], i, options, *backend));
        } catch (const Error& error) {
          LocalStatistics failed;
          failed.failure = error.what();
          return failed;
        }
      },
      [&](const LocalStatistics& one) {
        if (!one.failure.empty()) {
          result.failures.push_back({images[static_cast<std::size_t>(done)], one.failure});
        } else {
          result.images += one.has_keypoints;
          sums.all += one.all;
          sums.differences += one.differences;
          sums.samples.insert(sums.samples.end(), one.samples.begin(), one.samples.end());
        }
        advance();
      });
  result.matching_pairs = static_cast<std::int64_t>(sums.differences.count);
  const std::size_t sample_count = sums.samples.size() / kDescriptorSize;
  if (result.matching_pairs < kMinPairs || result.images < options.global_size ||
      sample_count < static_cast<std::size_t>(options.words)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("too little to learn from: {} usable images ({} needed), {} matching "
                            "pairs ({} needed)",
                            result.images, options.global_size, result.matching_pairs, kMinPairs));
  }

  models::ModelData model;
  model.words = options.words;
  model.global_size = options.global_size;
  // The second moment of differences about zero: a pair has no order.
  const Eigen::MatrixXd noise =
      Eigen::MatrixXd(sums.differences.outer.selfadjointView<Eigen::Lower>()) /
      sums.differences.count;
  model.whitening_mean = to_floats(sums.all.mean());
  model.whitening_projection =
      to_floats(train::learned_whitening(noise, sums.all.covariance(), kLocalCodeSize));
  model.centroids = learn_words(model, sums.samples, options.words, options.seed, *backend);

  const int vlad_size = options.words * kLocalCodeSize;
  const kernels::Aggregation plain{options.words, vlad_size, model.centroids, {}, {}};
  train::Moments vlads(vlad_size), vlad_differences(vlad_size);
  ordered_map<Eigen::MatrixXf>(
      images.size(), control,
      [&](std::size_t i) -> Eigen::MatrixXf {
        std::vector<View> views;
        try {
          views = make_views(images[i], i, options, *backend);
        } catch (const Error&) {
          return Eigen::MatrixXf(vlad_size, 0);  // reported by the first pass
        }
        Eigen::MatrixXf columns(vlad_size, static_cast<Eigen::Index>(views.size()));
        for (std::size_t v = 0; v < views.size(); ++v) {
          std::vector<std::int8_t> codes;
          std::vector<float> vlad;
          backend->embed({&views[v].features, 1}, model.whitening(), {&codes, 1});
          backend->aggregate({&codes, 1}, plain, {&vlad, 1});
          columns.col(static_cast<Eigen::Index>(v)) =
              Eigen::Map<const Eigen::VectorXf>(vlad.data(), vlad_size);
        }
        return columns;
      },
      [&](const Eigen::MatrixXf& columns) {
        if (columns.cols() > 0) {
          vlads.add(columns);
          vlad_differences.add(columns.rightCols(columns.cols() - 1).colwise() - columns.col(0));
        }
        advance();
      });
  model.vlad_mean = to_floats(vlads.mean());
  const Eigen::MatrixXd vlad_noise =
      Eigen::MatrixXd(vlad_differences.outer.selfadjointView<Eigen::Lower>()) /
      vlad_differences.count;
  model.vlad_projection =
      to_floats(train::learned_whitening(vlad_noise, vlads.covariance(), options.global_size));

  // What is saved is half precision: the model in memory must be the one that will be loaded.
  const std::vector<std::uint8_t> bytes = models::encode_model(model);
  auto data = std::make_shared<models::ModelData>(models::decode_model(bytes));
  data->name = options.name;
  data->manifest_json = model_card(options, result, image::sha256(bytes).hex());
  result.model = Model(std::move(data));
  return result;
}

}  // namespace pressmark
