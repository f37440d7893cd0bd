// SPDX-License-Identifier: Apache-2.0
#include "engine/train/views.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/image/augment.hpp"
#include "engine/image/image.hpp"
#include "engine/verify/geometry.hpp"

namespace pressmark::train {
namespace {

struct Canonical {
  kernels::GreyImage grey;
  double photo_scale = 1;  // upright photo pixels per canonical pixel
};

Canonical load(const std::filesystem::path& file, const TrainOptions& options,
               const kernels::Backend& backend) {
  const image::Bytes bytes = image::read_file(file, options.decode.max_file_bytes);
  const image::Photo photo =
      image::decode(bytes, options.decode, 2 * options.describe.long_side_px);
  const image::PixelBuffer& pixels = photo.pixels;
  const kernels::ImageView view{pixels.pixels.data(), pixels.width, pixels.height, pixels.channels,
                                std::int64_t{pixels.width} * pixels.channels};
  Canonical result;
  backend.canonicalise({&view, 1}, options.describe.long_side_px, {&result.grey, 1});
  result.photo_scale = photo.reduction *
                       static_cast<double>(std::max(pixels.width, pixels.height)) /
                       std::max(result.grey.width, result.grey.height);
  return result;
}

View extract(const kernels::GreyImage& grey, int max_keypoints, const kernels::Backend& backend) {
  View view;
  view.width = grey.width;
  view.height = grey.height;
  view.features = features::image_features(grey, max_keypoints, backend);
  return view;
}

}  // namespace

std::vector<View> synthetic_views(const std::filesystem::path& file, std::size_t number, int warps,
                                  const TrainOptions& options, int max_keypoints,
                                  const kernels::Backend& backend) {
  const kernels::GreyImage grey = load(file, options, backend).grey;
  std::vector<View> views{extract(grey, max_keypoints, backend)};
  const image::PixelBuffer original{grey.width, grey.height, 1, grey.pixels};
  const auto views_per_image = static_cast<std::size_t>(options.warps_per_image) + 1;
  for (std::size_t v = 1; v <= static_cast<std::size_t>(warps); ++v) {
    image::SyntheticView synthetic =
        image::synthesise_view(original, options.seed * 1'000'003 + number * views_per_image + v);
    views.push_back(extract({grey.width, grey.height, std::move(synthetic.pixels.pixels)},
                            max_keypoints, backend));
    views.back().from_original = synthetic.view_from_original;
  }
  return views;
}

View labelled_view(const LabelledPhoto& photo, const TrainOptions& options, int max_keypoints,
                   const kernels::Backend& backend) {
  const Canonical canonical = load(photo.file, options, backend);
  View view = extract(canonical.grey, max_keypoints, backend);
  if (photo.photo_from_mark) {
    // canonical = (photo + .5) / scale - .5
    const double s = 1 / canonical.photo_scale, shift = 0.5 * s - 0.5;
    view.from_original =
        verify::multiply({s, 0, shift, 0, s, shift, 0, 0, 1}, *photo.photo_from_mark);
  }
  return view;
}

}  // namespace pressmark::train
