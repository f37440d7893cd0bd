// SPDX-License-Identifier: Apache-2.0
#include "tools/render/sets.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <cmath>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "tools/render/printed.hpp"
#include "tools/render/relief.hpp"

namespace pressmark::render {
namespace {

constexpr int kFilesPerFolder = 1000;

// What a random generator is for; part of its key, so that streams never meet.
enum Stream : std::uint64_t { kDesigns = 1, kStyle, kMould, kPhoto, kDistractor };

Partition partition_of_set(const SetOptions& options) {
  if (options.kind == SetKind::kDistractors) {
    return options.is_test ? Partition::kTestDistractors : Partition::kTrainDistractors;
  }
  return options.is_test ? Partition::kTest : Partition::kTrain;
}

Rng rng_for(const SetOptions& options, Stream stream, std::uint64_t a = 0, std::uint64_t b = 0,
            std::uint64_t c = 0) {
  return Rng{options.seed,
             options.is_test ? 2U : 1U,
             static_cast<std::uint64_t>(options.kind),
             stream,
             a,
             b,
             c};
}

int field_px_for(const SetOptions& options) {
  return static_cast<int>(std::lround(kField_px * options.size_px / 640 / 2)) * 2;
}

// Name of the photo of that number, with a folder where there are many.
std::string file_name(int number, int total, const std::string& stem) {
  if (total <= kFilesPerFolder) return stem + ".jpg";
  return fmt::format("{:03}/{}.jpg", number / kFilesPerFolder, stem);
}

void write_file(const std::filesystem::path& path, const char* data, std::size_t size) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream stream(path, std::ios::binary);
  stream.write(data, static_cast<std::streamsize>(size));
  if (!stream.flush()) throw std::runtime_error("cannot write " + path.string());
}

void write_photo(const SetOptions& options, const std::string& file, const Photo& photo) {
  write_file(options.directory / file, reinterpret_cast<const char*>(photo.jpeg.data()),
             photo.jpeg.size());
}

void write_mould_photos(const SetOptions& options, const Design& design, int d, int m,
                        std::vector<std::string>& lines) {
  const int total = options.designs * options.moulds * options.photos;
  Rng style_rng = rng_for(options, kStyle, d);
  const MouldStyle style = make_style(design, field_px_for(options), style_rng);
  Rng mould_rng = rng_for(options, kMould, d, m);
  const Mould mould = make_mould(design, style, field_px_for(options), mould_rng);
  for (int i = 0; i < options.photos; ++i) {
    const int number = (d * options.moulds + m) * options.photos + i;
    Truth truth;
    truth.design = fmt::format("d{:04}", d);
    truth.identity = fmt::format("d{:04}m{:02}", d, m);
    truth.file = file_name(number, total, fmt::format("{}_{:02}", truth.identity, i));
    Rng rng = rng_for(options, kPhoto, d, m, i);
    const Photo photo = render_relief(mould, options.physics, options.size_px, rng, truth);
    write_photo(options, truth.file, photo);
    lines[number] = truth_line(truth, photo);
  }
}

void write_print_photos(const SetOptions& options, const Design& design, int d,
                        std::vector<std::string>& lines) {
  const int total = options.designs * options.photos;
  Rng print_rng = rng_for(options, kMould, d);
  const Print print = make_print(design, field_px_for(options), print_rng);
  for (int i = 0; i < options.photos; ++i) {
    const int number = d * options.photos + i;
    Truth truth;
    truth.design = fmt::format("d{:04}", d);
    truth.identity = truth.design + "m00";
    truth.file = file_name(number, total, fmt::format("{}_{:02}", truth.identity, i));
    Rng rng = rng_for(options, kPhoto, d, 0, i);
    const Photo photo = render_print(print, options.physics, options.size_px, rng, truth);
    write_photo(options, truth.file, photo);
    lines[number] = truth_line(truth, photo);
  }
}

Photo render_distractor(const Assets& assets, const SetOptions& options, Rng& rng, Truth& truth) {
  const int field = field_px_for(options);
  const double dice = rng.uniform();
  if (dice < 0.2) {
    truth.kind = "wrapping";
    return render_print(make_wrapping(field, rng), options.physics, options.size_px, rng, truth);
  }
  const Design design = make_design(assets, partition_of_set(options), rng, nullptr);
  if (dice < 0.4) {
    return render_print(make_print(design, field, rng), options.physics, options.size_px, rng,
                        truth);
  }
  const MouldStyle style = make_style(design, field, rng);
  const bool is_blank = dice < 0.58;
  if (is_blank) truth.kind = "texture";
  const Mould mould =
      is_blank ? make_blank(style, field, rng) : make_mould(design, style, field, rng);
  return render_relief(mould, options.physics, options.size_px, rng, truth);
}

void write_distractor(const Assets& assets, const SetOptions& options, int number,
                      std::string& line) {
  Truth truth;
  truth.identity = fmt::format("x{:07}", number);
  truth.file = file_name(number, options.count, truth.identity);
  Rng rng = rng_for(options, kDistractor, number);
  const Photo photo = render_distractor(assets, options, rng, truth);
  write_photo(options, truth.file, photo);
  line = truth_line(truth, photo);
}

}  // namespace

std::vector<Design> set_designs(const Assets& assets, const SetOptions& options) {
  Rng rng = rng_for(options, kDesigns);
  std::set<std::string> used;
  std::vector<Design> designs;
  for (int i = 0; i < options.designs; ++i) {
    designs.push_back(make_design(assets, partition_of_set(options), rng, &used));
  }
  return designs;
}

void write_set(const Assets& assets, const SetOptions& options) {
  const int threads = options.threads > 0
                          ? options.threads
                          : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
  cv::setNumThreads(1);
  std::vector<std::string> lines;
  if (options.kind == SetKind::kRelief) {
    const std::vector<Design> designs = set_designs(assets, options);
    lines.resize(static_cast<std::size_t>(options.designs) * options.moulds * options.photos);
    tbb::parallel_for(0, options.designs * options.moulds, [&](int i) {
      write_mould_photos(options, designs[i / options.moulds], i / options.moulds,
                         i % options.moulds, lines);
    });
  }
  if (options.kind == SetKind::kPrinted) {
    const std::vector<Design> designs = set_designs(assets, options);
    lines.resize(static_cast<std::size_t>(options.designs) * options.photos);
    tbb::parallel_for(0, options.designs,
                      [&](int i) { write_print_photos(options, designs[i], i, lines); });
  }
  if (options.kind == SetKind::kDistractors) {
    lines.resize(options.count);
    tbb::parallel_for(0, options.count,
                      [&](int i) { write_distractor(assets, options, i, lines[i]); });
  }
  std::string truth = truth_header();
  for (const std::string& line : lines) truth += line;
  write_file(options.directory / "truth.csv", truth.data(), truth.size());
}

}  // namespace pressmark::render
