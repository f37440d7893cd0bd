// SPDX-License-Identifier: Apache-2.0
//
// The one exception type of Pressmark. Functions that cannot do their work throw Error; failures
// that are expected for single items of a batch (an undecodable photo) are returned as values
// instead (see ItemReport in catalogue.hpp).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "pressmark/export.hpp"

namespace pressmark {

enum class ErrorCode {
  kInvalidArgument,  // the caller's options or arguments are unusable
  kNotFound,         // a file, catalogue, seizure or image does not exist
  kUnsupported,      // valid, but this build or version cannot handle it
  kOutOfMemory,      // an allocation failed or a memory cap was reached
  kDevice,           // an accelerator failed
  kIo,               // the operating system refused to read or write
  kCorruptData,      // stored bytes do not pass their own checks
  kBusy,             // another process holds the writer's lock
  kInterrupted,      // the caller's stop token was triggered
};

// Stable lower-case name such as "invalid_argument", used in JSON.
PRESSMARK_API std::string_view to_string(ErrorCode code);

class PRESSMARK_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace pressmark
