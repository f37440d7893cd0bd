// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "engine/pipeline/describe.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"

namespace pressmark {

struct Engine::Impl {
  Model model;
  DescribeOptions describe;
  DecodeOptions decode;
  std::unique_ptr<kernels::Backend> backend;
  std::unique_ptr<kernels::ImageDescriber> images;

  pipeline::Describer describer() const { return {*images, describe, decode}; }
};

}  // namespace pressmark
