// SPDX-License-Identifier: Apache-2.0
//
// Links where the found FAISS has indexes for GPUs (PressmarkDependencies.cmake); never run.
#include <faiss/gpu/GpuIndexFlat.h>
#include <faiss/gpu/StandardGpuResources.h>

int main() {
  faiss::gpu::StandardGpuResources resources;
  faiss::gpu::GpuIndexFlatConfig config;
  config.useFloat16 = true;
  const faiss::gpu::GpuIndexFlatIP index(&resources, 16, config);
  return static_cast<int>(index.ntotal);
}
