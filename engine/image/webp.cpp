// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include <cstddef>
#include <memory>

#include "engine/image/formats.hpp"
#include "engine/image/samples.hpp"

namespace pressmark::image {
namespace {

struct DemuxerDelete {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
using Demuxer = std::unique_ptr<WebPDemuxer, DemuxerDelete>;

[[noreturn]] void throw_cut_off() {
  throw_corrupt("WebP is damaged or cut off");
}

int orientation_of(const WebPDemuxer* demuxer) {
  int orientation = 1;
  WebPChunkIterator chunk{};
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk) != 0) {
    orientation = exif_orientation({chunk.chunk.bytes, chunk.chunk.size});
  }
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

// The only frame's own bitstream. It must fill the canvas: then nothing has to be composed.
WebPData only_frame(const WebPDemuxer* demuxer, const Header& header) {
  WebPIterator frame{};
  if (WebPDemuxGetFrame(demuxer, 1, &frame) == 0) throw_cut_off();
  const WebPData fragment = frame.fragment;  // borrowed from the file's bytes
  const bool complete = frame.complete != 0;
  const bool fills = frame.width == header.width && frame.height == header.height;
  WebPDemuxReleaseIterator(&frame);
  if (!complete) throw_cut_off();
  if (!fills) throw_unsupported("WebP whose picture does not fill its canvas is not supported");
  return fragment;
}

}  // namespace

Header read_webp_header(ByteSpan bytes) {
  WebPBitstreamFeatures features{};
  if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK ||
      features.width <= 0 || features.height <= 0) {
    throw_corrupt("WebP header is damaged or cut off");
  }
  Header header{FileFormat::kWebp, features.width, features.height, 1};
  const WebPData data{bytes.data(), bytes.size()};
  WebPDemuxState state{};
  const Demuxer demuxer(WebPDemuxPartial(&data, &state));
  if (!demuxer) return header;  // decoding will tell
  const std::uint32_t frames = WebPDemuxGetI(demuxer.get(), WEBP_FF_FRAME_COUNT);
  if (frames > 1) throw_unsupported(fmt::format("animated WebP ({} frames)", frames));
  header.orientation = orientation_of(demuxer.get());
  return header;
}

PixelBuffer decode_webp(ByteSpan bytes, const Header& header) {
  const WebPData data{bytes.data(), bytes.size()};
  const Demuxer demuxer(WebPDemux(&data));
  if (!demuxer) throw_cut_off();
  const WebPData frame = only_frame(demuxer.get(), header);
  WebPBitstreamFeatures features{};
  if (WebPGetFeatures(frame.bytes, frame.size, &features) != VP8_STATUS_OK ||
      features.width != header.width || features.height != header.height) {
    throw_cut_off();
  }

  const int channels = features.has_alpha != 0 ? 4 : 3;
  PixelBuffer result{header.width, header.height, channels, {}};
  const int stride = header.width * channels;
  result.pixels.resize(static_cast<std::size_t>(stride) * static_cast<std::size_t>(header.height));
  const auto decode_into = channels == 4 ? WebPDecodeBGRAInto : WebPDecodeBGRInto;
  if (decode_into(frame.bytes, frame.size, result.pixels.data(), result.pixels.size(), stride) ==
      nullptr) {
    throw_cut_off();
  }
  return channels == 4 ? over_white(result) : result;
}

}  // namespace pressmark::image
