// SPDX-License-Identifier: Apache-2.0
#include "engine/index/gpu_flat_search.hpp"

#include <faiss/IndexShards.h>
#include <faiss/gpu/GpuIndexFlat.h>
#include <faiss/gpu/StandardGpuResources.h>
#include <faiss/gpu/utils/DeviceUtils.h>

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/index/gpu_placement.hpp"
#include "pressmark/error.hpp"

namespace pressmark::index {
namespace {

// What FAISS's own selection can find at once (GPU_MAX_SELECTION_K).
constexpr std::size_t kMostFound = 2048;

// The host reads so many rows of 256 values in some milliseconds. Setting up a device takes a
// hundred times as long, and much of its memory. An estimate: to be measured on a GPU.
constexpr std::size_t kLeastRows = 20'000;

// For the similarities of one query, a tile at a time. FAISS would reserve 1.5 GiB; what does not
// fit is allocated when it is needed.
constexpr std::size_t kTemporaryBytes = std::size_t{64} << 20;

// The kernels whose rounding half_precision_error() bounds, where FAISS was built with others
// beside them (RAFT, later cuVS).
void use_own_kernels(auto& config) {
  if constexpr (requires { config.use_raft; }) config.use_raft = false;
  if constexpr (requires { config.use_cuvs; }) config.use_cuvs = false;
}

[[noreturn]] void fail(const std::string& action, const std::string& reason) {
  // FAISS has one type of exception; the text of CUDA's error is all that tells.
  const bool is_memory = reason.find("out of memory") != std::string::npos;
  throw Error(is_memory ? ErrorCode::kOutOfMemory : ErrorCode::kDevice,
              fmt::format("FAISS failed to {} on the GPU: {}", action, reason));
}

// Runs `call`; what FAISS throws becomes Error.
void attempt(const std::string& action, const std::function<void()>& call) {
  try {
    call();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    fail(action, "out of memory");
  } catch (const std::exception& error) {  // FaissException, or one of the libraries below it
    fail(action, error.what());
  }
}

// One copy of the rows, with what FAISS needs to search them: its resources are for one thread at a
// time.
class Searcher {
 public:
  // Adds `count` rows on a device, following those before.
  void add(int device, int dimension, const float* rows, std::int64_t count) {
    Part& part = parts_.emplace_back();
    part.resources = std::make_unique<faiss::gpu::StandardGpuResources>();
    part.resources->setTempMemory(kTemporaryBytes);
    part.resources->setPinnedMemory(0);  // only for batches of queries of 256 MiB and more
    faiss::gpu::GpuIndexFlatConfig config;
    config.device = device;
    config.useFloat16 = true;
    use_own_kernels(config);
    part.index =
        std::make_unique<faiss::gpu::GpuIndexFlatIP>(part.resources.get(), dimension, config);
    part.index->add(count, rows);
  }

  // After the last add: lets several devices work at once.
  void join(int dimension) {
    if (parts_.size() < 2) return;
    shards_ = std::make_unique<faiss::IndexShards>(dimension, /*threaded=*/true,
                                                   /*successive_ids=*/true);
    for (const Part& part : parts_) shards_->add_shard(part.index.get());
  }

  void search(const float* query, std::int64_t count, float* similarities,
              std::int64_t* rows) const {
    const faiss::Index& index =
        shards_ ? static_cast<const faiss::Index&>(*shards_) : *parts_.front().index;
    index.search(1, query, count, similarities, rows);
  }

 private:
  struct Part {
    std::unique_ptr<faiss::gpu::StandardGpuResources> resources;
    std::unique_ptr<faiss::gpu::GpuIndexFlatIP> index;
  };
  std::vector<Part> parts_;
  std::unique_ptr<faiss::IndexShards> shards_;  // of more than one part; borrows them
};

class GpuFlatSearch final : public DeviceSearch {
 public:
  GpuFlatSearch(int device, int dimension) : device_(device), dimension_(dimension) {}

  std::string name() const override { return fmt::format("fp16 on cuda:{}", device_); }
  std::size_t least_rows() const override { return kLeastRows; }
  std::size_t most_found() const override { return kMostFound; }

  void hold(std::span<const float> vectors) override {
    free_.clear();
    held_ = 0;
    const auto rows =
        static_cast<std::int64_t>(vectors.size() / static_cast<std::size_t>(dimension_));
    if (rows == 0) return;
    std::vector<int> devices{device_};
    std::vector<std::size_t> free_bytes{free_memory(device_)};
    std::optional<GpuPlacement> placement = place_rows(free_bytes, rows, dimension_);
    if (!placement) {
      // To ask a device for its memory takes some of it, so that others are asked last.
      for (int device = 0; device < faiss::gpu::getNumDevices(); ++device) {
        if (device == device_) continue;
        devices.push_back(device);
        free_bytes.push_back(free_memory(device));
      }
      placement = place_rows(free_bytes, rows, dimension_);
    }
    if (!placement) {
      const std::size_t needed =
          kWorkBytes + static_cast<std::size_t>(rows) * bytes_of_row(dimension_);
      throw Error(
          ErrorCode::kOutOfMemory,
          fmt::format("{} global vectors need {} MiB of GPU memory; cuda:{} has {} MiB "
                      "free, and all {} devices together have too little",
                      rows, mib(needed), device_, free_bytes.front() >> 20, devices.size()));
    }
    std::vector<std::unique_ptr<Searcher>> made;
    attempt("hold the global vectors", [&] {
      for (int copy = 0; copy < placement->copies; ++copy) {
        made.push_back(make_searcher(devices, placement->rows, vectors.data()));
      }
    });
    free_ = std::move(made);
    held_ = static_cast<std::size_t>(rows);
  }

  ApproximateRows find(std::span<const float> query, std::size_t count) const override {
    assert(query.size() == static_cast<std::size_t>(dimension_));
    assert(count > 0 && count <= std::min(kMostFound, held_));
    std::vector<float> similarities(count);
    std::vector<std::int64_t> rows(count);
    {
      const Loan searcher(*this);
      attempt("search the global vectors", [&] {
        searcher->search(query.data(), static_cast<std::int64_t>(count), similarities.data(),
                         rows.data());
      });
    }
    ApproximateRows found;
    float least = std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < count; ++i) {
      // Nothing is known of the others where FAISS pads its answer: a query that is not finite.
      const bool is_row = rows[i] >= 0 && static_cast<std::size_t>(rows[i]) < held_;
      if (!is_row || !(similarities[i] > std::numeric_limits<float>::lowest())) return found;
      found.rows.push_back(rows[i]);
      least = std::min(least, similarities[i]);
    }
    found.most_elsewhere = count == held_ ? -std::numeric_limits<float>::infinity()
                                          : least + half_precision_error(dimension_);
    return found;
  }

 private:
  // A searcher that is lent, waiting for one if need be.
  class Loan {
   public:
    explicit Loan(const GpuFlatSearch& owner) : owner_(owner) {
      std::unique_lock lock(owner.mutex_);
      owner.returned_.wait(lock, [&] { return !owner.free_.empty(); });
      searcher_ = std::move(owner.free_.back());
      owner.free_.pop_back();
    }
    ~Loan() {
      {
        const std::scoped_lock lock(owner_.mutex_);
        owner_.free_.push_back(std::move(searcher_));  // has the capacity
      }
      owner_.returned_.notify_one();
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

    const Searcher* operator->() const { return searcher_.get(); }

   private:
    const GpuFlatSearch& owner_;
    std::unique_ptr<Searcher> searcher_;
  };

  static std::size_t mib(std::size_t bytes) { return (bytes + (std::size_t{1} << 20) - 1) >> 20; }

  // FAISS aborts the process where CUDA fails to say; so the device's existence is checked first.
  // Whether the driver works need not be: the engine's backend has run kernels on it.
  static std::size_t free_memory(int device) {
    const int count = faiss::gpu::getNumDevices();
    if (device >= count) {
      throw Error(ErrorCode::kDevice,
                  fmt::format("FAISS finds {} CUDA devices, and none is cuda:{}", count, device));
    }
    return faiss::gpu::getFreeMemory(device);
  }

  std::unique_ptr<Searcher> make_searcher(const std::vector<int>& devices,
                                          const std::vector<std::int64_t>& rows,
                                          const float* vectors) const {
    auto searcher = std::make_unique<Searcher>();
    for (std::size_t i = 0; i < devices.size(); ++i) {
      if (rows[i] == 0) continue;
      searcher->add(devices[i], dimension_, vectors, rows[i]);
      vectors += rows[i] * dimension_;
    }
    searcher->join(dimension_);
    return searcher;
  }

  const int device_, dimension_;
  std::size_t held_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable returned_;
  mutable std::vector<std::unique_ptr<Searcher>> free_;
};

}  // namespace

std::unique_ptr<DeviceSearch> make_gpu_flat_search(int device, int dimension) {
  return std::make_unique<GpuFlatSearch>(device, dimension);
}

}  // namespace pressmark::index
