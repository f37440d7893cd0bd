# Short names for the presets of CMakePresets.json; nothing is built that plain CMake cannot build
# (README.md, "Building with CMake").

PRESET ?= release
DATA ?= ../shared/data
OUT ?= out

.PHONY: all build demo test evaluate bench gpu-check format clean

all: build

build:
	tools/install-deps build
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET)

# PHOTOS=DIR uses your own photos instead of Debian's opencv-doc.
demo:
	tools/install-deps build $(if $(PHOTOS),,demo)
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET) --target pressmark_cli
	tools/demo build/$(PRESET)/pressmark $(OUT)/demo $(if $(PHOTOS),'$(PHOTOS)')

# Debug information, assertions and warnings as errors, unless PRESET says otherwise.
test: PRESET = dev
test:
	tools/install-deps build demo test browser render
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET)
	ctest --preset $(PRESET) -j $$(nproc)

# Accuracy on real photos that cannot be shipped; DATA names their folder (docs/evaluation.md).
evaluate: build
	tools/evaluate build/$(PRESET) $(DATA) $(OUT)/evaluation

# COMPARE=1 also sets it beside OpenCV's methods and measures a whole seizure (docs/performance.md).
bench: build
	tools/install-deps demo $(if $(filter 1,$(COMPARE)),render)
	COMPARE=$(COMPARE) tools/bench build/$(PRESET) $(OUT)/bench

# For a machine with a CUDA device: conformance, compute-sanitizer, benchmarks, one file (docs/gpu.md).
gpu-check: PRESET = cuda
gpu-check:
	tools/install-deps build test
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET) --target kernels_gpu_test bench_devices bench_kernels pressmark_cli
	tools/gpu-check build/$(PRESET) $(OUT)/gpu-check.txt

format:
	git ls-files "*.cpp" "*.hpp" "*.cu" "*.h" | xargs clang-format -i

clean:
	rm -rf build $(OUT)
