// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/report_lookup.hpp"

#include "pressmark/error.hpp"

namespace pressmark::seizure {

CatalogueImage ReportLookup::photo(std::uint32_t index) const {
  CatalogueImage image;
  image.id = findings_.photos[index].id;
  image.info.sha256 = findings_.photos[index].sha256;
  const std::lock_guard lock(photos_mutex_);
  return photos_.find(image.id).value_or(image);
}

Description ReportLookup::photo_description(ImageId id) const {
  const std::lock_guard lock(photos_mutex_);
  return photos_.description(id);
}

std::optional<CatalogueImage> ReportLookup::image(ImageId id) const {
  const std::lock_guard lock(catalogue_mutex_);
  return catalogue_.find(id);
}

std::optional<Description> ReportLookup::image_description(ImageId id) const {
  const std::lock_guard lock(catalogue_mutex_);
  try {
    return catalogue_.description(id);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kNotFound) throw;
    return std::nullopt;
  }
}

}  // namespace pressmark::seizure
