// SPDX-License-Identifier: Apache-2.0
//
// Every stage of a backend on fixed small inputs, its results as one row of numbers: what backends,
// orders of threads and devices are compared by.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::kernels {

struct StageRun {
  std::string name;  // stage and input, CamelCase
  // Greatest difference between the CPU backend's numbers and another's.
  double tolerance = 0;
  std::function<std::vector<double>(const Backend&)> numbers;
};

// canonicalise, mask_glare, code_details, compare_details.
std::vector<StageRun> image_runs();
// relight.
std::vector<StageRun> relight_runs();
// extract, embed.
std::vector<StageRun> keypoint_runs();
// dense_codes, reduce_dense, prepare_cohort, prepare_search.
std::vector<StageRun> dense_runs();
// prepare_alignment, refine_dense, congruent_cells.
std::vector<StageRun> alignment_runs();
// similarities, assign, aggregate, match.
std::vector<StageRun> code_runs();
// find_consensus, register_pairs.
std::vector<StageRun> geometry_runs();
// prepare_describer.
std::vector<StageRun> describe_runs();

std::vector<StageRun> all_stage_runs();

// Fails the running test where the backend's numbers are not the CPU backend's within the run's
// tolerance.
void expect_agreement_with_cpu(const StageRun& run, const Backend& backend);

inline std::string stage_run_name(const testing::TestParamInfo<StageRun>& tested) {
  return tested.param.name;
}

}  // namespace pressmark::kernels
