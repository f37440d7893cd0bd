// SPDX-License-Identifier: Apache-2.0
//
// What lies in a catalogue's directory (docs/format.md).
#pragma once

namespace pressmark::store {

inline constexpr const char* kDatabaseName = "catalogue.sqlite";
inline constexpr const char* kSegmentsName = "segments";
inline constexpr const char* kModelName = "model";
inline constexpr const char* kLockName = "writer.lock";

}  // namespace pressmark::store
