// SPDX-License-Identifier: Apache-2.0
//
// In chunks that begin at the same inputs whatever happens, each of them one commit of the working
// catalogue and then one batch of the journal. A chunk that was committed but not noted before a
// crash is offered again: its photos come back as duplicates, and become what they were.
#include "engine/seizure/intake.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/report/json_values.hpp"
#include "pressmark/error.hpp"

namespace pressmark::seizure {
namespace {

constexpr std::int64_t kChunk = 256;

AddStatus status_from(const std::string& text) {
  for (const AddStatus status : {AddStatus::kAdded, AddStatus::kDuplicate}) {
    if (text == to_string(status)) return status;
  }
  return AddStatus::kFailed;
}

template <typename T>
T value_or(const Json& value, const T& otherwise) {
  return value.is_null() ? otherwise : value.get<T>();
}

IntakeRecord record_from(const Json& value) {
  IntakeRecord record;
  record.status = status_from(value.at("status"));
  record.code = static_cast<ErrorCode>(value.at("code").get<int>());
  record.reason = value.at("reason");
  record.id = value.at("id");
  if (const auto hash = Sha256::from_hex(value_or<std::string>(value.at("sha256"), ""))) {
    record.info.sha256 = *hash;
  }
  record.info.file_bytes = value_or<std::int64_t>(value.at("file_bytes"), 0);
  record.info.format = value_or<std::string>(value.at("format"), "");
  record.info.width_px = value_or(value.at("width_px"), 0);
  record.info.height_px = value_or(value.at("height_px"), 0);
  record.info.orientation = value_or(value.at("orientation"), 1);
  record.keypoints = value.at("keypoints");
  record.quality = value.at("quality");
  return record;
}

// Records of inputs, in order, from what the working catalogue says. Its numbers ascend with the
// inputs, so a number above all before is that of a new photo, even if the catalogue held it
// already.
class Recorder {
 public:
  Recorder(const Catalogue& photos, ImageId last) : photos_(photos), last_(last) {}

  IntakeRecord record(const AddReport& report) {
    IntakeRecord record;
    record.status = report.status;
    record.info = report.info;
    if (report.status == AddStatus::kFailed) {
      record.code = report.code;
      record.reason = report.reason;
      return record;
    }
    record.id = report.id;
    record.status = report.id > last_ ? AddStatus::kAdded : AddStatus::kDuplicate;
    if (record.status == AddStatus::kDuplicate) return record;
    last_ = report.id;
    if (report.status == AddStatus::kAdded) {
      record.keypoints = report.keypoints;
      record.quality = report.quality;
    } else {
      const Description description = photos_.description(report.id);
      record.keypoints = description.keypoint_count();
      record.quality = quality_problem(description);
    }
    return record;
  }

 private:
  const Catalogue& photos_;
  ImageId last_;
};

}  // namespace

Json record_value(const IntakeRecord& record) {
  Json value = {{"status", to_string(record.status)},
                {"code", static_cast<int>(record.code)},
                {"reason", record.reason},
                {"id", record.id}};
  report::put_photo_info(value, record.info);
  value["keypoints"] = record.keypoints;
  value["quality"] = record.quality;
  return value;
}

bool take_in(const std::filesystem::path& directory, const Plan& plan, Catalogue& photos,
             Journal& journal, const RunControl& control) {
  // A torn batch is offered again from its beginning.
  if (journal.size() < plan.inputs) journal.cut(journal.size() / kChunk * kChunk);
  const std::int64_t known = journal.size();
  if (known == plan.inputs) return true;
  ImageId last = 0;
  IntakeReader before(directory);
  while (const auto record = before.next()) last = std::max(last, record->id);
  Recorder recorder(photos, last);

  AddOptions options;
  options.decode = plan.options.decode;
  options.create_seizures = true;
  options.images_per_segment = static_cast<int>(kChunk);
  std::vector<Seizure> declared = plan.declared;
  if (!plan.seizure.name.empty()) declared.push_back(plan.seizure);
  bool is_stopped = false;
  std::vector<PhotoInput> chunk;
  const auto add_chunk = [&] {
    const std::int64_t done = journal.size();
    RunControl part = control;
    if (control.on_progress) {
      part.on_progress = [&](const Progress& now) {
        control.on_progress({done + now.done, plan.inputs});
      };
    }
    std::vector<AddReport> reports;
    const AddSummary summary =
        photos.add(chunk, declared, options, part,
                   [&](const AddReport& report) { reports.push_back(report); });
    is_stopped = summary.interrupted;
    if (is_stopped) return;
    std::vector<Json> records;
    for (const AddReport& report : reports)
      records.push_back(record_value(recorder.record(report)));
    journal.append(records);
    chunk.clear();
  };
  InputReader inputs(directory);
  std::int64_t number = 0;
  while (std::optional<PhotoInput> photo = inputs.next()) {
    if (number++ < known) continue;
    if (photo->facts.seizure.empty()) photo->facts.seizure = plan.seizure.name;
    chunk.push_back(std::move(*photo));
    if (static_cast<std::int64_t>(chunk.size()) == kChunk) add_chunk();
    if (is_stopped) break;
  }
  if (!chunk.empty() && !is_stopped) add_chunk();
  return !is_stopped;
}

IntakeReader::IntakeReader(const std::filesystem::path& directory)
    : lines_(directory / kIntakeName) {}

std::optional<IntakeRecord> IntakeReader::next() {
  const std::optional<Json> record = lines_.next();
  return record ? std::optional(record_from(*record)) : std::nullopt;
}

void for_each_input(
    const std::filesystem::path& directory,
    const std::function<void(std::int64_t number, const PhotoInput&, const IntakeRecord&)>& visit) {
  InputReader inputs(directory);
  IntakeReader intake(directory);
  for (std::int64_t number = 0;; ++number) {
    const std::optional<PhotoInput> photo = inputs.next();
    const std::optional<IntakeRecord> record = intake.next();
    if (!photo || !record) return;
    visit(number, *photo, *record);
  }
}

}  // namespace pressmark::seizure
