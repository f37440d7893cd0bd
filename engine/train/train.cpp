// SPDX-License-Identifier: Apache-2.0
//
// Four passes, each in an ordered pipeline, so that sums do not depend on threads: descriptors of
// images and of labelled marks (whitening, visual words), VLAD vectors (projection), comparisons of
// pairs (score).
#include <Eigen/Core>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "engine/image/image.hpp"
#include "engine/index/kmeans.hpp"
#include "engine/model/model_data.hpp"
#include "engine/train/comparisons.hpp"
#include "engine/train/correspondences.hpp"
#include "engine/train/fusion_fit.hpp"
#include "engine/train/mould_fit.hpp"
#include "engine/train/ordered_map.hpp"
#include "engine/train/projections.hpp"
#include "engine/train/views.hpp"
#include "engine/train/vocabulary.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"
#include "pressmark/model.hpp"

namespace pressmark {
namespace {

using kernels::kDescriptorSize;
using kernels::LocalFeatures;
using train::View;

constexpr std::int64_t kMinPairs = 4 * kDescriptorSize;
// Descriptors per image that are kept for k-means: memory grows with the images, by 25 KB each.
constexpr std::size_t kWordSamplesPerImage = 50;
// Images, beside the labelled marks, that the score is fitted on: two views of each.
constexpr std::size_t kFusionImages = 300;

using DescriptorMap = Eigen::Map<const Eigen::Matrix<float, kDescriptorSize, Eigen::Dynamic>>;

DescriptorMap columns_of(const LocalFeatures& features) {
  return {features.descriptors.data(), kDescriptorSize,
          static_cast<Eigen::Index>(features.keypoints.size())};
}

// Second moments of one channel's descriptors.
struct ChannelMoments {
  train::Moments all{kDescriptorSize}, differences{kDescriptorSize};

  ChannelMoments& operator+=(const ChannelMoments& other) {
    all += other.all;
    differences += other.differences;
    return *this;
  }
  void add_differences(const View& from, const View& to, Channel channel,
                       const train::Correspondences& found) {
    const DescriptorMap a = columns_of(from.of(channel)), b = columns_of(to.of(channel));
    Eigen::MatrixXf columns(kDescriptorSize, static_cast<Eigen::Index>(found.pairs.size()));
    for (std::size_t p = 0; p < found.pairs.size(); ++p) {
      const auto [i, j] = found.pairs[p];
      for (int d = 0; d < kDescriptorSize; ++d) {
        const int moved = found.inverted ? train::inverted_element(d) : d;
        columns(d, static_cast<Eigen::Index>(p)) = a(moved, i) - b(d, j);
      }
    }
    differences.add(columns);
  }
};

struct Statistics {
  std::string failure;  // why the file could not be used; else empty
  DenseCode dense;      // of the original
  bool has_keypoints = false;
  std::array<ChannelMoments, 2> channels;
  std::vector<float> samples;  // raw descriptors for visual words, n x kDescriptorSize
};

Statistics image_statistics(const std::vector<View>& views) {
  Statistics result;
  const LocalFeatures& original = views[0].of(Channel::kRaw);
  result.has_keypoints = !original.keypoints.empty();
  result.dense = views[0].features.dense;
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    for (const View& view : views) result.channels[c].all.add(columns_of(view.of(kChannels[c])));
    for (std::size_t v = 1; v < views.size(); ++v) {
      // Relighting knows the light modulo half a turn: a warp may turn the sign of a relit image.
      result.channels[c].add_differences(
          views[0], views[v], kChannels[c],
          train::find_correspondences(views[0].of(kChannels[c]).keypoints,
                                      views[v].of(kChannels[c]).keypoints, views[v].from_original,
                                      kChannels[c] == Channel::kRelit));
    }
  }
  // Evenly over the list, which is sorted by strength.
  const std::size_t count = original.keypoints.size();
  const std::size_t step = std::max<std::size_t>(1, count / kWordSamplesPerImage);
  for (std::size_t i = 0; i < count; i += step) {
    const float* row = &original.descriptors[i * kDescriptorSize];
    result.samples.insert(result.samples.end(), row, row + kDescriptorSize);
  }
  return result;
}

std::array<double, 9> between(const View& from, const View& to) {
  using Matrix = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;
  Matrix map = Eigen::Map<const Matrix>(to.from_original.data()) *
               Eigen::Map<const Matrix>(from.from_original.data()).inverse();
  map /= map(2, 2);
  std::array<double, 9> values;
  Eigen::Map<Matrix>(values.data()) = map;
  return values;
}

// Photos of one mark, each under its own light.
struct MarkGroup {
  std::vector<const LabelledPhoto*> photos;
};

std::vector<MarkGroup> group_marks(std::span<const LabelledPhoto> marks) {
  std::map<std::string, MarkGroup> groups;
  for (const LabelledPhoto& photo : marks) groups[photo.identity].photos.push_back(&photo);
  std::vector<MarkGroup> result;
  for (auto& [identity, group] : groups) result.push_back(std::move(group));
  return result;
}

struct GroupStatistics {
  std::optional<DenseCode> dense;  // of the first photo that can be used
  std::array<ChannelMoments, 2> channels;
  std::vector<TrainFailure> failures;
  std::int64_t photos = 0;
};

GroupStatistics group_statistics(const MarkGroup& group, const TrainOptions& options,
                                 const kernels::Backend& backend) {
  GroupStatistics result;
  std::vector<View> views;
  for (const LabelledPhoto* photo : group.photos) {
    try {
      View view = train::labelled_view(*photo, options, options.describe.max_keypoints, backend);
      ++result.photos;
      if (!result.dense) result.dense = view.features.dense;
      for (std::size_t c = 0; c < kChannels.size(); ++c) {
        result.channels[c].all.add(columns_of(view.of(kChannels[c])));
      }
      if (photo->photo_from_mark) views.push_back(std::move(view));
    } catch (const Error& error) {
      result.failures.push_back({photo->file, error.what()});
    }
  }
  for (std::size_t a = 0; a < views.size(); ++a) {
    for (std::size_t b = a + 1; b < views.size(); ++b) {
      const std::array<double, 9> map = between(views[a], views[b]);
      for (std::size_t c = 0; c < kChannels.size(); ++c) {
        result.channels[c].add_differences(
            views[a], views[b], kChannels[c],
            train::find_correspondences(views[a].of(kChannels[c]).keypoints,
                                        views[b].of(kChannels[c]).keypoints, map, true));
      }
    }
  }
  return result;
}

std::vector<float> to_floats(const Eigen::MatrixXd& matrix) {
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows =
      matrix.cast<float>();
  return {rows.data(), rows.data() + rows.size()};
}

// Each source of descriptors weighs alike, however many it holds.
models::LocalModel learn_whitening(const std::vector<const ChannelMoments*>& sources) {
  Eigen::MatrixXd noise = Eigen::MatrixXd::Zero(kDescriptorSize, kDescriptorSize);
  Eigen::MatrixXd total = noise;
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(kDescriptorSize);
  const double share = 1 / static_cast<double>(sources.size());
  for (const ChannelMoments* source : sources) {
    // The second moment of differences about zero: a pair has no order.
    noise += share * Eigen::MatrixXd(source->differences.outer.selfadjointView<Eigen::Lower>()) /
             source->differences.count;
    total += share * source->all.covariance();
    mean += share * source->all.mean();
  }
  const train::SignedWhitening whitening =
      train::learned_signed_whitening(noise, total, kLocalCodeSize);
  models::LocalModel model;
  model.even_size = whitening.even_rows;
  model.projection = to_floats(whitening.projection);
  for (int d = 0; d < kDescriptorSize; ++d) {
    model.mean.push_back(static_cast<float>(0.5 * (mean[d] + mean[train::inverted_element(d)])));
  }
  return model;
}

// Words live in the space of unit-length codes.
std::vector<float> learn_words(const models::ModelData& model, const std::vector<float>& samples,
                               int words, std::uint64_t seed, const kernels::Backend& backend) {
  LocalFeatures features;
  features.keypoints.resize(samples.size() / kDescriptorSize);
  features.descriptors = samples;
  std::vector<std::int8_t> codes;
  backend.embed({&features, 1}, model.raw.whitening(), {&codes, 1});
  std::vector<float> vectors(codes.size());
  std::transform(codes.begin(), codes.end(), vectors.begin(),
                 [](std::int8_t value) { return static_cast<float>(value) / 127.0f; });
  return index::kmeans(vectors, kLocalCodeSize, words, seed);
}

std::string model_card(const TrainOptions& options, const TrainResult& result,
                       const models::ModelData& model, const train::MouldFit& mould,
                       const std::string& sha256) {
  nlohmann::ordered_json card;
  card["name"] = options.name;
  card["format"] = 2;
  card["sha256"] = sha256;
  card["origin"] = options.origin;
  card["licence"] = options.licence;
  card["command"] = options.command;
  card["build"] = build_description();
  card["seed"] = options.seed;
  card["images"] = result.images;
  card["marks"] = result.marks;
  card["matching_pairs"] = result.matching_pairs;
  card["compared_mates"] = result.compared_mates;
  card["compared_non_mates"] = result.compared_non_mates;
  card["warps_per_image"] = options.warps_per_image;
  card["long_side_px"] = options.describe.long_side_px;
  card["max_keypoints"] = options.describe.max_keypoints;
  card["words"] = options.words;
  card["global_size"] = options.global_size;
  card["cohort"] = model.cohort.size();
  card["vocabulary"] = model.raw.words().words;
  card["strangers"] = options.strangers;
  card["even_size"] = {{"raw", model.raw.even_size}, {"relit", model.relit.even_size}};
  card["fusion_weights"] = model.fusion.weights;
  if (model.mould.is_taught()) {
    card["mould"] = {
        {"pairs_same", mould.same},           {"pairs_different", mould.different},
        {"false_same", kMouldFalseSame},      {"false_different", kMouldFalseDifferent},
        {"told_same", mould.told_same},       {"told_different", mould.told_different},
        {"same_from", model.mould.same_from}, {"different_to", model.mould.different_to},
        {"weights", model.mould.weights}};
  }
  return card.dump(2);
}

}  // namespace

TrainResult train_model(std::span<const std::filesystem::path> images,
                        std::span<const LabelledPhoto> marks, const TrainOptions& options,
                        const RunControl& control) {
  options.validate();
  const std::unique_ptr<kernels::Backend> backend = kernels::make_cpu_backend();
  const std::vector<MarkGroup> groups = group_marks(marks);
  const std::size_t fusion_images = std::min(images.size(), kFusionImages);
  const auto total =
      static_cast<std::int64_t>(2 * images.size() + groups.size() + marks.size() + fusion_images);
  std::int64_t done = 0;
  const auto advance = [&] {
    ++done;
    if (control.on_progress) control.on_progress({done, total});
  };

  TrainResult result{Model(nullptr), 0, 0, 0, 0, 0, 0, 0, {}};
  Statistics sums;
  std::vector<DenseCode> image_codes;
  std::vector<std::optional<DenseCode>> mark_codes;
  train::ordered_map<Statistics>(
      images.size(), control,
      [&](std::size_t i) {
        try {
          return image_statistics(train::synthetic_views(images[i], i, options.warps_per_image,
                                                         options, options.describe.max_keypoints,
                                                         *backend));
        } catch (const Error& error) {
          Statistics failed;
          failed.failure = error.what();
          return failed;
        }
      },
      [&](const Statistics& one) {
        if (!one.failure.empty()) {
          result.failures.push_back({images[static_cast<std::size_t>(done)], one.failure});
        } else {
          result.images += one.has_keypoints;
          for (std::size_t c = 0; c < kChannels.size(); ++c) sums.channels[c] += one.channels[c];
          sums.samples.insert(sums.samples.end(), one.samples.begin(), one.samples.end());
          image_codes.push_back(one.dense);
        }
        advance();
      });
  std::array<ChannelMoments, 2> mark_sums;
  train::ordered_map<GroupStatistics>(
      groups.size(), control,
      [&](std::size_t i) { return group_statistics(groups[i], options, *backend); },
      [&](const GroupStatistics& one) {
        for (std::size_t c = 0; c < kChannels.size(); ++c) mark_sums[c] += one.channels[c];
        result.failures.insert(result.failures.end(), one.failures.begin(), one.failures.end());
        result.marks += one.photos;
        mark_codes.push_back(one.dense);
        advance();
      });

  const auto pairs_of = [](const ChannelMoments& moments) {
    return static_cast<std::int64_t>(moments.differences.count);
  };
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    result.matching_pairs += pairs_of(sums.channels[c]) + pairs_of(mark_sums[c]);
  }
  const auto has_marks = [&](std::size_t c) { return pairs_of(mark_sums[c]) >= kMinPairs; };
  const std::size_t sample_count = sums.samples.size() / kDescriptorSize;
  if (pairs_of(sums.channels[0]) < kMinPairs ||
      (pairs_of(sums.channels[1]) < kMinPairs && !has_marks(1)) ||
      result.images < options.global_size ||
      sample_count < static_cast<std::size_t>(options.words)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("too little to learn from: {} usable images ({} needed), {} matching "
                            "pairs raw and {} relit ({} needed)",
                            result.images, options.global_size, pairs_of(sums.channels[0]),
                            pairs_of(sums.channels[1]), kMinPairs));
  }

  models::ModelData model;
  model.words = options.words;
  model.global_size = options.global_size;
  model.raw = has_marks(0) ? learn_whitening({&sums.channels[0], &mark_sums[0]})
                           : learn_whitening({&sums.channels[0]});
  model.relit = learn_whitening({has_marks(1) ? &mark_sums[1] : &sums.channels[1]});
  model.centroids = learn_words(model, sums.samples, options.words, options.seed, *backend);

  const int vlad_size = options.words * kLocalCodeSize;
  const kernels::Aggregation plain{options.words, vlad_size, model.centroids, {}, {}};
  train::Moments vlads(vlad_size), vlad_differences(vlad_size);
  train::ordered_map<Eigen::MatrixXf>(
      images.size(), control,
      [&](std::size_t i) -> Eigen::MatrixXf {
        std::vector<View> views;
        try {
          views = train::synthetic_views(images[i], i, options.warps_per_image, options,
                                         options.describe.max_keypoints, *backend);
        } catch (const Error&) {
          return Eigen::MatrixXf(vlad_size, 0);  // reported by the first pass
        }
        Eigen::MatrixXf columns(vlad_size, static_cast<Eigen::Index>(views.size()));
        for (std::size_t v = 0; v < views.size(); ++v) {
          std::vector<std::int8_t> codes;
          std::vector<float> vlad;
          backend->embed({&views[v].of(Channel::kRaw), 1}, model.raw.whitening(), {&codes, 1});
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

  // The score is fitted to comparisons of all labelled photos and of some images with one warp.
  const int query_keypoints =
      std::max(options.describe.max_keypoints, MatchOptions{}.query_keypoints);
  std::vector<char> in_cohort;
  model.cohort = train::choose_cohort(mark_codes, image_codes, in_cohort);
  const std::unique_ptr<kernels::DenseCohort> cohort = backend->prepare_cohort(model.cohort);
  std::set<std::string> cohort_marks;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (in_cohort[i] != 0) cohort_marks.insert(groups[i].photos.front()->identity);
  }
  const auto compared = [&](const std::string& group, const std::string& design, const View& view) {
    return train::ComparedPhoto{
        group, design, train::describe(view, query_keypoints, model, *cohort, *backend),
        train::describe(view, options.describe.max_keypoints, model, *cohort, *backend)};
  };
  std::vector<train::ComparedPhoto> photos;
  train::ordered_map<std::vector<train::ComparedPhoto>>(
      marks.size() + fusion_images, control,
      [&](std::size_t i) {
        std::vector<train::ComparedPhoto> found;
        try {
          if (i < marks.size()) {
            if (cohort_marks.contains(marks[i].identity)) return found;
            found.push_back(compared(
                "mark " + marks[i].identity,
                marks[i].design.empty() ? "mark " + marks[i].identity : "design " + marks[i].design,
                train::labelled_view(marks[i], options, query_keypoints, *backend)));
          } else {
            const std::size_t number = (i - marks.size()) * images.size() / fusion_images;
            for (const View& view : train::synthetic_views(images[number], number, 1, options,
                                                           query_keypoints, *backend)) {
              const std::string name = fmt::format("image {}", number);
              found.push_back(compared(name, name, view));
            }
          }
        } catch (const Error&) {  // reported by an earlier pass
        }
        return found;
      },
      [&](std::vector<train::ComparedPhoto>& found) {
        std::move(found.begin(), found.end(), std::back_inserter(photos));
        advance();
      });
  for (const Channel channel : kChannels) {
    std::vector<const LocalCodes*> locals;
    for (const train::ComparedPhoto& photo : photos)
      locals.push_back(&photo.gallery.local(channel));
    models::LocalModel& local = model.local(channel);
    local.vocabulary =
        train::learn_vocabulary(locals, local.even_size, options.vocabulary, options.seed);
  }
  const train::ComparedPhotos comparisons = [&] {
    models::ModelData unfitted = model;
    unfitted.fusion.weights.assign(models::FusionModel::kFeatures + 1, 0.0f);
    unfitted.fusion.knots.assign(models::FusionModel::kKnots, 0.0f);
    return train::compare_photos(photos, unfitted, options.strangers, *backend, control);
  }();
  const std::vector<train::ComparedPair>& pairs = comparisons.pairs;
  result.compared_mates = std::count_if(pairs.begin(), pairs.end(),
                                        [](const train::ComparedPair& p) { return p.mates; });
  result.compared_non_mates = static_cast<std::int64_t>(pairs.size()) - result.compared_mates;
  model.fusion = train::fit_fusion(pairs);
  const train::MouldFit mould = train::fit_mould(comparisons.of_one_design, model.fusion);
  model.mould = mould.model;
  if (model.mould.is_taught()) {
    result.mould_pairs_same = static_cast<std::int64_t>(mould.same);
    result.mould_pairs_different = static_cast<std::int64_t>(mould.different);
  }

  // What is saved is half precision: the model in memory must be the one that will be loaded.
  const std::vector<std::uint8_t> bytes = models::encode_model(model);
  auto data = std::make_shared<models::ModelData>(models::decode_model(bytes));
  data->name = options.name;
  data->manifest_json = model_card(options, result, *data, mould, image::sha256(bytes).hex());
  result.model = Model(std::move(data));
  return result;
}

}  // namespace pressmark
