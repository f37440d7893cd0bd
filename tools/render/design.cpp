// SPDX-License-Identifier: Apache-2.0
#include "tools/render/design.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tools/render/drawings.hpp"

namespace pressmark::render {
namespace {

struct Element {
  std::string source;
  std::string label;  // source and what does not decide the partition (font of an icon...)
  Outline outline;
};

// Makes elements of one partition until they fit.
class Sampler {
 public:
  Sampler(const Assets& assets, Partition partition, Rng& rng)
      : assets_(assets), partition_(partition), rng_(rng) {}

  Element icon() {
    for (;;) {
      // By font first: the largest one would crowd out the others.
      const double dice = rng_.uniform();
      const std::size_t font = dice < 0.3 ? 0 : (dice < 0.6 ? 1 : (dice < 0.68 ? 2 : 3));
      const Icon& icon = rng_.pick(assets_.icons);
      if (icon.font != font) continue;
      const std::string source = "icon:" + icon.key;
      if (partition_of(source) != partition_) continue;
      double advance = 0;
      Outline outline{glyph_outline(assets_.symbol_fonts[icon.font], icon.codepoint, advance)};
      if (outline[0].empty()) continue;
      const cv::Rect2d box = bounds_of(outline);
      const double aspect = box.width / std::max(1e-6, box.height);
      if (aspect < 0.35 || aspect > 2.9) continue;
      normalise(outline);
      return {
          source,
          fmt::format("{}({}:{:x})", source, assets_.symbol_fonts[icon.font].name, icon.codepoint),
          std::move(outline)};
    }
  }

  Element drawing() {
    for (;;) {
      Drawing drawing = random_drawing(rng_);
      const std::string source = "drawing:" + drawing.description;
      if (partition_of(source) != partition_) continue;
      return {source, source, std::move(drawing.outline)};
    }
  }

  Element picture() { return rng_.chance(0.6) ? icon() : drawing(); }

  std::string random_word(std::size_t most) {
    static const std::string consonants = "BCDFGKLMNPRSTVXZ";
    static const std::string vowels = "AEIOUY";
    if (rng_.chance(0.4)) return rng_.pick(assets_.words);
    std::string word;
    const auto length = static_cast<std::size_t>(rng_.integer(2, static_cast<int>(most)));
    bool is_vowel = rng_.chance(0.3);
    while (word.size() < length) {
      const std::string& letters = is_vowel ? vowels : consonants;
      word += letters[static_cast<std::size_t>(rng_.next() % letters.size())];
      is_vowel = !is_vowel;
    }
    if (rng_.chance(0.15)) word = fmt::format("{}", rng_.integer(10, 9999));
    return word;
  }

  // A word in one of the fonts; the word alone decides the partition.
  std::string word(std::size_t most) {
    for (;;) {
      std::string word = random_word(most);
      if (word.size() <= most && partition_of("word:" + word) == partition_) return word;
    }
  }

  const Font& text_font() { return rng_.pick(assets_.text_fonts); }

  Element word_element(std::size_t most) {
    const std::string text = word(most);
    const Font& font = text_font();
    const bool is_capitalised = rng_.chance(0.25);
    std::string shown = text;
    if (is_capitalised) {
      std::transform(shown.begin() + 1, shown.end(), shown.begin() + 1,
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    }
    return {"word:" + text, fmt::format("word:{}({})", shown, font.name),
            text_outline(font, shown, rng_.uniform(0, 0.08))};
  }

  // One big letter or figure: letter and font decide, a letter alone would leave too few.
  Element letter() {
    static const std::string letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789&$";
    for (;;) {
      const char c = letters[static_cast<std::size_t>(rng_.next() % letters.size())];
      const Font& font = text_font();
      const std::string source = fmt::format("letter:{}:{}", c, font.name);
      if (partition_of(source) != partition_) continue;
      Outline outline = text_outline(font, std::string(1, c), 0);
      normalise(outline);
      return {source, source, std::move(outline)};
    }
  }

  // Two letters over each other.
  Element monogram() {
    static const std::string letters = "ABCDEFGHIJKLMNOPRSTUVWXYZ";
    for (;;) {
      const char a = letters[static_cast<std::size_t>(rng_.next() % letters.size())];
      const char b = letters[static_cast<std::size_t>(rng_.next() % letters.size())];
      const Font& font = text_font();
      const std::string source = fmt::format("monogram:{}{}:{}", a, b, font.name);
      if (a == b || partition_of(source) != partition_) continue;
      Outline outline = text_outline(font, std::string(1, a), 0);
      Outline second = text_outline(font, std::string(1, b), 0);
      transform(second, 0.9, 0, {rng_.uniform(0.2, 0.45), rng_.uniform(0.1, 0.35)});
      outline.insert(outline.end(), second.begin(), second.end());
      normalise(outline);
      return {source, source, std::move(outline)};
    }
  }

  Element main_figure() {
    const double dice = rng_.uniform();
    if (dice < 0.4) return icon();
    if (dice < 0.7) return drawing();
    if (dice < 0.85) return letter();
    return monogram();
  }

 private:
  const Assets& assets_;
  Partition partition_;
  Rng& rng_;
};

Part placed(Outline outline, double scale, cv::Point2d centre,
            Part::Paint paint = Part::Paint::kAdd) {
  transform(outline, scale, 0, centre);
  return {std::move(outline), paint};
}

void add_element(Design& design, const Element& element) {
  design.sources.push_back(element.source);
  design.description += (design.description.empty() ? "" : " + ") + element.label;
}

Part frame(int kind, double aspect, double thickness) {
  Outline inner{{panel(kind, aspect)}};
  transform(inner, 1 - thickness, 0, {0, 0});
  return {{{panel(kind, aspect), inner[0][0]}}, Part::Paint::kAdd};
}

// A word, alone or on two lines, bare or in a badge.
void make_word_mark(Design& design, Sampler& sampler, Rng& rng) {
  const Element first = sampler.word_element(rng.chance(0.5) ? 5 : 7);
  add_element(design, first);
  const double width = bounds_of(first.outline).width;
  double height = 1;
  design.parts.push_back(placed(first.outline, 1, {0, 0}));
  if (rng.chance(0.25)) {
    const Element second = sampler.word_element(7);
    add_element(design, second);
    const double scale = std::min(1.0, width / bounds_of(second.outline).width);
    design.parts.push_back(placed(second.outline, scale, {0, 0.65 + 0.5 * scale}));
    for (Part& part : design.parts) transform(part.outline, 1, 0, {0, -0.5 * (0.15 + scale)});
    height = 1.15 + scale;
  }
  if (rng.chance(0.45)) {
    const int kind = rng.integer(1, 3);
    const double fit = kind == 1 ? 1.45 : 1.2;
    const double aspect = (width * fit + 0.3) / (height * fit + 0.3);
    const double size = (width * fit + 0.3) / 2;
    Part border = frame(kind, std::max(kind == 1 ? 1.25 : 0.6, aspect),
                        rng.uniform(0.04, 0.12) / std::max(1.0, aspect / 2));
    transform(border.outline, size, 0, {0, 0});
    design.description += fmt::format(" in frame {}", kind);
    design.parts.push_back(std::move(border));
  }
}

// A figure cut out of a filled panel.
void make_cut_out(Design& design, Sampler& sampler, Rng& rng) {
  const Element figure = sampler.main_figure();
  add_element(design, figure);
  const int kind = rng.integer(0, kPanelKinds - 1);
  design.parts.push_back({{{panel(kind, rng.uniform(0.9, 1.3))}}, Part::Paint::kAdd});
  design.parts.push_back(placed(figure.outline, kind == 6 ? 0.5 : 0.62, {0, 0}, Part::Paint::kCut));
  design.description += fmt::format(" cut out of panel {}", kind);
}

// A figure with a word under it, with or without a ring around.
void make_emblem(Design& design, Sampler& sampler, Rng& rng) {
  const Element figure = sampler.main_figure();
  add_element(design, figure);
  design.parts.push_back(placed(figure.outline, 0.55, {0, -0.3}));
  const Element word = sampler.word_element(6);
  add_element(design, word);
  const double width = bounds_of(word.outline).width;
  const double scale = std::min(0.42, 1.25 / width);
  design.parts.push_back(placed(word.outline, scale, {0, 0.32 + scale / 2}));
  if (rng.chance(0.5)) {
    const int kind = rng.chance(0.6) ? 0 : rng.integer(3, 5);
    Part border = frame(kind, 1, rng.uniform(0.04, 0.12));
    transform(border.outline, kind == 0 ? 1.08 : 1.2, 0, {0, 0.05});
    design.parts.push_back(std::move(border));
    design.description += fmt::format(" in frame {}", kind);
  }
}

// A figure with a word around it, as on a coin.
void make_seal(Design& design, Sampler& sampler, const Assets& assets, Rng& rng) {
  const Element figure = sampler.main_figure();
  add_element(design, figure);
  design.parts.push_back(placed(figure.outline, 0.48, {0, 0}));
  const Font& font = rng.pick(assets.text_fonts);
  const std::string top = sampler.word(7);
  design.parts.push_back({arc_text_outline(font, top, 0.68, 0.2, false), Part::Paint::kAdd});
  design.sources.push_back("word:" + top);
  design.description += fmt::format(" + word:{}({}) around", top, font.name);
  if (rng.chance(0.6)) {
    const std::string bottom = sampler.word(7);
    design.parts.push_back({arc_text_outline(font, bottom, 0.68, 0.2, true), Part::Paint::kAdd});
    design.sources.push_back("word:" + bottom);
    design.description += fmt::format(" + word:{} below", bottom);
  }
  design.parts.push_back({{ring({0, 0}, 1.05, rng.uniform(0.95, 1.0))}, Part::Paint::kAdd});
}

Design propose(const Assets& assets, Partition partition, Rng& rng) {
  Sampler sampler(assets, partition, rng);
  Design design;
  const double dice = rng.uniform();
  if (dice < 0.3) {
    const Element figure = sampler.main_figure();
    add_element(design, figure);
    design.parts.push_back(placed(figure.outline, 1, {0, 0}));
  } else if (dice < 0.42) {
    const Element figure = sampler.main_figure();
    add_element(design, figure);
    const int kind = rng.integer(0, kPanelKinds - 1);
    design.parts.push_back(placed(figure.outline, kind == 6 ? 0.52 : 0.66, {0, 0}));
    design.parts.push_back(frame(kind, rng.uniform(0.9, 1.2), rng.uniform(0.05, 0.16)));
    design.description += fmt::format(" in frame {}", kind);
  } else if (dice < 0.55) {
    make_cut_out(design, sampler, rng);
  } else if (dice < 0.75) {
    make_word_mark(design, sampler, rng);
  } else if (dice < 0.88) {
    make_emblem(design, sampler, rng);
  } else {
    make_seal(design, sampler, assets, rng);
  }
  return design;
}

void normalise_parts(Design& design) {
  Outline all;
  for (const Part& part : design.parts) {
    all.insert(all.end(), part.outline.begin(), part.outline.end());
  }
  const cv::Rect2d box = bounds_of(all);
  const double extent = std::max(box.width, box.height);
  for (Part& part : design.parts) {
    transform(part.outline, 1, 0, {-(box.x + box.width / 2), -(box.y + box.height / 2)});
    transform(part.outline, 2 / extent, 0, {0, 0});
  }
}

constexpr int kSupersampling = 2;

void paint(cv::Mat& mask, const Outline& outline, double radius_px, cv::Point2d shift, int value) {
  constexpr int kShift = 4;
  const double scale = radius_px * kSupersampling * (1 << kShift);
  const double centre = mask.cols / 2.0 * (1 << kShift);
  for (const Path& path : outline) {
    std::vector<std::vector<cv::Point>> contours;
    for (const Contour& contour : path) {
      auto& points = contours.emplace_back();
      for (const cv::Point2d& p : contour) {
        points.emplace_back(static_cast<int>(std::lround(centre + scale * (p.x + shift.x))),
                            static_cast<int>(std::lround(centre + scale * (p.y + shift.y))));
      }
    }
    cv::fillPoly(mask, contours, cv::Scalar::all(value), cv::LINE_8, kShift);
  }
}

cv::Mat reduced(const cv::Mat& mask, int size) {
  cv::Mat small;
  cv::resize(mask, small, {size, size}, 0, 0, cv::INTER_AREA);
  small.convertTo(small, CV_32F, 1.0 / 255);
  return small;
}

}  // namespace

Partition partition_of(const std::string& source) {
  const auto tenth = hash_of(source) % 10;
  if (tenth < 4) return Partition::kTrain;
  if (tenth < 7) return Partition::kTest;
  return tenth == 7 ? Partition::kTrainDistractors : Partition::kTestDistractors;
}

Design make_design(const Assets& assets, Partition partition, Rng& rng,
                   std::set<std::string>* used) {
  for (;;) {
    Design design = propose(assets, partition, rng);
    if (used != nullptr) {
      const bool is_known = std::any_of(design.sources.begin(), design.sources.end(),
                                        [&](const auto& s) { return used->count(s) > 0; });
      if (is_known) continue;
    }
    normalise_parts(design);
    // A mark must be neither a few hairs nor a blank panel.
    const double share = cv::mean(draw(design, 64, 31, {}))[0];
    if (share < 0.03 || share > 0.85) continue;
    if (used != nullptr) used->insert(design.sources.begin(), design.sources.end());
    return design;
  }
}

cv::Mat draw(const Design& design, int size, double radius_px,
             const std::vector<cv::Point2d>& shifts) {
  cv::Mat mask = cv::Mat::zeros(size * kSupersampling, size * kSupersampling, CV_8U);
  for (std::size_t i = 0; i < design.parts.size(); ++i) {
    const Part& part = design.parts[i];
    paint(mask, part.outline, radius_px, i < shifts.size() ? shifts[i] : cv::Point2d(0, 0),
          part.paint == Part::Paint::kAdd ? 255 : 0);
  }
  return reduced(mask, size);
}

cv::Mat draw_part(const Design& design, std::size_t part, int size, double radius_px) {
  cv::Mat mask = cv::Mat::zeros(size * kSupersampling, size * kSupersampling, CV_8U);
  paint(mask, design.parts.at(part).outline, radius_px, {0, 0}, 255);
  return reduced(mask, size);
}

}  // namespace pressmark::render
