// SPDX-License-Identifier: Apache-2.0
//
// Photos among which others are hidden. Each counts twice, because its mirror image is another
// mark. Describing them takes hours where there are many, so that their descriptions can be kept in
// a catalogue.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>

#include "engine/pipeline/describe.hpp"
#include "pressmark/model.hpp"
#include "pressmark/types.hpp"

namespace pressmark::bench {

using OnStranger = std::function<void(const Description&)>;

// Describes the photos below `photos`, by the threads of the caller's TBB arena, and hands over
// `most` descriptions at most, always in the same order. Files that are no photos are named on
// stderr and left out.
void each_stranger(const pipeline::Describer& describer, const std::filesystem::path& photos,
                   std::size_t most, const OnStranger& on_stranger);

// The same, by way of the catalogue `kept`, made where there is none: photos that it has are not
// described again. It keeps what candidates are found by: the indexed codes alone, and no detail.
// With an empty `photos` it is used as it is. Throws Error, where it was made with another model or
// other options, too.
void each_kept_stranger(const pipeline::Describer& describer, const Model& model,
                        const std::filesystem::path& photos, const std::filesystem::path& kept,
                        std::size_t most, const OnStranger& on_stranger);

}  // namespace pressmark::bench
