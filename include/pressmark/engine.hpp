// SPDX-License-Identifier: Apache-2.0
//
// The engine: photos in, descriptions and verified comparisons out. Holds a model and a backend,
// no catalogue. Const methods are safe to call from many threads.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pressmark/error.hpp"
#include "pressmark/export.hpp"
#include "pressmark/model.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark {

// Facts of a decoded file.
struct PhotoInfo {
  Sha256 sha256;
  std::int64_t file_bytes = 0;
  std::string format;               // "jpeg", "png", "tiff", "webp", "bmp", "gif"
  int width_px = 0, height_px = 0;  // upright: EXIF orientation applied
  int orientation = 1;              // EXIF, 1..8
};

// A photo that was read and described, or the reason why not.
struct DescribedPhoto {
  std::filesystem::path file;
  bool ok = false;
  ErrorCode code = ErrorCode::kIo;  // where !ok
  std::string reason;               // where !ok; one line, without the file's name
  PhotoInfo info;                   // sha256 and file_bytes are set whenever the file was readable
  Description description;          // where ok
};

// Why nothing this photo matches, or fails to match, should be relied upon: too blurred, too dark,
// over-exposed, without contrast, without a mark. Empty where nothing is wrong.
PRESSMARK_API std::string quality_problem(const Description& description);

class PRESSMARK_API Engine {
 public:
  // device: where kernels run: "cpu"; "cuda" or "cuda:N", a CUDA device; "auto", the first CUDA
  // device that works, else the CPU. The same answers on all. Throws Error: kInvalidArgument,
  // kUnsupported (a device that this build has no code for), kDevice (it does not work).
  explicit Engine(Model model, const DescribeOptions& describe = {},
                  const DecodeOptions& decode = {}, std::string_view device = "cpu");
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // Reads, decodes and describes one file. Anything wrong with the file is in the result. Throws
  // Error(kDevice) where the device fails.
  DescribedPhoto describe_file(const std::filesystem::path& file,
                               const std::optional<RegionOfInterest>& region = {}) const;

  // Registers `query` on `hit`: both must come from an engine with the same model.
  Verification verify(const Description& query, const Description& hit,
                      const VerifyOptions& options = {}) const;

  const Model& model() const;
  const DescribeOptions& describe_options() const;
  std::string_view device() const;  // "cpu", "cuda:0 (NVIDIA H100 80GB HBM3)"

  struct Impl;  // engine/pipeline/engine_impl.hpp
  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// "pressmark 0.1.0 (<git revision>, <compiler>, <build type>)"
PRESSMARK_API std::string build_description();
PRESSMARK_API std::string_view version();  // "0.1.0"

}  // namespace pressmark
