// SPDX-License-Identifier: Apache-2.0
//
// The answers to photos from one catalogue or several: what Catalogue::match and match_images
// share. Photos are described or read, candidates of several are found together, each is verified
// (parallel over marks), hits are named in order. A photo that stands alone is a mark of one photo.
// What is prepared of a photo serves for all catalogues.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/candidates/candidate_finder.hpp"
#include "engine/model/model_data.hpp"
#include "engine/pipeline/snapshot.hpp"
#include "engine/store/store.hpp"
#include "kernels/ops.hpp"
#include "pressmark/catalogue.hpp"

namespace pressmark::pipeline {

// A catalogue that photos are compared with, as it is searched. Everything is borrowed.
struct SearchedCatalogue {
  // See CandidateFinder::find().
  using Find = std::function<std::vector<candidates::Rankings>(
      std::span<const candidates::CandidateFinder::Query>, const index::ImageSelection*)>;

  SearchedCatalogue(const store::Store& a_store, const kernels::Backend& a_backend,
                    const models::ModelData& a_model, const MatchOptions& an_options,
                    std::shared_ptr<const Snapshot> a_snapshot, Find a_find);

  const index::ImageSelection* selected() const { return selection ? &*selection : nullptr; }

  const store::Store& store;
  const kernels::Backend& backend;
  const models::ModelData& model;
  const MatchOptions& options;
  std::shared_ptr<const Snapshot> snapshot;
  Find find;                                       // from many threads
  std::optional<index::ImageSelection> selection;  // nothing where the filter selects all
  // Then the search takes time by the catalogue's size alone, and needs what is prepared for the
  // comparisons.
  bool is_small;
  MatchSummary summary;
};

struct ScoredImage {
  ImageId id = 0;
  Verification verification;
};

// A photo beside one of the catalogues.
struct PhotoSide {
  bool is_compared = false;
  std::optional<ImageId> left_out;  // of the candidates: the photo itself
  std::map<ImageId, Verdict> verdicts;
  std::vector<ImageId> candidates;
  std::vector<ScoredImage> hits;

  std::optional<Verdict> verdict(ImageId id) const;
};

struct QueryPhoto {
  const PhotoInput* input = nullptr;
  DescribedPhoto photo;
  std::string quality;
  std::vector<PhotoSide> sides;  // one for each catalogue
};

// Sets what is described of photos, and of their sides `left_out` and `verdicts`; from many
// threads.
using DescribeQueries = std::function<void(std::span<QueryPhoto>)>;

// What becomes of each query beside each catalogue: takes the photo, its answer and what it was
// compared with.
using TakeAnswer = std::function<void(const QueryPhoto&, std::size_t catalogue, QueryResult&,
                                      std::span<const ImageId> candidates)>;

// Fills the catalogues' summaries. take_answer is called for each query and each catalogue, on_mark
// (may be empty) for each named mark beside the first catalogue: in order of the queries, from one
// thread at a time.
void answer_queries(std::span<SearchedCatalogue> catalogues, std::span<const PhotoInput> queries,
                    const DescribeQueries& describe, const RunControl& control,
                    const TakeAnswer& take_answer,
                    const std::function<void(const MarkResult&)>& on_mark);

}  // namespace pressmark::pipeline
