// SPDX-License-Identifier: Apache-2.0
//
// write_seizure_run DIR PHOTOS
//
// For tests of the report in a browser: writes DIR/run, a finished run of a seizure of so many
// photos, and DIR/truth.json, what its report must say. Results and report are written by the
// engine as ever; the journals before them are made up, so that a seizure of thousands takes
// seconds. A few marks are linked to catalogued seizures, and these pairs are really described and
// verified. Names are as unkind to a page as they may be.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/image/image.hpp"
#include "engine/seizure/answers.hpp"
#include "engine/seizure/intake.hpp"
#include "engine/seizure/journal.hpp"
#include "engine/seizure/plan.hpp"
#include "engine/store/store.hpp"
#include "pressmark/catalogue.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/seizure.hpp"
#include "tests/support/image_encoders.hpp"
#include "tests/support/test_model.hpp"

namespace pressmark::test {
namespace {

namespace fs = std::filesystem;
using seizure::Answer;
using seizure::IntakeRecord;
using seizure::Json;
using seizure::PairFigures;

constexpr int kWidth = 240, kHeight = 180, kQuality = 80;
constexpr int kLinkedMarks = 24;  // that the catalogue knows
constexpr int kScenes = 72;       // different scenes
constexpr int kSeizures = 9;      // that are catalogued
constexpr int kViews = 2;         // different pictures of a mark
constexpr std::size_t kBadEvery = 40;
constexpr int kNeighbours = 3;  // photos of a mark that a photo of it is linked with
const DescribeOptions kDescribe{.long_side_px = 192, .max_keypoints = 128};

// How many photos each mark has: few have many, many have one.
std::vector<int> sizes_of_marks(int photos) {
  std::vector<int> sizes;
  const int most = std::max(2, photos / 6);
  for (int left = photos; left > 0;) {
    const int size = std::min(left, std::max(1, most / static_cast<int>(sizes.size() + 1)));
    sizes.push_back(size);
    left -= size;
  }
  return sizes;
}

Picture view_of(const Picture& scene, int view) {
  Picture turned{scene.width, scene.height, scene.channels, Bytes(scene.pixels.size())};
  const cv::Mat from(scene.height, scene.width, CV_8UC3,
                     const_cast<std::uint8_t*>(scene.pixels.data()));
  cv::Mat to(scene.height, scene.width, CV_8UC3, turned.pixels.data());
  const cv::Point2f centre(static_cast<float>(scene.width) / 2.0f,
                           static_cast<float>(scene.height) / 2.0f);
  cv::warpAffine(from, to, cv::getRotationMatrix2D(centre, 10.0 + 25 * view, 0.95 - 0.1 * view),
                 to.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar(120, 120, 120));
  return turned;
}

// Marks that are not linked share pictures: nothing looks at them closely.
Picture scene_of(int mark) {
  return test_picture(kWidth, kHeight, 5000u + static_cast<std::uint64_t>(mark % kScenes));
}

void write_bytes(const fs::path& file, const Bytes& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  if (!stream.flush()) throw std::runtime_error("cannot write " + file.string());
}

PairFigures figures_of(ImageId other, const Verification& v) {
  return {other,           v.score,         v.evidence, v.inlier_count, v.dense.agreeing_cells,
          v.mould.verdict, v.mould.evidence};
}

// A photo before it is known to a run.
struct Photo {
  fs::path file;
  Bytes jpeg;
  int mark = 0, view = 0;
};

class RunWriter {
 public:
  RunWriter(const fs::path& directory, int photos)
      : directory_(fs::absolute(directory)),
        run_(directory_ / "run"),
        sizes_(sizes_of_marks(photos)),
        engine_(test_model({2, 8, 1}), kDescribe) {
    fs::create_directories(directory_ / "photos");
    fs::create_directories(directory_ / "known");
  }

  void write() {
    write_catalogue();
    write_photos();
    seizure::Journal intake(prepared_run() / seizure::kIntakeName);
    intake.append(intake_);
    describe_photos();
    seizure::Journal answers(run_ / seizure::kAnswersName);
    std::vector<Json> records;
    for (std::size_t i = 0; i < photos_.size(); ++i) records.push_back(record_value(answer_of(i)));
    answers.append(records);
    const SeizureSummary summary = continue_seizure(run_, {});
    // A link or two may miss the threshold, which the report has to show as well.
    if (summary.marks != std::ssize(sizes_) || summary.linked_marks <= linked_marks() / 2) {
      throw std::runtime_error(fmt::format("the run found {} marks and {} linked ones",
                                           summary.marks, summary.linked_marks));
    }
    write_truth(summary);
  }

 private:
  int linked_marks() const { return std::min(kLinkedMarks, static_cast<int>(sizes_.size())); }

  void write_catalogue() {
    std::vector<Seizure> seizures;
    for (int i = 0; i < kSeizures; ++i) {
      seizures.push_back(
          {i == 0 ? "<b>2019</b> & \"sons\"" : fmt::format("2{:03}-{}", 15 + i, 40 + i * 7),
           i % 3 == 0   ? "Köln"
           : i % 3 == 1 ? "Rotterdam"
                        : "مرسيليا",
           fmt::format("20{:02}-{:02}-1{}", 15 + i, 1 + i, i % 10), "Customs"});
    }
    Catalogue catalogue = Catalogue::create(directory_ / "catalogue", engine_.model(), kDescribe);
    std::vector<PhotoInput> inputs;
    for (int mark = 0; mark < linked_marks(); ++mark) {
      PhotoInput& input = inputs.emplace_back();
      input.file = directory_ / "known" / fmt::format("known_{}.jpg", mark);
      write_bytes(input.file, make_jpeg(scene_of(mark), {kQuality}));
      const int seizure = (mark * mark + mark / 2) % kSeizures;
      input.facts.seizure = seizures[static_cast<std::size_t>(seizure)].name;
      input.facts.package = fmt::format("P{}", mark);
      input.facts.metadata_json =
          fmt::format(R"({{"latitude": {}, "longitude": {}}})", 43 + seizure, 4 + 2 * seizure % 9);
    }
    catalogue.add(inputs, seizures, {}, {}, [](const AddReport& report) {
      if (report.status != AddStatus::kAdded) throw std::runtime_error(report.reason);
    });
    known_ = Catalogue::open(directory_ / "catalogue", Catalogue::Access::kRead);
  }

  // Photos of all marks in turn, as a camera would have them, and files that cannot be used.
  void write_photos() {
    std::vector<std::vector<Bytes>> views(kScenes);
    std::vector<int> left = sizes_;
    while (*std::max_element(left.begin(), left.end()) > 0) {
      for (std::size_t mark = 0; mark < left.size(); ++mark) {
        if (left[mark] == 0) continue;
        const int view = --left[mark] % kViews;
        std::vector<Bytes>& known = views[mark % kScenes];
        if (known.empty()) {
          const Picture scene = scene_of(static_cast<int>(mark));
          for (int i = 0; i < kViews; ++i)
            known.push_back(make_jpeg(view_of(scene, i), {kQuality}));
        }
        // What stands behind the end of a JPEG makes it another file of the same picture.
        const std::string number = std::to_string(photos_.size());
        Photo& photo = photos_.emplace_back();
        photo.file = directory_ / "photos" / fmt::format("IMG_{:05}.jpg", photos_.size());
        photo.jpeg = joined({known[static_cast<std::size_t>(view)], bytes_of(number)});
        photo.mark = static_cast<int>(mark);
        photo.view = view;
      }
    }
    photos_.front().file =
        directory_ / "photos" / ("<img src=x onerror=alert(1)>" + std::string(90, 'w') + ".jpg");
  }

  // The plan, and the journal of what became of its inputs.
  fs::path prepared_run() {
    PhotoList list;
    for (std::size_t i = 0; i < photos_.size(); ++i) {
      const Photo& photo = photos_[i];
      write_bytes(photo.file, photo.jpeg);
      PhotoInput& input = list.photos.emplace_back();
      input.file = photo.file;
      input.facts.seizure = "own";
      if (i % 3 != 0) input.facts.package = fmt::format("brick {}", i / 2);
      if (photo.mark == 1) input.mark = "eagle <i>& crown";
      if (i == 0) input.facts.metadata_json = R"({"latitude": 53.5, "longitude": 10})";
      IntakeRecord record;
      record.status = AddStatus::kAdded;
      record.id = static_cast<ImageId>(i) + 1;
      record.info = info_of(photo);
      record.keypoints = kDescribe.max_keypoints;
      intake_.push_back(record_value(record));
      if (i % kBadEvery != 0) continue;
      ++bad_;
      list.photos.push_back({directory_ / "photos" / fmt::format("bad_{}.jpg", i), {}, {}});
      IntakeRecord bad;
      bad.reason = "JPEG is damaged or cut off: premature end of the <data>";
      bad.code = ErrorCode::kCorruptData;
      intake_.push_back(record_value(bad));
    }
    begin_seizure(run_, directory_ / "catalogue", list,
                  {"2026-\"7\" <script>alert(1)</script>", "Hamburg", "2026-02-03", "Customs"}, {});
    return run_;
  }

  static PhotoInfo info_of(const Photo& photo) {
    PhotoInfo info;
    info.sha256 = image::sha256(photo.jpeg);
    info.file_bytes = std::ssize(photo.jpeg);
    info.format = "JPEG";
    info.width_px = kWidth;
    info.height_px = kHeight;
    return info;
  }

  // The working catalogue. Only what is compared on a page needs a description of its own.
  void describe_photos() {
    const fs::path place = run_ / seizure::kPhotosName;
    Catalogue::create(place, engine_.model(), kDescribe);
    store::Store store(place, Catalogue::Access::kWrite);
    store.put_seizure({"own", "", "", ""});
    described_.resize(static_cast<std::size_t>(linked_marks()) * kViews);
    constexpr std::size_t kCommitted = 512;
    for (std::size_t first = 0; first < photos_.size(); first += kCommitted) {
      std::vector<store::NewImage> images;
      for (std::size_t i = first; i < std::min(first + kCommitted, photos_.size()); ++i) {
        const Photo& photo = photos_[i];
        store::NewImage& image = images.emplace_back();
        image.file = photo.file;
        image.info = info_of(photo);
        image.facts.seizure = "own";
        if (i % 3 != 0) image.facts.package = fmt::format("brick {}", i / 2);
        image.description = description_of(photo);
      }
      store.commit(images);
    }
  }

  const Description& description_of(const Photo& photo) {
    const bool is_linked = photo.mark < linked_marks();
    Description& description =
        described_[is_linked ? static_cast<std::size_t>(photo.mark * kViews + photo.view) : 0];
    if (description.keypoint_count() == 0) {
      DescribedPhoto described = engine_.describe_file(photo.file);
      if (!described.ok) throw std::runtime_error(described.reason);
      description = std::move(described.description);
    }
    return description;
  }

  // A photo is linked with the next ones of its mark, firmly; those of a linked mark in
  // its first view hit the catalogued image.
  Answer answer_of(std::size_t index) {
    const Photo& photo = photos_[index];
    Answer answer;
    answer.photo = static_cast<ImageId>(index) + 1;
    int mates = 0;
    for (std::size_t i = index + 1; i < photos_.size() && mates < kNeighbours; ++i) {
      if (photos_[i].mark != photo.mark) continue;
      const double score = 30 - 2.5 * mates - static_cast<double>(index % 7);
      answer.within.push_back({static_cast<ImageId>(i) + 1, score, 2 * score, 40 - mates, 30,
                               i % 5 == 0 ? MouldVerdict::kSame : MouldVerdict::kCannotTell, 0.4});
      answer.compared.push_back(static_cast<ImageId>(i) + 1);
      ++mates;
    }
    if (photo.mark < linked_marks() && photo.view == 0) {
      const auto [place, is_new] = outside_.try_emplace(photo.mark);
      if (is_new) {
        const ImageId other = photo.mark + 1;
        place->second =
            figures_of(other, engine_.verify(description_of(photo), known_->description(other)));
      }
      answer.outside.push_back(place->second);
    }
    return answer;
  }

  void write_truth(const SeizureSummary& summary) const {
    const Json truth = {{"photos", photos_.size()},
                        {"marks", summary.marks},
                        {"linked_marks", summary.linked_marks},
                        {"linked_seizures", summary.linked_seizures},
                        {"not_compared", bad_},
                        {"most_photos", sizes_.front()}};
    write_bytes(directory_ / "truth.json", bytes_of(truth.dump(2)));
  }

  fs::path directory_, run_;
  std::vector<int> sizes_;
  Engine engine_;
  std::vector<Photo> photos_;
  std::vector<Json> intake_;
  std::vector<Description> described_;  // of linked marks, by mark and view
  std::map<int, PairFigures> outside_;  // by mark: its photos of one view are the same picture
  std::optional<Catalogue> known_;
  int bad_ = 0;
};

}  // namespace
}  // namespace pressmark::test

int main(int argc, char** argv) {
  int photos = 0;
  if (argc == 3)
    std::from_chars(argv[2], argv[2] + std::char_traits<char>::length(argv[2]), photos);
  if (photos < 1) {
    std::fputs("usage: write_seizure_run DIR PHOTOS\n", stderr);
    return 2;
  }
  try {
    pressmark::test::RunWriter(argv[1], photos).write();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "write_seizure_run: %s\n", error.what());
    return 1;
  }
  return 0;
}
