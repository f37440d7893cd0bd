// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <system_error>

#include "engine/seizure/output.hpp"
#include "engine/seizure/plan.hpp"
#include "engine/seizure/run_manifest.hpp"
#include "pressmark/error.hpp"
#include "pressmark/seizure.hpp"

namespace pressmark {
namespace {

bool have_same_bytes(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::ifstream left(a, std::ios::binary), right(b, std::ios::binary);
  if (!left || !right) return false;
  std::array<char, 65536> from_left{}, from_right{};
  while (left && right) {
    left.read(from_left.data(), from_left.size());
    right.read(from_right.data(), from_right.size());
    if (left.gcount() != right.gcount() ||
        !std::equal(from_left.begin(), from_left.begin() + left.gcount(), from_right.begin())) {
      return false;
    }
  }
  return left.eof() && right.eof();
}

}  // namespace

ReplayResult replay_seizure(const std::filesystem::path& directory,
                            const std::filesystem::path& scratch, const SeizureControl& control,
                            std::string_view device) {
  using namespace seizure;
  const std::filesystem::path first = absolute_path(directory), second = absolute_path(scratch);
  Plan plan = read_plan(first);
  std::error_code ignored;
  if (!std::filesystem::exists(first / kManifestName, ignored)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} is not finished: resume it", first.native()));
  }
  std::vector<PhotoInput> photos;
  InputReader inputs(first);
  while (std::optional<PhotoInput> photo = inputs.next()) photos.push_back(std::move(*photo));
  write_plan(second, std::move(plan), photos);
  ReplayResult result;
  result.interrupted = continue_seizure(second, control, device).interrupted;
  if (result.interrupted) return result;

  std::vector<std::filesystem::path> before = result_files(first), after = result_files(second);
  for (auto* files : {&before, &after}) {
    files->push_back(kManifestName);
    std::sort(files->begin(), files->end());
  }
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                std::back_inserter(result.different));
  std::vector<std::filesystem::path> both;
  std::set_intersection(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(both));
  for (const std::filesystem::path& file : both) {
    if (!have_same_bytes(first / file, second / file)) result.different.push_back(file);
  }
  std::sort(result.different.begin(), result.different.end());
  result.files = static_cast<std::int64_t>(before.size());
  return result;
}

}  // namespace pressmark
