// SPDX-License-Identifier: Apache-2.0
//
// What a report says of catalogued images and of the seizure's photos. Catalogue objects serve one
// thread at a time: here they take turns, so that pages can be written by many.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "engine/seizure/findings.hpp"
#include "pressmark/catalogue.hpp"

namespace pressmark::seizure {

// Safe from many threads. Throws Error: kIo, kCorruptData.
class ReportLookup {
 public:
  ReportLookup(const Findings& findings, const Catalogue& photos, const Catalogue& catalogue)
      : findings_(findings), photos_(photos), catalogue_(catalogue) {}

  // By index in Findings::photos.
  CatalogueImage photo(std::uint32_t index) const;
  Description photo_description(ImageId id) const;

  // Of the catalogue; nothing where another process has removed it.
  std::optional<CatalogueImage> image(ImageId id) const;
  std::optional<Description> image_description(ImageId id) const;

 private:
  const Findings& findings_;
  const Catalogue& photos_;
  const Catalogue& catalogue_;
  mutable std::mutex photos_mutex_, catalogue_mutex_;
};

}  // namespace pressmark::seizure
