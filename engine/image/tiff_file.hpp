// SPDX-License-Identifier: Apache-2.0
//
// Inside this layer: a TIFF file in memory, opened with libtiff at its first page, and what that
// page's tags say.
#pragma once

#include <tiffio.h>

#include <cstdint>
#include <string>

#include "engine/image/formats.hpp"

namespace pressmark::image {

class TiffFile {
 public:
  // Throws Error(kCorruptData). `bytes` must outlive the object.
  explicit TiffFile(ByteSpan bytes);
  ~TiffFile();
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  TIFF* get() const { return tiff_; }

  // Of a tag with one value; the default that the standard gives it, or 0.
  std::uint16_t short_tag(std::uint32_t tag) const;
  std::uint32_t long_tag(std::uint32_t tag) const;

  // Forgets what was reported so far; called before pixels are read.
  void clear_reports();
  // Throws Error(kCorruptData) if `ok` is false or anything was reported since. Warnings count:
  // those of the codecs tell of pixels that they had to invent.
  void require_sound(bool ok) const;

 private:
  struct Source {
    ByteSpan bytes;
    std::uint64_t position = 0;
  };
  static tmsize_t on_read(thandle_t handle, void* target, tmsize_t count);
  static tmsize_t on_write(thandle_t handle, void* source, tmsize_t count);
  static toff_t on_seek(thandle_t handle, toff_t offset, int whence);
  static int on_close(thandle_t handle);
  static toff_t on_size(thandle_t handle);
  static int on_map(thandle_t handle, void** base, toff_t* size);
  static void on_unmap(thandle_t handle, void* base, toff_t size);
  static int on_error(TIFF* tiff, void* self, const char* module, const char* format, va_list list);
  static int on_warning(TIFF* tiff, void* self, const char* module, const char* format,
                        va_list list);

  Source source_;
  char report_[256] = "";  // the first one; not a string, since callbacks must not throw
  TIFF* tiff_ = nullptr;
};

// 16-bit grey or RGB (tiff_deep.cpp), which libtiff's own conversion would cut to the upper 8 bits.
PixelBuffer decode_deep_tiff(TiffFile& file, const Header& header);

}  // namespace pressmark::image
