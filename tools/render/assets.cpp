// SPDX-License-Identifier: Apache-2.0
#include "tools/render/assets.hpp"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <cctype>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>

namespace pressmark::render {
namespace {

const std::vector<Font>& text_fonts() {
  static const std::vector<Font> fonts = {
      {"dejavu-sans", "truetype/dejavu/DejaVuSans-Bold.ttf", "fonts-dejavu-core"},
      {"dejavu-serif", "truetype/dejavu/DejaVuSerif-Bold.ttf", "fonts-dejavu-core"},
      {"dejavu-mono", "truetype/dejavu/DejaVuSansMono-Bold.ttf", "fonts-dejavu-core"},
      {"caladea", "truetype/crosextra/Caladea-BoldItalic.ttf", "fonts-crosextra-caladea"},
      {"junction", "opentype/junction/Junction.otf", "fonts-junction"},
      {"courier-prime", "opentype/courier-prime/Courier Prime Bold.otf", "fonts-courier-prime"},
      {"lobster", "opentype/lobster/lobster.otf", "fonts-lobster"},
      {"lobster-two", "opentype/lobstertwo/LobsterTwo-BoldItalic.otf", "fonts-lobstertwo"},
      {"carlito", "truetype/crosextra/Carlito-BoldItalic.ttf", "fonts-crosextra-carlito"},
      {"bebas", "opentype/bebas-neue/BebasNeue-Bold.otf", "fonts-bebas-neue"},
      {"comfortaa", "truetype/comfortaa/Comfortaa-Bold.ttf", "fonts-comfortaa"},
      {"old-standard", "truetype/fonts-oldstandard/OldStandard-Bold.ttf", "fonts-oldstandard"},
      {"dancing", "opentype/dancingscript/DancingScript-Bold.otf", "fonts-dancingscript"},
      {"kaffeesatz", "opentype/yanone-kaffeesatz/YanoneKaffeesatz-Bold.otf",
       "fonts-yanone-kaffeesatz"},
      {"play", "truetype/play/Play-Bold.ttf", "fonts-play"},
      {"breip", "truetype/breip/Breip.ttf", "fonts-breip"},
      {"radis", "opentype/radisnoir/RadisSans-medium.otf", "fonts-radisnoir"},
      {"goudy", "opentype/sortsmill/GoudyBookletter1911.otf", "fonts-goudybookletter"},
  };
  return fonts;
}

const std::vector<Font>& symbol_fonts() {
  static const std::vector<Font> fonts = {
      {"awesome", "truetype/font-awesome/fontawesome-webfont.ttf", "fonts-font-awesome"},
      {"material", "truetype/materialdesignicons-webfont/materialdesignicons-webfont.ttf",
       "fonts-materialdesignicons-webfont"},
      {"elusive", "truetype/elusive-icons/elusiveicons-webfont.ttf", "fonts-elusive-icons"},
      {"symbola", "truetype/ancient-scripts/Symbola_hint.ttf", "fonts-symbola"},
  };
  return fonts;
}

// Words of the kind that is found on packages: short, loud, easy to cut.
const std::vector<std::string>& words() {
  static const std::vector<std::string> list = {
      "ROYAL",  "KING",   "QUEEN",  "LION",   "TIGER",   "EAGLE",  "COBRA",   "BULL",   "PANTHER",
      "WOLF",   "FALCON", "SHARK",  "GOLD",   "DIAMOND", "ROLLS",  "TURBO",   "NITRO",  "MAX",
      "EXTRA",  "PRIMO",  "BOSS",   "PURE",   "STAR",    "SOL",    "LUNA",    "MARTE",  "TORO",
      "REY",    "LEON",   "TIGRE",  "ORO",    "PLATA",   "NORTE",  "SUR",     "CASA",   "AMIGO",
      "LOBO",   "ROCA",   "RIO",    "FUEGO",  "NIEVE",   "CORONA", "VIDA",    "LUX",    "REX",
      "NERO",   "ALFA",   "OMEGA",  "DELTA",  "SIGMA",   "ZETA",   "KAPPA",   "ATLAS",  "TITAN",
      "ZEUS",   "ARES",   "THOR",   "ODIN",   "MIDAS",   "NOVA",   "COMET",   "ORION",  "VEGA",
      "POLAR",  "ARCTIC", "SAHARA", "TANGO",  "SAMBA",   "SALSA",  "BRAVO",   "ECHO",   "ZULU",
      "VIPER",  "RAPTOR", "JAGUAR", "PUMA",   "CONDOR",  "RAVEN",  "PHOENIX", "DRAGON", "UNICORN",
      "ANCHOR", "SABRE",  "CROWN",  "SHIELD", "SPADE",   "ACE",    "JOKER",   "POKER",  "CASINO",
      "LUCKY",  "SEVEN",  "OCHO",   "UNO",    "DOS",     "TRES",   "MILAN",   "PARIS",  "ROMA",
      "CALI",   "LIMA",   "QUITO",  "TOKYO",  "MIAMI",   "VEGAS",  "RIO-X",   "X-5",    "Z-1",
      "A-1",    "V8",     "R32",    "GT",     "GTX",     "RS",     "XL",      "XXL",    "VIP",
      "AAA",    "OK",     "No.1",   "50",     "100",     "500",    "1000",    "777",    "007",
      "2020",   "360",    "911",    "999",    "24K",     "18K",    "H2O",     "B52",    "F16",
  };
  return list;
}

// FreeType objects of one thread.
class FontBook {
 public:
  FontBook() {
    if (FT_Init_FreeType(&library_) != 0) throw std::runtime_error("FreeType does not start");
  }
  ~FontBook() { FT_Done_FreeType(library_); }
  FontBook(const FontBook&) = delete;
  FontBook& operator=(const FontBook&) = delete;

  FT_Face face(const Font& font) {
    FT_Face& face = faces_[font.path];
    if (face == nullptr && FT_New_Face(library_, font.path.c_str(), 0, &face) != 0) {
      face = nullptr;
      throw MissingAsset("cannot read the font " + font.path + " of package " + font.package);
    }
    return face;
  }

 private:
  FT_Library library_ = nullptr;
  std::map<std::string, FT_Face> faces_;
};

FontBook& font_book() {
  thread_local FontBook book;
  return book;
}

struct Tracer {
  Path path;
  double scale;
  cv::Point2d last;

  cv::Point2d at(const FT_Vector* p) const {
    return {static_cast<double>(p->x) * scale, -static_cast<double>(p->y) * scale};
  }
  void line_to(cv::Point2d p) {
    path.back().push_back(p);
    last = p;
  }
};

int move_to(const FT_Vector* to, void* user) {
  auto& tracer = *static_cast<Tracer*>(user);
  tracer.path.emplace_back();
  tracer.line_to(tracer.at(to));
  return 0;
}

int line_to(const FT_Vector* to, void* user) {
  auto& tracer = *static_cast<Tracer*>(user);
  tracer.line_to(tracer.at(to));
  return 0;
}

int cubic_to(const FT_Vector* c1, const FT_Vector* c2, const FT_Vector* to, void* user) {
  constexpr int kSteps = 8;
  auto& tracer = *static_cast<Tracer*>(user);
  const cv::Point2d p0 = tracer.last;
  const cv::Point2d p1 = tracer.at(c1);
  const cv::Point2d p2 = tracer.at(c2);
  const cv::Point2d p3 = tracer.at(to);
  for (int i = 1; i <= kSteps; ++i) {
    const double t = static_cast<double>(i) / kSteps;
    const double u = 1 - t;
    tracer.line_to(u * u * u * p0 + 3 * u * u * t * p1 + 3 * u * t * t * p2 + t * t * t * p3);
  }
  return 0;
}

int conic_to(const FT_Vector* control, const FT_Vector* to, void* user) {
  constexpr int kSteps = 8;
  auto& tracer = *static_cast<Tracer*>(user);
  const cv::Point2d p0 = tracer.last;
  const cv::Point2d p1 = tracer.at(control);
  const cv::Point2d p2 = tracer.at(to);
  for (int i = 1; i <= kSteps; ++i) {
    const double t = static_cast<double>(i) / kSteps;
    tracer.line_to((1 - t) * (1 - t) * p0 + 2 * (1 - t) * t * p1 + t * t * p2);
  }
  return 0;
}

std::string icon_key(FT_Face face, FT_UInt glyph, FT_ULong codepoint) {
  char name[128] = "";
  if (FT_HAS_GLYPH_NAMES(face)) FT_Get_Glyph_Name(face, glyph, name, sizeof(name));
  std::string word;
  for (const char* c = name; *c != 0 && (std::isalpha(static_cast<unsigned char>(*c)) != 0); ++c) {
    word += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
  }
  // "uniF123", "u1F400" and the like are no names.
  const bool is_generic = word.empty() || word == "u" || word == "glyph" || word == "icon" ||
                          word.starts_with("uni") || word.starts_with("_");
  if (!is_generic) return word;
  char hex[16];
  std::snprintf(hex, sizeof(hex), "u+%05lx", static_cast<unsigned long>(codepoint));
  return hex;
}

// Pictures only: Symbola also holds alphabets.
bool is_picture(const Font& font, FT_ULong c) {
  if (font.name != "symbola") return c > 0x20;
  return (c >= 0x2654 && c <= 0x2667) || (c >= 0x2600 && c <= 0x2623) ||
         (c >= 0x2690 && c <= 0x26B0) || (c >= 0x2701 && c <= 0x2767) ||
         (c >= 0x1F300 && c <= 0x1F5FA) || (c >= 0x1F680 && c <= 0x1F6C5) ||
         (c >= 0x1F900 && c <= 0x1F9FF);
}

}  // namespace

Assets load_assets() {
  static const std::string root = "/usr/share/fonts/";
  Assets assets;
  assets.words = words();
  for (Font font : text_fonts()) {
    font.path = root + font.path;
    assets.text_fonts.push_back(font);
  }
  for (Font font : symbol_fonts()) {
    font.path = root + font.path;
    assets.symbol_fonts.push_back(font);
  }
  for (const auto* fonts : {&assets.text_fonts, &assets.symbol_fonts}) {
    for (const Font& font : *fonts) {
      if (!std::filesystem::exists(font.path)) {
        throw MissingAsset("no font " + font.path + "; install the package " + font.package +
                           " (tools/install-deps render)");
      }
    }
  }
  for (std::size_t i = 0; i < assets.symbol_fonts.size(); ++i) {
    const Font& font = assets.symbol_fonts[i];
    FT_Face face = font_book().face(font);
    FT_UInt glyph = 0;
    for (FT_ULong c = FT_Get_First_Char(face, &glyph); glyph != 0;
         c = FT_Get_Next_Char(face, c, &glyph)) {
      if (!is_picture(font, c)) continue;
      assets.icons.push_back({i, static_cast<std::uint32_t>(c), icon_key(face, glyph, c)});
    }
  }
  return assets;
}

Path glyph_outline(const Font& font, std::uint32_t codepoint, double& advance) {
  FT_Face face = font_book().face(font);
  advance = 0;
  const FT_UInt glyph = FT_Get_Char_Index(face, codepoint);
  if (glyph == 0 || FT_Load_Glyph(face, glyph, FT_LOAD_NO_SCALE) != 0) return {};
  if (face->glyph->format != FT_GLYPH_FORMAT_OUTLINE) return {};
  Tracer tracer{{}, 1.0 / face->units_per_EM, {}};
  FT_Outline_Funcs functions{};
  functions.move_to = move_to;
  functions.line_to = line_to;
  functions.conic_to = conic_to;
  functions.cubic_to = cubic_to;
  if (FT_Outline_Decompose(&face->glyph->outline, &functions, &tracer) != 0) return {};
  advance = static_cast<double>(face->glyph->metrics.horiAdvance) * tracer.scale;
  return tracer.path;
}

Outline text_outline(const Font& font, const std::string& text, double spacing) {
  Outline outline;
  double pen = 0;
  for (const char c : text) {
    double advance = 0;
    Path path = glyph_outline(font, static_cast<unsigned char>(c), advance);
    if (!path.empty()) {
      Outline one{std::move(path)};
      transform(one, 1, 0, {pen, 0});
      outline.push_back(std::move(one.front()));
    }
    pen += advance + spacing;
  }
  const cv::Rect2d box = bounds_of(outline);
  if (box.height <= 0) return {};
  transform(outline, 1, 0, {-(box.x + box.width / 2), -(box.y + box.height / 2)});
  transform(outline, 1 / box.height, 0, {0, 0});
  return outline;
}

Outline arc_text_outline(const Font& font, const std::string& text, double radius, double height,
                         bool at_bottom) {
  std::vector<double> advances;
  Outline glyphs;
  double total = 0;
  for (const char c : text) {
    double advance = 0;
    glyphs.push_back(glyph_outline(font, static_cast<unsigned char>(c), advance));
    advances.push_back(advance * 1.12);
    total += advances.back();
  }
  const double scale = height / 0.72;  // capitals are about .72 em high
  const double direction = at_bottom ? -1 : 1;
  double pen = -total / 2;
  Outline outline;
  for (std::size_t i = 0; i < glyphs.size(); ++i) {
    const double angle = direction * (pen + advances[i] / 2) * scale / radius;
    pen += advances[i];
    if (glyphs[i].empty()) continue;
    Outline one{glyphs[i]};
    transform(one, scale, 0, {-advances[i] * scale / 2, at_bottom ? height : 0.0});
    transform(one, 1, angle,
              {direction * radius * std::sin(angle), -direction * radius * std::cos(angle)});
    outline.push_back(std::move(one.front()));
  }
  return outline;
}

}  // namespace pressmark::render
