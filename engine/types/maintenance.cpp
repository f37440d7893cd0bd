// SPDX-License-Identifier: Apache-2.0
#include "pressmark/maintenance.hpp"

namespace pressmark {

std::string_view to_string(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::kDatabase:
      return "database";
    case ProblemKind::kSegment:
      return "segment";
    case ProblemKind::kDescription:
      return "description";
    case ProblemKind::kLeaving:
      return "leaving";
    case ProblemKind::kModel:
      return "model";
    case ProblemKind::kIndex:
      return "index";
  }
  return "unknown";
}

}  // namespace pressmark
