// SPDX-License-Identifier: Apache-2.0
//
// What does a large catalogue cost: bytes on disk, time to index and to open, time and memory of a
// search? Images are put together of what was described of real photos: each keypoint with its code
// and word is drawn at random from all photos of a folder, codes are disturbed, the field of
// orientations is one photo's, shifted. So words and similarities are distributed as in photos, and
// no image is of another's mark. Accuracy is not measured here. Figures: docs/performance.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bench/process.hpp"
#include "engine/model/model_data.hpp"
#include "engine/pipeline/describe.hpp"
#include "engine/pipeline/snapshot.hpp"
#include "engine/pipeline/update_index.hpp"
#include "engine/store/store.hpp"
#include "pressmark/catalogue.hpp"
#include "pressmark/inputs.hpp"

namespace {

using namespace pressmark;
namespace fs = std::filesystem;
using bench::Clock, bench::seconds_since, bench::status_mb;

constexpr std::size_t kImagesPerSegment = 1024;
constexpr std::size_t kQueries = 8;

double directory_mb(const fs::path& directory) {
  double bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  }
  return bytes / 1e6;
}

std::vector<Description> describe(const fs::path& folder, const Model& model,
                                  const kernels::Backend& backend, DescribeOptions options) {
  const DecodeOptions decode;
  const auto images = pipeline::prepare_describer(backend, model.data(), options);
  std::vector<Description> described;
  for (const PhotoInput& photo : collect_photos({&folder, 1}).photos) {
    DescribedPhoto result = pipeline::describe_loaded({*images, options, decode},
                                                      pipeline::load_file(photo.file, decode), {});
    if (result.ok && result.description.raw.keypoints.size() >= 64 &&
        result.description.relit.keypoints.size() >= 64) {
      described.push_back(std::move(result.description));
    }
  }
  return described;
}

class Mixer {
 public:
  explicit Mixer(const std::vector<Description>& photos) : photos_(photos) {
    for (std::int8_t& value : noise_) value = static_cast<std::int8_t>(random_() % 7) - 3;
  }

  Description make() {
    const Description& base = any();
    Description mixed = base;
    for (const Channel channel : kChannels) mix(base.local(channel), mixed.local(channel), channel);
    double norm = 0;
    const Description& other = any();
    for (std::size_t i = 0; i < mixed.global.size(); ++i) {
      mixed.global[i] += other.global[i] + 0.06f * noise();
      norm += static_cast<double>(mixed.global[i]) * static_cast<double>(mixed.global[i]);
    }
    for (float& value : mixed.global) value /= static_cast<float>(std::sqrt(norm));
    // Columns and rows move round.
    constexpr std::size_t kSide = kDenseSide;
    const std::size_t dx = random_() % kSide, dy = random_() % kSide;
    for (std::size_t i = 0; i < mixed.dense.values.size(); ++i) {
      const std::size_t part = i / (kSide * kSide), y = i / kSide % kSide, x = i % kSide;
      mixed.dense.values[i] =
          base.dense.values[part * kSide * kSide + (y + dy) % kSide * kSide + (x + dx) % kSide];
    }
    return mixed;
  }

 private:
  const Description& any() { return photos_[random_() % photos_.size()]; }
  float noise() { return static_cast<float>(random_() % 2001) / 1000 - 1; }

  void mix(const LocalCodes& shape, LocalCodes& mixed, Channel channel) {
    for (std::size_t i = 0; i < shape.keypoints.size(); ++i) {
      const LocalCodes& from = any().local(channel);
      // Only the strongest have words.
      const std::size_t j =
          random_() % (i < mixed.words.size() ? from.words.size() : from.keypoints.size());
      mixed.keypoints[i] = from.keypoints[j];
      if (i < mixed.words.size()) mixed.words[i] = from.words[j];
      const std::size_t disturbed = random_() % (noise_.size() - kLocalCodeSize);
      for (std::size_t k = 0; k < kLocalCodeSize; ++k) {
        const int value = from.codes[j * kLocalCodeSize + k] + noise_[disturbed + k];
        mixed.codes[i * kLocalCodeSize + k] =
            static_cast<std::int8_t>(std::clamp(value, -127, 127));
      }
    }
  }

  const std::vector<Description>& photos_;
  std::mt19937_64 random_{1};
  std::array<std::int8_t, 1 << 14> noise_;
};

store::NewImage new_image(std::size_t number, Description description) {
  store::NewImage image;
  image.file = fmt::format("/synthetic/{}", number);
  std::memcpy(image.info.sha256.bytes.data(), &number, sizeof number);
  image.info.format = "png";
  image.info.file_bytes = 1;
  image.info.width_px = description.width_px;
  image.info.height_px = description.height_px;
  image.description = std::move(description);
  return image;
}

int run(const fs::path& photos, const fs::path& place, std::size_t images) {
  const Model model = Model::load_default();
  const auto backend = kernels::make_cpu_backend();
  const DescribeOptions options;
  DescribeOptions query_options;
  query_options.max_keypoints = MatchOptions{}.query_keypoints;
  if (!fs::exists(place)) {
    const std::vector<Description> described = describe(photos, model, *backend, options);
    fmt::print("{} photos described\n", described.size());
    Catalogue::create(place, model, options);
    store::Store store(place, Catalogue::Access::kWrite);
    Mixer mixer(described);
    Clock::time_point begin = Clock::now();
    for (std::size_t first = 0; first < images; first += kImagesPerSegment) {
      std::vector<store::NewImage> batch;
      for (std::size_t i = first; i < std::min(images, first + kImagesPerSegment); ++i) {
        batch.push_back(new_image(i, mixer.make()));
      }
      store.commit(batch);
    }
    fmt::print("stored in {:.0f} s\n", seconds_since(begin));
    begin = Clock::now();
    pipeline::update_index(store, *backend, model.data(), pipeline::IndexUpdate::kExtend, {});
    fmt::print("indexed, file by file, in {:.0f} s\n", seconds_since(begin));
    begin = Clock::now();
    pipeline::update_index(store, *backend, model.data(), pipeline::IndexUpdate::kRebuild, {});
    fmt::print("indexed anew in {:.0f} s\n", seconds_since(begin));
  }
  const double segments = directory_mb(place / "segments"), index = directory_mb(place / "index");
  const store::Store store(place, Catalogue::Access::kRead);
  const double anon_before = status_mb("RssAnon:");
  Clock::time_point begin = Clock::now();
  const auto snapshot = pipeline::take_snapshot(store, *backend, model.data(), {});
  const double open_seconds = seconds_since(begin);
  const auto count = static_cast<double>(snapshot->finder.size());
  fmt::print("{} images; segments {:.1f} KB, index {:.1f} KB an image; {} files, {} without\n",
             count, segments * 1e3 / count, index * 1e3 / count, snapshot->index_files,
             snapshot->unindexed_images);
  fmt::print("opened in {:.2f} s, {:.0f} MB of memory of its own\n{}\n{}\n", open_seconds,
             status_mb("RssAnon:") - anon_before, snapshot->finder.describe_global(),
             snapshot->finder.describe_local());

  std::vector<Description> queries = describe(photos, model, *backend, query_options);
  queries.resize(std::min(queries.size(), kQueries));
  const double anon_ready = status_mb("RssAnon:");
  for (std::size_t at_once : {std::size_t{1}, kQueries}) {
    for (std::size_t first = 0; first < queries.size(); first += at_once) {
      std::vector<candidates::CandidateFinder::Query> asked;
      for (std::size_t q = first; q < std::min(first + at_once, queries.size()); ++q) {
        asked.push_back({&queries[q]});
      }
      SearchOptions search;
      search.dense_images = 0;
      const auto together = static_cast<double>(asked.size());
      begin = Clock::now();
      const double cpu = bench::process_cpu_seconds();
      const auto rankings = snapshot->finder.find(asked, 100, search);
      fmt::print("{} at once: {:.3f} s, {:.3f} s of CPU time a query, {} candidates\n",
                 asked.size(), seconds_since(begin) / together,
                 (bench::process_cpu_seconds() - cpu) / together, rankings.front().united.size());
    }
  }
  fmt::print("memory of its own at most {:.0f} MB more than before; mapped {:.0f} MB\n",
             status_mb("VmHWM:") - status_mb("RssFile:") - anon_ready, status_mb("RssFile:"));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const long images = argc == 4 ? std::atol(argv[3]) : 0;
  if (images < 1) {
    std::fputs(
        "usage: bench_large_catalogue PHOTOS CATALOGUE IMAGES\n"
        "CATALOGUE is made where it does not exist, and kept.\n",
        stderr);
    return 2;
  }
  try {
    return run(argv[1], argv[2], static_cast<std::size_t>(images));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
