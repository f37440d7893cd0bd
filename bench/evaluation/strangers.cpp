// SPDX-License-Identifier: Apache-2.0
#include "bench/evaluation/strangers.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/image/image.hpp"
#include "engine/store/store.hpp"
#include "pressmark/catalogue.hpp"
#include "pressmark/error.hpp"
#include "pressmark/inputs.hpp"

namespace pressmark::bench {
namespace {

namespace fs = std::filesystem;

// Photos that are described at once, then handed over in order.
constexpr std::size_t kBlock = 512;

void mirror(image::PixelBuffer& pixels) {
  const auto channels = static_cast<std::ptrdiff_t>(pixels.channels);
  const auto row_size = channels * pixels.width;
  for (auto row = pixels.pixels.begin(); row != pixels.pixels.end(); row += row_size) {
    std::reverse(row, row + row_size);  // turns the order of the channels, too
    for (auto pixel = row; pixel != row + row_size; pixel += channels) {
      std::reverse(pixel, pixel + channels);
    }
  }
}

void complain(const pipeline::LoadedFile& file, const std::string& reason) {
  fmt::print(stderr, "{}: {}\n", file.photo.file.string(), reason);
}

// A photo as it is and mirrored; nothing where the file is no photo.
std::vector<store::NewImage> describe_both_ways(const pipeline::Describer& describer,
                                                const pipeline::LoadedFile& file) {
  try {
    image::Photo photo =
        image::decode(file.bytes, describer.decode, 2 * describer.describe.long_side_px);
    std::vector<store::NewImage> both(2);
    for (store::NewImage& image : both) {
      image.file = fs::absolute(file.photo.file);
      image.info = file.photo.info;
      image.info.width_px = photo.upright_width;
      image.info.height_px = photo.upright_height;
    }
    // The mirror image is no file, but needs a hash of its own.
    for (std::uint8_t& byte : both[1].info.sha256.bytes) byte = static_cast<std::uint8_t>(~byte);
    both[0].description = pipeline::describe_photos(describer, {&photo, 1}).front();
    mirror(photo.pixels);
    both[1].description = pipeline::describe_photos(describer, {&photo, 1}).front();
    return both;
  } catch (const Error& error) {
    complain(file, error.what());
    return {};
  }
}

void keep_indexed(Description& description) {
  for (const Channel channel : kChannels) {
    LocalCodes& local = description.local(channel);
    const std::size_t indexed = local.indexed_count();
    local.keypoints.resize(indexed);
    local.codes.resize(indexed * kLocalCodeSize);
  }
  description.detail.clear();
}

// Calls on_block(images) with the descriptions of one block of photos after the other, until it
// returns false. What `kept` has is left out, and what is there twice: a catalogue has a photo
// once.
template <typename OnBlock>
void each_block(const pipeline::Describer& describer, const fs::path& photos,
                const store::Store* kept, const OnBlock& on_block) {
  const PhotoList list = collect_photos({&photos, 1});
  for (std::size_t begin = 0; begin < list.photos.size(); begin += kBlock) {
    std::vector<pipeline::LoadedFile> files;
    std::set<Sha256> hashes;
    for (std::size_t i = begin; i < std::min(begin + kBlock, list.photos.size()); ++i) {
      pipeline::LoadedFile file = pipeline::load_file(list.photos[i].file, describer.decode);
      if (file.failed) {
        complain(file, file.photo.reason);
      } else if (kept == nullptr || (!kept->find_hash(file.photo.info.sha256) &&
                                     hashes.insert(file.photo.info.sha256).second)) {
        files.push_back(std::move(file));
      }
    }
    std::vector<std::vector<store::NewImage>> block(files.size());
    tbb::parallel_for(std::size_t{0}, files.size(),
                      [&](std::size_t i) { block[i] = describe_both_ways(describer, files[i]); });
    std::vector<store::NewImage> images;
    for (std::vector<store::NewImage>& both : block) {
      std::move(both.begin(), both.end(), std::back_inserter(images));
    }
    if (!on_block(images)) return;
  }
}

store::Store open_kept(const fs::path& kept, Catalogue::Access access, const Model& model,
                       const DescribeOptions& describe) {
  store::Store store(kept, access);
  if (store.settings().model_id != model.id() || !(store.settings().describe == describe)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: made with another model or other options", kept.string()));
  }
  return store;
}

}  // namespace

void each_stranger(const pipeline::Describer& describer, const fs::path& photos, std::size_t most,
                   const OnStranger& on_stranger) {
  std::size_t done = 0;
  if (most == 0) return;
  each_block(describer, photos, nullptr, [&](const std::vector<store::NewImage>& images) {
    for (const store::NewImage& image : images) {
      if (done == most) break;
      on_stranger(image.description);
      ++done;
    }
    fmt::print(stderr, "\r{} strangers", done);
    return done < most;
  });
  fmt::print(stderr, "\n");
}

void each_kept_stranger(const pipeline::Describer& describer, const Model& model,
                        const fs::path& photos, const fs::path& kept, std::size_t most,
                        const OnStranger& on_stranger) {
  if (!photos.empty()) {
    if (!fs::exists(kept)) Catalogue::create(kept, model, describer.describe, "cpu");
    store::Store store = open_kept(kept, Catalogue::Access::kWrite, model, describer.describe);
    std::int64_t present = store.info().images;
    if (present < static_cast<std::int64_t>(most)) {
      each_block(describer, photos, &store, [&](std::vector<store::NewImage>& images) {
        for (store::NewImage& image : images) keep_indexed(image.description);
        store.commit(images);
        present += std::ssize(images);
        fmt::print(stderr, "\r{} strangers described", present);
        return present < static_cast<std::int64_t>(most);
      });
      fmt::print(stderr, "\n");
    }
  }
  const store::Store store = open_kept(kept, Catalogue::Access::kRead, model, describer.describe);
  const std::vector<store::DescriptionLocation> locations = store.locations();
  for (std::size_t i = 0; i < std::min(most, locations.size()); ++i) {
    on_stranger(store.read_description(locations[i]));
  }
}

}  // namespace pressmark::bench
