// SPDX-License-Identifier: Apache-2.0
//
// What designs are made of: fonts for words, symbol fonts for icons, and words. Everything is taken
// from Debian packages (docs/rendering.md lists them with their licences).
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/render/outline.hpp"

namespace pressmark::render {

// A font package that is not installed; what() names file and package.
class MissingAsset : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Font {
  std::string name;  // short, goes into descriptions
  std::string path;
  std::string package;
};

struct Icon {
  std::size_t font;  // index into Assets::symbol_fonts
  std::uint32_t codepoint;
  // What decides its split: the first word of its glyph name, so that variants of one drawing and
  // the same subject in two fonts stay together; the code point where it has no name.
  std::string key;
};

struct Assets {
  std::vector<Font> text_fonts;
  std::vector<Font> symbol_fonts;
  std::vector<Icon> icons;
  std::vector<std::string> words;
};

// Reads the fonts' tables. Throws MissingAsset.
Assets load_assets();

// The outline of one glyph in units of the font's em, origin on the baseline; advance gets its
// width. Empty where the font has no such glyph. Every thread opens the font for itself.
Path glyph_outline(const Font& font, std::uint32_t codepoint, double& advance);

// A line of text, centred at 0, capital height about 1; spacing is added between letters.
Outline text_outline(const Font& font, const std::string& text, double spacing);

// Letters on a circle around 0, upright at the top (or at the bottom, read from inside).
Outline arc_text_outline(const Font& font, const std::string& text, double radius, double height,
                         bool at_bottom);

}  // namespace pressmark::render
