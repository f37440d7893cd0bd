// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <turbojpeg.h>

#include <cstddef>
#include <memory>

#include "engine/image/formats.hpp"

namespace pressmark::image {
namespace {

struct EncoderDelete {
  void operator()(void* handle) const { tjDestroy(handle); }
};

struct BufferDelete {
  void operator()(unsigned char* buffer) const { tjFree(buffer); }
};

void require_encodable(const PixelBuffer& pixels, int quality) {
  if (quality < 1 || quality > 100) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("JPEG quality must be between 1 and 100, not {}", quality));
  }
  const bool sized = pixels.width > 0 && pixels.height > 0 &&
                     (pixels.channels == 1 || pixels.channels == 3) &&
                     pixels.pixels.size() == static_cast<std::size_t>(pixels.width) *
                                                 static_cast<std::size_t>(pixels.height) *
                                                 static_cast<std::size_t>(pixels.channels);
  if (!sized) throw Error(ErrorCode::kInvalidArgument, "no picture to encode");
}

}  // namespace

Bytes encode_jpeg(const PixelBuffer& pixels, int quality) {
  require_encodable(pixels, quality);
  return with_memory_errors([&] {
    const std::unique_ptr<void, EncoderDelete> encoder(tjInitCompress());
    if (!encoder) throw std::bad_alloc();
    const bool grey = pixels.channels == 1;
    unsigned char* buffer = nullptr;
    unsigned long size = 0;
    const int status = tjCompress2(encoder.get(), pixels.pixels.data(), pixels.width, 0,
                                   pixels.height, grey ? TJPF_GRAY : TJPF_BGR, &buffer, &size,
                                   grey ? TJSAMP_GRAY : TJSAMP_420, quality, TJFLAG_ACCURATEDCT);
    const std::unique_ptr<unsigned char, BufferDelete> owner(buffer);
    if (status != 0) {
      throw Error(ErrorCode::kIo, "JPEG encoder: " + one_line(tjGetErrorStr2(encoder.get())));
    }
    return Bytes(buffer, buffer + size);
  });
}

}  // namespace pressmark::image
