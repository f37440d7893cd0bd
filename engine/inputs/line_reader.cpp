// SPDX-License-Identifier: Apache-2.0
#include "engine/inputs/line_reader.hpp"

#include <string_view>

namespace pressmark::inputs {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 16;

}  // namespace

LineReader::LineReader(const std::filesystem::path& file) : stream_(file, std::ios::binary) {
  refill();
  const std::string_view start(block_.data(), block_.size());
  // A text that begins with a zero in one of its first two bytes is UTF-16 without its mark.
  is_utf16_ = start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF") ||
              start.substr(0, 2).find('\0') != std::string_view::npos;
  if (start.starts_with("\xEF\xBB\xBF")) position_ = 3;
  if (position_ == block_.size()) refill();
}

bool LineReader::failed() const {
  return !stream_.is_open() || stream_.bad();
}

bool LineReader::refill() {
  position_ = 0;
  block_.resize(kBlockBytes);
  stream_.read(block_.data(), kBlockBytes);
  block_.resize(static_cast<std::size_t>(stream_.gcount()));
  return !block_.empty();
}

bool LineReader::next(Line& line) {
  line.text.clear();
  line.too_long = false;
  bool any = false;
  while (position_ < block_.size() || refill()) {
    any = true;
    const std::string_view rest(block_.data() + position_, block_.size() - position_);
    const std::size_t end = rest.find_first_of("\r\n");
    const std::string_view part = rest.substr(0, end);
    position_ += part.size();
    if (line.text.size() + part.size() > kMaxRowBytes) line.too_long = true;
    if (line.too_long) {
      line.text.clear();
    } else {
      line.text += part;
    }
    if (end == std::string_view::npos) continue;
    const char terminator = block_[position_++];
    line.text += terminator;
    if (terminator == '\r' && (position_ < block_.size() || refill()) &&
        block_[position_] == '\n') {
      line.text += block_[position_++];
    }
    break;
  }
  if (line.too_long) line.text.clear();
  if (any) line.number = ++lines_;
  return any;
}

}  // namespace pressmark::inputs
