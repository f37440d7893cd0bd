// SPDX-License-Identifier: Apache-2.0
//
// A small index file, and what it belongs to.
#pragma once

#include <cstddef>
#include <filesystem>

#include "engine/model/model_data.hpp"
#include "engine/store/part_file.hpp"

namespace pressmark::fuzz {

inline constexpr std::size_t kSampleWords = 3;  // of the vocabulary of each channel

store::PartOwner sample_owner();

// Its vocabularies and the size of its global vectors alone; nothing else is looked at.
models::ModelData sample_model();

// Three images of two segments, codes in both channels; with inverted lists of the global vectors
// where asked for.
void write_sample_part(const std::filesystem::path& file, bool with_lists);

}  // namespace pressmark::fuzz
