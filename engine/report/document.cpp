// SPDX-License-Identifier: Apache-2.0
#include "engine/report/document.hpp"

#include <fmt/format.h>

#include "engine/image/image.hpp"
#include "engine/report/run_summary.hpp"
#include "engine/report/templates.hpp"
#include "engine/report/text.hpp"

namespace pressmark::report {
namespace {

// The report's own script is the only one that may run, whatever a name or a metadata value
// smuggles into the page: content security policies name scripts by this hash.
std::string script_hash(std::string_view script) {
  const Sha256 hash =
      image::sha256({reinterpret_cast<const std::uint8_t*>(script.data()), script.size()});
  return "sha256-" + base64(hash.bytes);
}

}  // namespace

kainjow::mustache::mustache parsed(std::string_view source) {
  return kainjow::mustache::mustache(std::string(source));
}

void FactList::add(const std::string& label, const std::string& value, bool is_machine) {
  if (value.empty()) return;
  TemplateData fact;
  fact.set("label", label);
  fact.set("value", value);
  if (is_machine) fact.set("machine", TemplateData::type::bool_true);
  list_ << fact;
}

void write_head(AtomicFile& target, const std::string& title, const std::string& kicker,
                const std::vector<std::string_view>& styles) {
  TemplateData head;
  head.set("title", displayable(title));
  head.set("kicker", kicker);
  head.set("script_hash", script_hash(templates::report_js()));
  std::string style;
  for (const std::string_view part : styles) style += part;
  head.set("style", style);
  target.write(parsed(templates::head_html()).render(head));
}

void write_foot(AtomicFile& target, const std::string& manifest_json) {
  TemplateData foot;
  foot.set("manifest", pretty_manifest(manifest_json));
  foot.set("manifest_data", script_safe_json(manifest_json));
  foot.set("script", std::string(templates::report_js()));
  target.write(parsed(templates::foot_html()).render(foot));
}

TemplateData picture_slot(const EmbeddedPicture& picture, const DisplayFrame& frame, double x,
                          double y) {
  TemplateData data;
  data.set("id", picture.id);
  data.set("reason", picture.reason);
  data.set(picture.id.empty() ? "missing" : "shown", TemplateData::type::bool_true);
  data.set("width", std::to_string(frame.width));
  data.set("height", std::to_string(frame.height));
  data.set("x", fmt::format("{:g}", x));
  data.set("y", fmt::format("{:g}", y));
  data.set("note_x", fmt::format("{:g}", x + .5 * frame.width));
  data.set("note_y", fmt::format("{:g}", y + 40));
  return data;
}

}  // namespace pressmark::report
