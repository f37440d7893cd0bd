// SPDX-License-Identifier: Apache-2.0
//
// Building blocks of the JSON records: one function per value that several records share.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "pressmark/catalogue.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"
#include "pressmark/evaluate.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::report {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text);  // empty: null
Json positive_or_null(std::int64_t value);   // 0 or less: null
Json hash_or_null(const Sha256& hash);       // all zero: null
double shortest(float value);                // prints with the float's shortest decimals
void put_photo_info(Json& object, const PhotoInfo& info);
void put_verification(Json& object, const Verification& verification);
void put_failure(Json& object, bool failed, ErrorCode code, const std::string& reason);

// A free-form JSON object of the examiner; text that is not an object, or nested more than 64
// levels deep, stays text.
Json metadata_value(const std::string& metadata_json);

Json image_value(const CatalogueImage& image);
Json seizure_value(const Seizure& seizure);
Json decode_options(const DecodeOptions& options);
Json describe_options(const DescribeOptions& options);
Json match_options(const MatchOptions& options);
Json add_options(const AddOptions& options);
Json evaluate_options(const EvaluateOptions& options);  // without decode and describe

// One line for a negative indent. Invalid UTF-8 is replaced.
std::string serialise(const Json& value, int indent = -1);

}  // namespace pressmark::report
