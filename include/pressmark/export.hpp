// SPDX-License-Identifier: Apache-2.0
//
// Symbols are hidden unless marked: PRESSMARK_API stands on every public class and function.
#pragma once

#if defined(__GNUC__)
#define PRESSMARK_API __attribute__((visibility("default")))
#else
#define PRESSMARK_API
#endif
