// SPDX-License-Identifier: Apache-2.0
#include "engine/image/tiff_file.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

namespace pressmark::image {
namespace {

struct OptionsDelete {
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

// More than any block that a photo within the pixel cap needs; stops what damaged sizes ask for.
constexpr tmsize_t kMaxAllocation = tmsize_t{4} << 30;

}  // namespace

TiffFile::TiffFile(ByteSpan bytes) : source_{bytes} {
  // Handlers belong to this file: libtiff's global ones, which print, are left as they are.
  const std::unique_ptr<TIFFOpenOptions, OptionsDelete> options(TIFFOpenOptionsAlloc());
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, this);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxAllocation);
  // The bytes are offered as mapped memory, which libtiff checks every offset against and does not
  // write to. (Without a mapping, 4.5.0 refuses sound uncompressed tiles of less than 1024 bytes.)
  tiff_ = TIFFClientOpenExt("photo", "r", &source_, on_read, on_write, on_seek, on_close, on_size,
                            on_map, on_unmap, options.get());
  if (tiff_ == nullptr) throw_corrupt("TIFF header is damaged or cut off: " + one_line(report_));
}

TiffFile::~TiffFile() {
  TIFFClose(tiff_);
}

std::uint16_t TiffFile::short_tag(std::uint32_t tag) const {
  std::uint16_t value = 0;
  TIFFGetFieldDefaulted(tiff_, tag, &value);
  return value;
}

std::uint32_t TiffFile::long_tag(std::uint32_t tag) const {
  std::uint32_t value = 0;
  TIFFGetFieldDefaulted(tiff_, tag, &value);
  return value;
}

void TiffFile::clear_reports() {
  report_[0] = 0;
}

void TiffFile::require_sound(bool ok) const {
  if (!ok || report_[0] != 0) throw_corrupt("TIFF is damaged or cut off: " + one_line(report_));
}

tmsize_t TiffFile::on_read(thandle_t handle, void* target, tmsize_t count) {
  auto* source = static_cast<Source*>(handle);
  const std::uint64_t size = source->bytes.size();
  const std::uint64_t left = size - std::min(size, source->position);
  const std::uint64_t taken =
      std::min(left, static_cast<std::uint64_t>(std::max<tmsize_t>(count, 0)));
  if (taken > 0) std::memcpy(target, source->bytes.data() + source->position, taken);
  source->position += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t TiffFile::on_write(thandle_t, void*, tmsize_t) {
  return -1;
}

toff_t TiffFile::on_seek(thandle_t handle, toff_t offset, int whence) {
  auto* source = static_cast<Source*>(handle);
  if (whence == SEEK_CUR) offset += source->position;
  if (whence == SEEK_END) offset += source->bytes.size();
  source->position = offset;
  return offset;
}

int TiffFile::on_close(thandle_t) {
  return 0;
}

toff_t TiffFile::on_size(thandle_t handle) {
  return static_cast<Source*>(handle)->bytes.size();
}

int TiffFile::on_map(thandle_t handle, void** base, toff_t* size) {
  const ByteSpan bytes = static_cast<Source*>(handle)->bytes;
  *base = const_cast<std::uint8_t*>(bytes.data());
  *size = bytes.size();
  return 1;
}

void TiffFile::on_unmap(thandle_t, void*, toff_t) {}

int TiffFile::on_error(TIFF*, void* self, const char*, const char* format, va_list list) {
  auto* file = static_cast<TiffFile*>(self);
  if (file->report_[0] == 0) std::vsnprintf(file->report_, sizeof file->report_, format, list);
  return 1;  // handled: the global handler is not called
}

int TiffFile::on_warning(TIFF* tiff, void* self, const char* module, const char* format,
                         va_list list) {
  // Of early LZW files; their pixels are read well.
  if (std::strstr(format, "Old-style LZW") != nullptr) return 1;
  return on_error(tiff, self, module, format, list);
}

}  // namespace pressmark::image
