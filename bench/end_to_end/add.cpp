// SPDX-License-Identifier: Apache-2.0
//
// How fast does `add` take photos in, and does its memory stay flat? Writes COUNT different JPEG
// photos (1600 x 1200) made from one picture, then, in a process of its own for each row, decodes
// them or adds them, and prints photos per second and peak memory.
//
// usage: bench_add PICTURE [COUNT]
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "engine/image/image.hpp"
#include "pressmark/catalogue.hpp"

namespace {

using namespace pressmark;

void write_photos(const std::filesystem::path& picture, const std::filesystem::path& folder,
                  int count) {
  const image::Photo photo = image::decode(image::read_file(picture, 1 << 30), {});
  const cv::Mat original(photo.pixels.height, photo.pixels.width,
                         photo.pixels.channels == 3 ? CV_8UC3 : CV_8UC1,
                         const_cast<std::uint8_t*>(photo.pixels.pixels.data()));
  for (int i = 0; i < count; ++i) {
    const cv::Mat turn = cv::getRotationMatrix2D(
        {static_cast<float>(original.cols) / 2, static_cast<float>(original.rows) / 2}, i * 0.36,
        1.0);
    cv::Mat view;
    cv::warpAffine(original, view, turn, original.size(), cv::INTER_LINEAR, cv::BORDER_REFLECT_101);
    image::PixelBuffer pixels{1600, 1200, view.channels(), {}};
    pixels.pixels.resize(std::size_t{1600} * 1200 * static_cast<std::size_t>(view.channels()));
    cv::resize(view, cv::Mat(1200, 1600, view.type(), pixels.pixels.data()), {1600, 1200});
    const image::Bytes jpeg = image::encode_jpeg(pixels, 90);
    std::ofstream(folder / fmt::format("{:06}.jpg", i), std::ios::binary)
        .write(reinterpret_cast<const char*>(jpeg.data()),
               static_cast<std::streamsize>(jpeg.size()));
  }
}

std::vector<PhotoInput> first_photos(const std::filesystem::path& folder, int count) {
  std::vector<PhotoInput> photos;
  for (int i = 0; i < count; ++i) photos.push_back({folder / fmt::format("{:06}.jpg", i), {}, {}});
  return photos;
}

// Runs the work in a child process, so that its peak memory is its own.
void measure(const char* name, int count, const std::function<void()>& work) {
  std::fflush(stdout);
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (status != 0) {
    fmt::print("{:<24} failed\n", name);
    std::exit(1);
  }
  fmt::print("{:<24} {:>6} photos  {:>7.1f} photos/s  {:>6.1f} MB peak\n", name, count,
             count / seconds, static_cast<double>(usage.ru_maxrss) / 1024);
}

void add(const std::filesystem::path& catalogue, const std::filesystem::path& photos, int count,
         int threads) {
  Catalogue target = Catalogue::create(catalogue, Model::load_default());
  RunControl control;
  control.threads = threads;
  const AddSummary summary = target.add(first_photos(photos, count), {}, {}, control, {});
  if (summary.added != count) std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fputs("usage: bench_add PICTURE [COUNT]\n", stderr);
    return 2;
  }
  const int count = argc == 3 ? std::atoi(argv[2]) : 1000;
  std::string name = (std::filesystem::temp_directory_path() / "pressmark-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    std::perror("bench_add");
    return 1;
  }
  const std::filesystem::path folder = name;
  write_photos(argv[1], folder, count);
  measure("decode alone, 1 thread", count, [&] {
    for (const PhotoInput& photo : first_photos(folder, count)) {
      image::decode(image::read_file(photo.file, 1 << 30), {}, 1024);
    }
  });
  for (const auto& [photos, threads] :
       {std::pair{count / 10, 1}, {count, 1}, {count / 10, 2}, {count, 2}}) {
    measure(fmt::format("add, {} thread{}", threads, threads == 1 ? "" : "s").c_str(), photos,
            [&, photos = photos, threads = threads] {
              add(folder / fmt::format("catalogue-{}-{}", photos, threads), folder, photos,
                  threads);
            });
  }
  std::filesystem::remove_all(folder);
  return 0;
}
