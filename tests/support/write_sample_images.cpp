// SPDX-License-Identifier: Apache-2.0
//
// write_sample_images DIR
//
// For tests that drive the program from outside: writes
//   good/, bad/  the files of sample_images.hpp, and further odd ones made for the command line
//   scenes/      textured pictures, each of another scene
//   views/       the same scenes turned, shrunk and darkened: view_N shows scene_N
//   strangers/   scenes that no other folder shows
//   index.json   what is to be expected: [{"file", "width", "height"}] under "good",
//                [{"file", "code", "reason"}] under "bad", where `reason` is a part of the message
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "pressmark/error.hpp"
#include "tests/support/image_encoders.hpp"
#include "tests/support/sample_images.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::test {
namespace {

namespace fs = std::filesystem;

constexpr int kScenes = 6, kStrangers = 2;
constexpr int kWidth = 480, kHeight = 360;

void write_file(const fs::path& file, const Bytes& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  if (!stream.flush()) throw std::runtime_error("cannot write " + file.string());
}

// Alpha that varies, one pixel, and a picture that shows nothing: good files, though odd.
void add_odd_samples(std::vector<SampleFile>& files) {
  const Picture picture = sample_picture();
  Picture bgra{picture.width, picture.height, 4, {}};
  std::vector<std::uint16_t> rgba;
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    const std::uint8_t* bgr = &picture.pixels[i];
    const auto alpha = static_cast<std::uint8_t>(128 + i % 128);
    bgra.pixels.insert(bgra.pixels.end(), {bgr[0], bgr[1], bgr[2], alpha});
    for (std::uint8_t value : {bgr[2], bgr[1], bgr[0], alpha}) rgba.push_back(value);
  }
  files.push_back({"alpha.png",
                   make_png(picture.width, picture.height, rgba, {.colour = PngColour::kRgba}),
                   picture.width, picture.height});
  files.push_back({"alpha.webp", make_webp_alpha(bgra), picture.width, picture.height});
  files.push_back({"one_pixel.png", make_png(test_picture(1, 1)), 1, 1});
  files.push_back({"one_pixel.jpg", make_jpeg(test_picture(1, 1)), 1, 1});
  Picture flat{64, 48, 3, Bytes(std::size_t{64} * 48 * 3, 128)};
  files.push_back({"flat.png", make_png(flat), 64, 48});
}

// The scene turned by 20 degrees about its centre and shrunk, with less light, 8-bit bilinear.
Picture view_of(const Picture& scene) {
  constexpr double kAngle = 0.349, kScale = 0.85, kLight = 0.8;
  const double cosine = std::cos(kAngle) / kScale, sine = std::sin(kAngle) / kScale;
  const double centre_x = (scene.width - 1) / 2.0, centre_y = (scene.height - 1) / 2.0;
  Picture view{scene.width, scene.height, scene.channels, {}};
  for (int y = 0; y < view.height; ++y) {
    for (int x = 0; x < view.width; ++x) {
      const double dx = x - centre_x, dy = y - centre_y;
      const double from_x = centre_x + cosine * dx + sine * dy;
      const double from_y = centre_y - sine * dx + cosine * dy;
      const double floor_x = std::floor(from_x), floor_y = std::floor(from_y);
      for (int c = 0; c < view.channels; ++c) {
        const auto sample = [&](double at_x, double at_y) {
          if (at_x < 0 || at_y < 0 || at_x >= scene.width || at_y >= scene.height) return 90.0;
          const auto pixel =
              static_cast<std::size_t>(at_y) * static_cast<std::size_t>(scene.width) +
              static_cast<std::size_t>(at_x);
          return static_cast<double>(scene.pixels[pixel * 3 + static_cast<std::size_t>(c)]);
        };
        const double top =
            std::lerp(sample(floor_x, floor_y), sample(floor_x + 1, floor_y), from_x - floor_x);
        const double bottom = std::lerp(sample(floor_x, floor_y + 1),
                                        sample(floor_x + 1, floor_y + 1), from_x - floor_x);
        view.pixels.push_back(static_cast<std::uint8_t>(
            std::lround(kLight * std::lerp(top, bottom, from_y - floor_y))));
      }
    }
  }
  return view;
}

void write_scenes(const fs::path& directory) {
  for (int i = 1; i <= kScenes + kStrangers; ++i) {
    const Picture scene = test_picture(kWidth, kHeight, 1000u + static_cast<unsigned>(i));
    const std::string number = std::to_string(i);
    if (i > kScenes) {
      write_file(directory / "strangers" / ("stranger_" + number + ".jpg"), make_jpeg(scene));
      continue;
    }
    write_file(directory / "scenes" / ("scene_" + number + ".jpg"), make_jpeg(scene));
    write_file(directory / "views" / ("view_" + number + ".png"), make_png(view_of(scene)));
  }
}

// Small files for catalogues that are kept as files themselves: three scenes, another view of one.
void write_tiny(const fs::path& directory) {
  constexpr int kTinyWidth = 200, kTinyHeight = 150, kQuality = 80;
  for (int i = 1; i <= 3; ++i) {
    const Picture scene = test_picture(kTinyWidth, kTinyHeight, 2000u + static_cast<unsigned>(i));
    write_file(directory / ("tiny_" + std::to_string(i) + ".jpg"), make_jpeg(scene, {kQuality}));
    if (i == 1) write_file(directory / "view_of_1.jpg", make_jpeg(view_of(scene), {kQuality}));
  }
}

std::string write_samples(const fs::path& directory, const std::vector<SampleFile>& files,
                          bool are_good) {
  std::string list;
  for (const SampleFile& file : files) {
    write_file(directory / file.name, file.bytes);
    list += (list.empty() ? "\n  {\"file\": \"" : ",\n  {\"file\": \"") + file.name + "\", ";
    if (are_good) {
      list += "\"width\": " + std::to_string(file.width) +
              ", \"height\": " + std::to_string(file.height) + "}";
    } else {
      list += "\"code\": \"" + std::string(to_string(file.code)) + "\", \"reason\": \"" +
              file.reason + "\"}";
    }
  }
  return "[" + list + "]";
}

void write_all(const fs::path& directory) {
  for (const char* folder : {"good", "bad", "scenes", "views", "strangers", "tiny"}) {
    fs::create_directories(directory / folder);
  }
  std::vector<SampleFile> good = good_samples();
  add_odd_samples(good);
  std::string index = "{\"good\": " + write_samples(directory / "good", good, true);
  index += ",\n\"bad\": " + write_samples(directory / "bad", bad_samples(), false) + "}\n";
  write_file(directory / "index.json", bytes_of(index));
  write_scenes(directory);
  write_tiny(directory / "tiny");
}

}  // namespace
}  // namespace pressmark::test

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_sample_images DIR\n", stderr);
    return 2;
  }
  try {
    pressmark::test::write_all(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "write_sample_images: %s\n", error.what());
    return 1;
  }
  return 0;
}
