// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sample_images.hpp"

#include <algorithm>
#include <string_view>

namespace pressmark::test {
namespace {

using namespace std::string_view_literals;

// Red first, 255 becoming `full`.
std::vector<std::uint16_t> deep_samples(const Picture& picture, int full) {
  std::vector<std::uint16_t> samples;
  const auto channels = static_cast<std::size_t>(picture.channels);
  for (std::size_t i = 0; i < picture.pixels.size(); i += channels) {
    for (std::size_t c = channels; c-- > 0;) {
      samples.push_back(static_cast<std::uint16_t>((picture.pixels[i + c] * full + 127) / 255));
    }
  }
  return samples;
}

Picture with_opaque_alpha(const Picture& picture) {
  Picture bgra{picture.width, picture.height, 4, {}};
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) bgra.pixels.push_back(picture.pixels[i + c]);
    bgra.pixels.push_back(255);
  }
  return bgra;
}

void add_jpegs(std::vector<SampleFile>& files, const Picture& picture) {
  files.push_back({"baseline.jpg", make_jpeg(picture)});
  files.push_back({"progressive.jpg", make_jpeg(picture, {.progressive = true})});
  files.push_back({"full_chroma.jpeg", make_jpeg(picture, {.subsampled = false})});
  files.push_back({"grey.jpg", make_jpeg(grey_of(picture))});
  files.push_back({"cmyk.jpg", make_cmyk_jpeg(picture, Inks::kPlain)});
  files.push_back({"cmyk_adobe.jpg", make_cmyk_jpeg(picture, Inks::kAdobe)});
  files.push_back({"cmyk_adobe_ycck.jpg", make_cmyk_jpeg(picture, Inks::kAdobeYcck)});
  for (int orientation = 1; orientation <= 8; ++orientation) {
    files.push_back({"orientation_" + std::to_string(orientation) + ".jpg",
                     with_orientation(make_jpeg(stored_for(picture, orientation)), orientation)});
  }
  // Some cameras append data of their own, and some pad in front of the end marker.
  const Bytes jpeg = make_jpeg(picture);
  files.push_back({"trailer.jpg", joined({jpeg, bytes_of("SEFH maker's data"sv)})});
  files.push_back({"padded_end.jpg", joined({cut_to(jpeg, -2), Bytes{0, 0, 0xff, 0xd9}})});
  files.push_back({"stray_bytes_in_header.jpg", joined({ByteSpan(jpeg).first(20), bytes_of("abc"sv),
                                                        ByteSpan(jpeg).subspan(20)})});
}

void add_lossless(std::vector<SampleFile>& files, const Picture& picture) {
  const Picture grey = grey_of(picture);
  const int width = picture.width, height = picture.height;
  const auto deep = deep_samples(picture, 65535), deep_grey = deep_samples(grey, 65535);
  const auto twelve = deep_samples(grey, 4095);
  files.push_back({"rgb.png", make_png(picture)});
  files.push_back({"grey.png", make_png(grey)});
  files.push_back({"rgb16.png", make_png(width, height, deep, {.bits = 16})});
  files.push_back(
      {"grey16.png", make_png(width, height, deep_grey, {.colour = PngColour::kGrey, .bits = 16})});
  files.push_back({"grey12_in_16.png",
                   make_png(width, height, twelve, {.colour = PngColour::kGrey, .bits = 16})});
  files.push_back({"orientation_6.png", make_png(stored_for(picture, 6), 6)});
  files.push_back({"rgb.tif", make_tiff(picture)});
  files.push_back({"grey.tif", make_tiff(grey)});
  files.push_back({"rgb16.tiff", make_tiff(width, height, 3, deep)});
  files.push_back({"grey16.tif", make_tiff(width, height, 1, deep_grey)});
  files.push_back({"lzw.tif", make_tiff(picture, {.compression = 5})});
  files.push_back({"deflate_tiles.tif", make_tiff(picture, {.compression = 8, .tile = 32})});
  files.push_back({"big_endian.tif", make_tiff(picture, {.big_endian = true})});
  files.push_back({"orientation_8.tif", make_tiff(stored_for(picture, 8), {.orientation = 8})});
  files.push_back({"two_pages.tif", make_tiff(picture, {.pages = 2})});
  files.push_back({"lossless.webp", make_webp(picture, true)});
  files.push_back({"orientation_3.webp", make_webp_with_orientation(stored_for(picture, 3), 3)});
  files.push_back({"one_frame.webp", make_animated_webp(picture, 1)});
  files.push_back({"rgb.bmp", make_bmp(picture)});
  files.push_back({"grey.bmp", make_bmp(grey)});
  files.push_back({"top_down.bmp", make_bmp(picture, true)});
  files.push_back({"masks.bmp", make_bmp_with_masks(with_opaque_alpha(picture))});
  files.push_back({"grey.gif", make_gif(grey)});
}

SampleFile unsupported(std::string name, Bytes bytes, std::string reason) {
  return {std::move(name), std::move(bytes), 0, 0, ErrorCode::kUnsupported, std::move(reason)};
}

SampleFile corrupt(std::string name, Bytes bytes, std::string reason) {
  return {std::move(name), std::move(bytes), 0, 0, ErrorCode::kCorruptData, std::move(reason)};
}

void add_cut_off(std::vector<SampleFile>& files, const Picture& picture) {
  const Picture grey = grey_of(picture);
  const Bytes jpeg = make_jpeg(picture);
  files.push_back(corrupt("cut_in_header.jpg", cut_to(jpeg, 100), "cut off"));
  files.push_back(corrupt("cut_in_half.jpg", cut_to(jpeg, std::ssize(jpeg) / 2), "cut off"));
  files.push_back(corrupt("cut_at_end.jpg", cut_to(jpeg, -40), "cut off"));
  files.push_back(corrupt("without_end.jpg", cut_to(jpeg, -2), "cut off"));
  const Bytes progressive = make_jpeg(picture, {.progressive = true});
  files.push_back(corrupt("cut_progressive.jpg", cut_to(progressive, -200), "cut off"));
  files.push_back(corrupt("cut.png", cut_to(make_png(picture), -200), "cut off"));
  files.push_back(corrupt("without_end.png", cut_to(make_png(picture), -12), "cut off"));
  files.push_back(corrupt("cut.tif", cut_to(make_tiff_tags_first(grey), -100), "cut off"));
  files.push_back(corrupt("cut_in_tags.tif", cut_to(make_tiff(picture), -30), "cut off"));
  files.push_back(corrupt("cut.webp", cut_to(make_webp(picture, true), -100), "cut off"));
  files.push_back(corrupt("cut_lossy.webp", cut_to(make_webp(picture, false), -50), "cut off"));
  files.push_back(corrupt("cut.gif", cut_to(make_gif(grey), -100), "cut off"));
  files.push_back(corrupt("cut.bmp", cut_to(make_bmp(picture), -1), "cut off"));
  Bytes changed = make_png(picture);
  changed[changed.size() / 2] ^= 0x10;
  files.push_back(corrupt("damaged.png", std::move(changed), "damaged"));
}

void add_bombs(std::vector<SampleFile>& files, const Picture& picture) {
  const Bytes end = png_chunk("IEND", {});
  const Bytes few_pixels = png_chunk("IDAT", Bytes{0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1});
  files.push_back(unsupported("bomb.png", joined({png_start(30000, 30000), few_pixels, end}),
                              "30000 x 30000 pixels is over the limit"));
  files.push_back(
      corrupt("hollow.png", joined({png_start(14000, 14000), few_pixels, end}), "cut off"));
  files.push_back(unsupported("bomb_30000.jpg", with_stated_size(make_jpeg(picture), 30000, 30000),
                              "30000 x 30000 pixels is over the limit"));
  files.push_back(unsupported("bomb_65500.jpg", with_stated_size(make_jpeg(picture), 65500, 65500),
                              "65500 x 65500 pixels is over the limit"));
  Bytes bmp = make_bmp(picture);
  bmp[20] = bmp[24] = 0x10;  // the upper half of width and height
  files.push_back(unsupported("bomb.bmp", std::move(bmp), "is over the limit"));
  Bytes gif = make_gif(grey_of(picture));
  gif[6] = gif[7] = gif[8] = gif[9] = 0xff;
  files.push_back(unsupported("bomb.gif", std::move(gif), "65535 x 65535 pixels is over"));
}

void add_others(std::vector<SampleFile>& files, const Picture& picture) {
  const Picture grey = grey_of(picture);
  const std::vector<std::uint16_t> halves(6, 1);
  files.push_back(corrupt("empty.jpg", {}, "empty file"));
  files.push_back(unsupported("zeros.jpg", Bytes(4096), "only zero bytes"));
  files.push_back(unsupported("text.jpg", bytes_of("Dear colleague,\nthe photos follow.\n"sv),
                              "not an image (text)"));
  files.push_back(
      unsupported("page.jpg", bytes_of("<!DOCTYPE html><html></html>"sv), "not an image (text)"));
  files.push_back(unsupported("document.png", bytes_of("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"sv),
                              "not an image (PDF document)"));
  files.push_back(unsupported("phone.jpg",
                              bytes_of("\0\0\0\x18"
                                       "ftypheic\0\0\0\0mif1heic"sv),
                              "unsupported image format (HEIC)"));
  files.push_back(unsupported("scan.jpg", bytes_of("\0\0\0\x0cjP  \r\n\x87\n\0\0\0\0"sv),
                              "unsupported image format (JPEG 2000)"));
  files.push_back(unsupported("noise.jpg", bytes_of("\x01\x9a\x02\xfe\x03\x07\x81\x10\x99\x1d"sv),
                              "not an image (unknown format)"));
  files.push_back(unsupported("animated.gif", make_gif(grey, 12), "animated GIF (12 frames)"));
  files.push_back(
      unsupported("animated.webp", make_animated_webp(picture, 3), "animated WebP (3 frames)"));
  files.push_back(
      unsupported("float.tif", make_tiff(3, 2, 1, halves, {.sample_format = 3}), "floating-point"));
  files.push_back(
      unsupported("thumbnail.tif", make_tiff(picture, {.subfile_type = 1}), "thumbnail"));
}

}  // namespace

Picture sample_picture() {
  return test_picture(96, 64, 7);
}

std::vector<SampleFile> good_samples() {
  const Picture picture = sample_picture();
  std::vector<SampleFile> files;
  add_jpegs(files, picture);
  add_lossless(files, picture);
  files.push_back({"lossy.webp", make_webp(picture, false)});
  for (SampleFile& file : files) {
    file.width = picture.width;
    file.height = picture.height;
  }
  return files;
}

std::vector<SampleFile> bad_samples() {
  const Picture picture = sample_picture();
  std::vector<SampleFile> files;
  add_cut_off(files, picture);
  add_bombs(files, picture);
  add_others(files, picture);
  return files;
}

}  // namespace pressmark::test
