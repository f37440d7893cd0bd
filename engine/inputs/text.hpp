// SPDX-License-Identifier: Apache-2.0
//
// Text as it stands in manifests and file names: checked, compared and shown. Bytes in, bytes out;
// nothing depends on the locale.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pressmark::inputs {

// Position of the first byte that does not begin a well-formed UTF-8 sequence (Unicode standard,
// table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

// Without the blanks, tabs and line ends around it.
std::string_view trimmed(std::string_view text);

// A-Z become a-z, all other bytes stay.
std::string ascii_lower(std::string_view text);

// 'text' for a one-line message: control characters and invalid bytes are written as \xNN, long
// text is cut.
std::string in_quotes(std::string_view text);

}  // namespace pressmark::inputs
