// SPDX-License-Identifier: Apache-2.0
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <xxhash.h>

#include "engine/image/image.hpp"
#include "engine/model/model_data.hpp"
#include "pressmark/error.hpp"

namespace pressmark::models {
namespace {

constexpr char kMagic[8] = {'P', 'M', 'R', 'K', 'M', 'O', 'D', 'L'};
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kIdDigits = 16;
constexpr std::size_t kMouldThresholds = 2;
constexpr std::uint32_t kMaxWords = 65'536, kMaxGlobalSize = 65'536, kMaxCohort = 4096;

struct FileHeader {
  char magic[8];
  std::uint32_t version, descriptor_size, code_size, words, global_size;
  std::uint32_t even_size_raw, even_size_relit, fusion_weights, fusion_knots;
  std::uint16_t vocabulary_raw, vocabulary_relit;  // words - 1
  std::uint32_t cohort, mould_weights;
};
static_assert(sizeof(FileHeader) == 56);

constexpr std::size_t vocabulary_size(std::uint16_t last_word) {
  return (std::size_t{last_word} + 1) * kLocalCodeSize;
}

std::string id_of(std::span<const std::uint8_t> bytes) {
  return image::sha256(bytes).hex().substr(0, kIdDigits);
}

template <typename T>
void append(std::vector<std::uint8_t>& bytes, const T* values, std::size_t count) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(values);
  bytes.insert(bytes.end(), first, first + count * sizeof(T));
}

// Takes `count` values from the front of `bytes`, whose length was checked before.
template <typename T>
std::vector<T> take(std::span<const std::uint8_t>& bytes, std::size_t count) {
  std::vector<T> values(count);
  std::memcpy(values.data(), bytes.data(), count * sizeof(T));
  bytes = bytes.subspan(count * sizeof(T));
  return values;
}

void require_finite(const std::vector<float>& values) {
  for (float value : values) {
    if (!std::isfinite(value)) throw Error(ErrorCode::kCorruptData, "model.bin: not a number");
  }
}

}  // namespace

std::vector<std::uint8_t> encode_model(const ModelData& model) {
  FileHeader header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  header.descriptor_size = kernels::kDescriptorSize;
  header.code_size = kLocalCodeSize;
  header.words = static_cast<std::uint32_t>(model.words);
  header.global_size = static_cast<std::uint32_t>(model.global_size);
  header.even_size_raw = static_cast<std::uint32_t>(model.raw.even_size);
  header.even_size_relit = static_cast<std::uint32_t>(model.relit.even_size);
  header.fusion_weights = static_cast<std::uint32_t>(model.fusion.weights.size());
  header.fusion_knots = static_cast<std::uint32_t>(model.fusion.knots.size());
  header.vocabulary_raw = static_cast<std::uint16_t>(model.raw.words().words - 1);
  header.vocabulary_relit = static_cast<std::uint16_t>(model.relit.words().words - 1);
  header.cohort = static_cast<std::uint32_t>(model.cohort.size());
  header.mould_weights = static_cast<std::uint32_t>(model.mould.weights.size());

  std::vector<std::uint8_t> bytes;
  append(bytes, &header, 1);
  for (const auto* part :
       {&model.raw.mean, &model.raw.projection, &model.relit.mean, &model.relit.projection,
        &model.fusion.weights, &model.fusion.knots, &model.centroids, &model.vlad_mean}) {
    append(bytes, part->data(), part->size());
  }
  if (model.mould.is_taught()) {
    append(bytes, model.mould.weights.data(), model.mould.weights.size());
    append(bytes, &model.mould.same_from, 1);
    append(bytes, &model.mould.different_to, 1);
  }
  std::vector<Eigen::half> halves(model.vlad_projection.begin(), model.vlad_projection.end());
  append(bytes, halves.data(), halves.size());
  for (const auto* words : {&model.raw.vocabulary, &model.relit.vocabulary}) {
    append(bytes, words->data(), words->size());
  }
  for (const DenseCode& code : model.cohort) append(bytes, code.values.data(), code.values.size());
  const std::uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size());
  append(bytes, &checksum, 1);
  return bytes;
}

ModelData decode_model(std::span<const std::uint8_t> bytes) {
  const auto corrupt = [](const char* what) {
    return Error(ErrorCode::kCorruptData, fmt::format("model.bin: {}", what));
  };
  if (bytes.size() < sizeof(FileHeader) + sizeof(std::uint64_t)) throw corrupt("too short");
  FileHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) throw corrupt("not a model file");
  if (header.version > kVersion) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("model.bin: written by a newer Pressmark (format {}, this build reads "
                            "up to {})",
                            header.version, kVersion));
  }
  if (header.descriptor_size != kernels::kDescriptorSize || header.code_size != kLocalCodeSize) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("model.bin: descriptors of {} and codes of {} values, this build uses "
                            "{} and {}",
                            header.descriptor_size, header.code_size, kernels::kDescriptorSize,
                            kLocalCodeSize));
  }
  if (header.version < kVersion) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("model.bin: format {} has one channel, this build needs format {}: train "
                    "the model again",
                    header.version, kVersion));
  }
  const auto bad_even = [](std::uint32_t size) { return size % 2 == 1 || size > kLocalCodeSize; };
  if (bad_even(header.even_size_raw) || bad_even(header.even_size_relit) ||
      header.fusion_weights != FusionModel::kFeatures + 1 ||
      header.fusion_knots != FusionModel::kKnots ||
      (header.mould_weights != 0 && header.mould_weights != MouldModel::kFeatures + 1) ||
      header.cohort > kMaxCohort || header.words == 0 || header.words > kMaxWords ||
      header.global_size == 0 || header.global_size > kMaxGlobalSize) {
    throw corrupt("impossible sizes in its header");
  }
  constexpr std::size_t kProjectionSize = std::size_t{kLocalCodeSize} * kernels::kDescriptorSize;
  const std::size_t vlad_size = std::size_t{header.words} * kLocalCodeSize;
  const std::size_t mould_size =
      header.mould_weights == 0 ? 0 : header.mould_weights + kMouldThresholds;
  const std::size_t expected =
      sizeof(FileHeader) +
      sizeof(float) * (2 * (kernels::kDescriptorSize + kProjectionSize) + header.fusion_weights +
                       header.fusion_knots + 2 * vlad_size + mould_size) +
      sizeof(Eigen::half) * header.global_size * vlad_size +
      vocabulary_size(header.vocabulary_raw) + vocabulary_size(header.vocabulary_relit) +
      sizeof(DenseCode) * header.cohort + sizeof(std::uint64_t);
  if (bytes.size() != expected) throw corrupt("its length does not fit its header");
  std::uint64_t checksum;
  const std::size_t covered = bytes.size() - sizeof(checksum);
  std::memcpy(&checksum, bytes.data() + covered, sizeof(checksum));
  if (XXH3_64bits(bytes.data(), covered) != checksum) throw corrupt("checksum does not match");

  ModelData model;
  model.id = id_of(bytes);
  model.words = static_cast<int>(header.words);
  model.global_size = static_cast<int>(header.global_size);
  std::span<const std::uint8_t> rest = bytes.subspan(sizeof(FileHeader));
  for (const Channel channel : kChannels) {
    LocalModel& local = model.local(channel);
    local.even_size =
        static_cast<int>(channel == Channel::kRaw ? header.even_size_raw : header.even_size_relit);
    local.mean = take<float>(rest, kernels::kDescriptorSize);
    local.projection = take<float>(rest, kProjectionSize);
  }
  model.fusion.weights = take<float>(rest, header.fusion_weights);
  model.fusion.knots = take<float>(rest, header.fusion_knots);
  model.centroids = take<float>(rest, vlad_size);
  model.vlad_mean = take<float>(rest, vlad_size);
  if (mould_size != 0) {
    model.mould.weights = take<float>(rest, header.mould_weights);
    const auto thresholds = take<float>(rest, kMouldThresholds);
    require_finite(thresholds);
    model.mould.same_from = thresholds[0];
    model.mould.different_to = thresholds[1];
  }
  const auto halves = take<Eigen::half>(rest, header.global_size * vlad_size);
  model.vlad_projection.assign(halves.begin(), halves.end());
  for (const Channel channel : kChannels) {
    model.local(channel).vocabulary = take<std::int8_t>(
        rest, vocabulary_size(channel == Channel::kRaw ? header.vocabulary_raw
                                                       : header.vocabulary_relit));
  }
  model.cohort.resize(header.cohort);
  for (DenseCode& code : model.cohort) {
    const auto values = take<std::int8_t>(rest, code.values.size());
    std::copy(values.begin(), values.end(), code.values.begin());
  }
  for (const auto* part :
       {&model.raw.mean, &model.raw.projection, &model.relit.mean, &model.relit.projection,
        &model.fusion.weights, &model.fusion.knots, &model.mould.weights, &model.centroids,
        &model.vlad_mean, &model.vlad_projection}) {
    require_finite(*part);
  }
  if (!std::is_sorted(model.fusion.knots.begin(), model.fusion.knots.end())) {
    throw corrupt("the knots of its fusion do not ascend");
  }
  if (model.mould.same_from < model.mould.different_to) {
    throw corrupt("its thresholds of the mould's evidence overlap");
  }
  return model;
}

}  // namespace pressmark::models
