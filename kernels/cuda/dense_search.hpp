// SPDX-License-Identifier: Apache-2.0
//
// The search for dense codes in others, on a lane.
#pragma once

#include <span>

#include "kernels/cuda/dense_spectra.hpp"
#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

// Where a candidate correlates best: a scale, a turn (up to 2 kTurns - 1) and the cell of a grid of
// 2 kReach + 3 cells whose middle is no shift, with the vertex beside it.
struct DensePeak {
  float score;
  int scale, turn, x, y;
  float vertex_x, vertex_y;
};

// DenseSearch::search and DenseCohort::statistics (kernels/ops.hpp); both wait for the stream.
// `query` as prepare_query makes it, `members` as prepare_members does of `count` > 0 codes.
void search_dense(Lane& lane, const DenseSpectra& query, std::span<const DenseCode> candidates,
                  std::span<DenseMatch> matches);
CohortStatistics cohort_statistics(Lane& lane, const DenseSpectra& members, std::size_t count,
                                   const DenseCode& code);

// Spectra of a query in all turns and shrinks.
DenseSpectra prepare_query(Lane& lane, const DenseCode* query);

// Spectra of codes in which a query is sought, in all shrinks.
DenseSpectra prepare_candidates(Lane& lane, const DenseCode* codes, std::size_t count);

// Where each of `count` candidates correlates best with the query: kernels/cpu/dense_search.cpp.
DeviceBuffer<DensePeak> find_peaks(Lane& lane, const DenseSpectra& query,
                                   const DenseSpectra& candidates, std::size_t count);

// Spectra of codes in 16 rotations at their own size; of codes as they are.
DenseSpectra prepare_half_turns(Lane& lane, const DenseCode* codes, std::size_t count);
DenseSpectra prepare_members(Lane& lane, const DenseCode* codes, std::size_t count);

// The best score of each of `codes` codes with each of `count` members over all shifts and 16
// rotations: codes x members.
DeviceBuffer<float> best_scores(Lane& lane, const DenseSpectra& half_turns, std::size_t codes,
                                const DenseSpectra& members, std::size_t count);

// Of one code's best scores, at least one.
CohortStatistics statistics_of(std::span<const float> scores);

}  // namespace pressmark::kernels::cuda
