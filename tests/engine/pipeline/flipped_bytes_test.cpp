// SPDX-License-Identifier: Apache-2.0
//
// Each byte of each file of a catalogue is changed in turn: what uses the catalogue then says so
// with an error that names it, or answers as if nothing had happened. Never a crash, never another
// answer without a word, and never is a file removed. Work is done in children, so that a crash
// is found with its position, and is divided among processors. By default some positions of each
// file are tried; with PRESSMARK_FLIPS=N so many, with PRESSMARK_ALL_BYTES=1 all, which takes two
// hours of processor time.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include "pipeline_fixture.hpp"

namespace pressmark {
namespace {

namespace fs = std::filesystem;

// Checksums of the database's pages came with this format.
constexpr int kFormatWithPageChecksums = 3;

// So many positions of each file.
std::size_t positions_of(std::size_t bytes) {
  constexpr std::size_t kByDefault = 60;
  if (std::getenv("PRESSMARK_ALL_BYTES") != nullptr) return bytes;
  const char* const wanted = std::getenv("PRESSMARK_FLIPS");
  return wanted == nullptr ? kByDefault
                           : std::max<std::size_t>(1, std::strtoull(wanted, nullptr, 10));
}

std::string bytes_of_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_file(const fs::path& file, const std::string& bytes) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << bytes;
  if (!stream.flush()) throw std::runtime_error("cannot write " + file.native());
}

std::vector<std::string> names_below(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) {
      names.push_back(entry.path().lexically_relative(directory).native());
    }
  }
  return names;
}

std::map<std::string, std::string> files_below(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const std::string& name : names_below(directory)) {
    files[name] = bytes_of_file(directory / name);
  }
  return files;
}

// What is found for one changed byte.
enum class Outcome : char { kSame = 's', kRefused = 'r', kOther = 'o', kWrong = 'w' };

class FlippedBytes : public test::PipelineTest {
 protected:
  // A quarter of the time goes into reading the query.
  PhotoInput small_photo(int number) const {
    return write(fmt::format("{}.png", number),
                 test::test_picture(96, 72, static_cast<std::uint64_t>(number) + 1));
  }

  // Everything a catalogue answers, to the last bit.
  std::string answers(const fs::path& directory) const {
    const Catalogue catalogue = Catalogue::open(directory, Catalogue::Access::kRead);
    const CatalogueInfo info = catalogue.info();
    // How the index is made up is not: where a file of it is damaged, it is not used.
    std::string all = fmt::format("{} {} {} {} {} {} {} {} {} {} {}\n", info.format_version,
                                  info.model_id, info.model_name, info.describe.long_side_px,
                                  info.describe.max_keypoints, info.images, info.removed,
                                  info.seizures, info.packages, info.keypoints, info.segments);
    for (const SeizureInfo& seizure : catalogue.list_seizures()) {
      all += fmt::format("{} {} {} {} {} {}\n", seizure.seizure.name, seizure.seizure.place,
                         seizure.seizure.date, seizure.seizure.agency, seizure.packages,
                         seizure.images);
    }
    catalogue.list_images({}, [&](const CatalogueImage& image) {
      all += text_of(image);
      if (const auto found = catalogue.find(image.id)) all += text_of(*found);
      all += fmt::format("{}\n", catalogue.find_by_hash(image.info.sha256.hex()).size());
      all += fmt::format("{}\n", catalogue.description(image.id) == descriptions_.at(image.id));
      return true;
    });
    RunControl alone;
    alone.threads = 1;
    for (const QueryResult& result : match(catalogue, {query_}, {}, alone)) {
      all += fmt::format("{} {} {} {}\n", result.ok, result.reason, result.candidates,
                         result.hits.size());
      for (const Hit& hit : result.hits) {
        all += text_of(hit.image);
        all += fmt::format("{} {} {}\n", hit.verification.score, hit.verification.evidence,
                           hit.expected_false_hits);
      }
    }
    return all;
  }

  static std::string text_of(const CatalogueImage& image) {
    const PhotoInfo& info = image.info;
    std::string text = fmt::format(
        "{} {} {} {} {} {} {} {} {} {} {} {} {} {}\n", image.id, image.file.native(),
        image.keypoints, image.added_at, info.sha256.hex(), info.file_bytes, info.format,
        info.width_px, info.height_px, info.orientation, image.facts.seizure, image.facts.package,
        to_string(image.facts.kind), image.facts.metadata_json);
    if (image.facts.scale_mm_per_px) text += fmt::format("{}\n", *image.facts.scale_mm_per_px);
    if (const auto& region = image.facts.region) {
      text += fmt::format("{} {} {} {}\n", region->x, region->y, region->width, region->height);
    }
    return text;
  }

  // In a child, because what describes photos starts threads, and a process with threads should
  // not be copied.
  void build() {
    {
      Catalogue catalogue = Catalogue::create(place(), test::test_model({2, 8, 1}),
                                              {.long_side_px = 64, .max_keypoints = 16});
      std::vector<PhotoInput> photos = {small_photo(0), small_photo(1), small_photo(2)};
      for (PhotoInput& photo : photos) photo.facts.seizure = "S";
      photos[1].facts.package = "P";
      photos[1].facts.scale_mm_per_px = 0.25;
      photos[2].facts.metadata_json = R"({"weight": "1 kg"})";
      for (const AddReport& report : add(catalogue, photos, {}, {}, {{"S", "Porto", "2024", ""}})) {
        if (report.status != AddStatus::kAdded) throw std::runtime_error(report.reason);
      }
      catalogue.remove(std::vector<ImageId>{2});
    }
    write_file(place() / "writer.lock", "4711\n");  // as a crash leaves it
  }

  void remember_descriptions(const fs::path& directory) {
    const Catalogue catalogue = Catalogue::open(directory, Catalogue::Access::kRead);
    catalogue.list_images({}, [&](const CatalogueImage& image) {
      descriptions_[image.id] = catalogue.description(image.id);
      return true;
    });
  }

  // `problem` where it is kWrong: what was expected of the file `name`, and was not found.
  Outcome examine(const fs::path& copy, const std::string& name, const std::string& expected,
                  std::string& problem) const {
    std::string found;
    try {
      found = answers(copy);
    } catch (const Error& error) {
      // The segment that a damaged row names, or the model that a damaged setting states, is where
      // the contradiction shows.
      const std::string message = error.what();
      if (message.find(copy.native()) == std::string::npos || message.find('\n') != message.npos) {
        problem = "an error that names no file: " + message;
        return Outcome::kWrong;
      }
      if (name.starts_with("segments/") && message.find(name) == std::string::npos) {
        problem = "an error that names another file: " + message;
        return Outcome::kWrong;
      }
      return Outcome::kRefused;
    } catch (const std::exception& error) {
      problem = std::string("another exception: ") + error.what();
      return Outcome::kWrong;
    }
    return found == expected ? Outcome::kSame : Outcome::kOther;
  }

  // A writer, which removes what crashes leave, must not take the needed for that.
  static void open_to_write(const fs::path& copy) {
    try {
      Catalogue::open(copy, Catalogue::Access::kWrite);
    } catch (const Error&) {
    }
  }

  // The changes of a file that a worker makes: position i where i % workers == worker.
  void flip(const std::string& name, std::size_t step, std::size_t worker, std::size_t workers,
            int report) {
    const fs::path copy = directory_.path() / fmt::format("copy-{}", worker);
    fs::copy(place(), copy, fs::copy_options::recursive);
    remember_descriptions(copy);
    const std::map<std::string, std::string> files = files_below(place());
    const std::string& bytes = files.at(name);
    const std::string expected = answers(copy);
    std::mt19937 random(static_cast<unsigned>(worker) + 1);
    for (std::size_t at = worker * step; at < bytes.size(); at += workers * step) {
      const int pattern = 1 << random() % 8 | static_cast<int>(random() & 0xff);
      for (const int mask : {pattern, 0xff}) {
        tell(report, fmt::format("at {} {:02x}\n", at, mask));
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ mask);
        write_file(copy / name, damaged);
        std::string problem;
        const Outcome outcome = examine(copy, name, expected, problem);
        open_to_write(copy);
        for (const std::string& file : names_below(copy)) {
          if (!files.contains(file)) fs::remove(copy / file);
        }
        for (const auto& [file, contents] : files) {
          if (file.starts_with("segments/") && !fs::exists(copy / file)) {
            problem += " and " + file + " was removed";
          }
          if (file == name || !file.starts_with("model/")) {
            write_file(copy / file, contents);
          }
        }
        const Outcome told = problem.empty() ? outcome : Outcome::kWrong;
        tell(report, fmt::format("{} {}\n", static_cast<char>(told), problem));
      }
    }
    fs::remove_all(copy);
    tell(report, "end\n");
  }

  static void tell(int report, const std::string& line) {
    if (::write(report, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(4);
  }

  // Runs `body` in a child, which writes to the descriptor that it is given. What it wrote is there
  // once the child was waited for: a file, and no pipe, which would make children wait until they
  // are read one after the other.
  static std::FILE* in_child(const std::function<void(int)>& body) {
    std::FILE* const report = std::tmpfile();
    if (report == nullptr) throw std::runtime_error("cannot make a temporary file");
    if (::fork() == 0) {
      try {
        body(::fileno(report));
      } catch (const std::exception& error) {
        tell(::fileno(report), fmt::format("w {}\n", error.what()));
      }
      ::_exit(0);
    }
    return report;
  }

  static void wait_for_children() {
    while (::wait(nullptr) > 0) {
    }
  }

  struct Counts {
    int same = 0, refused = 0, other = 0;
  };

  Counts flip_all(const std::string& name) {
    const std::size_t size = fs::file_size(place() / name);
    const std::size_t step = std::max<std::size_t>(1, size / positions_of(size)) | 1;
    const std::size_t workers = std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::FILE*> reports;
    for (std::size_t worker = 0; worker < workers; ++worker) {
      reports.push_back(in_child([&](int report) { flip(name, step, worker, workers, report); }));
    }
    wait_for_children();
    Counts counts;
    for (std::FILE* report : reports) {
      std::rewind(report);
      char line[4096];
      std::string position = "before the first";
      bool ended = false;
      while (std::fgets(line, sizeof line, report) != nullptr) {
        const std::string_view text(line);
        ended = text.starts_with("end");
        counts.same += text[0] == 's';
        counts.refused += text[0] == 'r';
        counts.other += text[0] == 'o';
        if (text[0] == 'a') position = line;
        if (text[0] == 'o') others_.push_back(position);
        if (text[0] == 'w') ADD_FAILURE() << name << " " << position << line;
      }
      EXPECT_TRUE(ended) << "the process ended at " << name << " " << position;
      std::fclose(report);
    }
    std::printf("%s: %d refused, %d harmless, %d answered otherwise, of %zu bytes\n", name.c_str(),
                counts.refused, counts.same, counts.other, size);
    return counts;
  }

  // Of a new catalogue, the files whose names are chosen.
  void flip_files(const std::function<bool(const std::string&)>& is_chosen) {
    query_ = small_photo(0);
    std::FILE* built = in_child([&](int) { build(); });
    wait_for_children();
    std::rewind(built);
    EXPECT_EQ(std::fgetc(built), EOF);
    std::fclose(built);
    const std::map<std::string, std::string> files = files_below(place());
    const int format = static_cast<unsigned char>(files.at("catalogue.sqlite")[63]);
    for (const auto& [name, bytes] : files) {
      if (bytes.empty() || !is_chosen(name)) continue;
      const Counts counts = flip_all(name);
      // Format 2 keeps no checksums of the database's pages.
      if (format >= kFormatWithPageChecksums || name != "catalogue.sqlite") {
        EXPECT_EQ(counts.other, 0) << name << " " << testing::PrintToString(others_);
      }
      // Files of the index can be done without.
      const bool needed = name != "writer.lock" && !name.starts_with("index/");
      EXPECT_EQ(counts.refused > 0, needed) << name;
      others_.clear();
    }
  }

  PhotoInput query_;
  std::map<ImageId, Description> descriptions_;
  std::vector<std::string> others_;  // positions
};

TEST_F(FlippedBytes, OfTheDatabaseAreFoundOrHarmless) {
  flip_files([](const std::string& name) { return name == "catalogue.sqlite"; });
}

TEST_F(FlippedBytes, OfSegmentsAreFoundOrHarmless) {
  flip_files([](const std::string& name) { return name.starts_with("segments/"); });
}

TEST_F(FlippedBytes, OfTheModelAreFoundOrHarmless) {
  flip_files([](const std::string& name) { return name.starts_with("model/"); });
}

// Among them files of indexes, where there are any.
TEST_F(FlippedBytes, OfAllOtherFilesAreFoundOrHarmless) {
  flip_files([](const std::string& name) {
    return name != "catalogue.sqlite" && !name.starts_with("segments/") &&
           !name.starts_with("model/");
  });
}

}  // namespace
}  // namespace pressmark
