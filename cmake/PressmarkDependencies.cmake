# Every outside library, found once. tools/install-deps installs them on Debian 12.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED)  # faiss-targets.cmake names OpenMP::OpenMP_CXX without finding it
find_package(BLAS REQUIRED)
find_package(LAPACK REQUIRED)
find_package(faiss REQUIRED)
find_package(OpenCV 4.6 REQUIRED COMPONENTS core imgproc imgcodecs features2d calib3d)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(TBB REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
find_package(GIF REQUIRED)
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp libwebpdemux)
pkg_check_modules(EXIF REQUIRED IMPORTED_TARGET libexif)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
find_library(CSV_LIBRARY csv REQUIRED)
find_path(CSV_INCLUDE_DIR csv.h REQUIRED)
find_path(MUSTACHE_INCLUDE_DIR kainjow/mustache.hpp REQUIRED)

# CUDA is used where a toolkit is found; without one nothing is missing but the GPU backend. Nothing
# of CUDA is needed at run time but the driver, and that only by the GPU backend.
set(PRESSMARK_HAS_CUDA OFF)
if(NOT PRESSMARK_CUDA STREQUAL "OFF")
  include(CheckLanguage)
  # CMake's own choice may be an architecture that the toolkit no longer knows.
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES "${PRESSMARK_CUDA_ARCHITECTURES}")
  endif()
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    # CMake 3.25 does not know how nvcc is asked for C++20.
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
      set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
    endif()
    find_package(CUDAToolkit 13.0 REQUIRED)
    set(PRESSMARK_HAS_CUDA ON)
    message(STATUS "CUDA ${CUDAToolkit_VERSION}: kernels for ${PRESSMARK_CUDA_ARCHITECTURES}")
  elseif(PRESSMARK_CUDA STREQUAL "ON")
    message(FATAL_ERROR "PRESSMARK_CUDA=ON, but no CUDA compiler was found")
  endif()
endif()

# Indexes of FAISS for GPUs, where the found FAISS has them: a program that uses them is linked.
set(PRESSMARK_HAS_FAISS_GPU OFF)
if(PRESSMARK_HAS_CUDA)
  try_compile(PRESSMARK_FAISS_LINKS_FOR_GPUS
    SOURCES "${CMAKE_CURRENT_LIST_DIR}/faiss_gpu_check.cpp"
    LINK_LIBRARIES faiss CUDA::cudart OpenMP::OpenMP_CXX
    CXX_STANDARD 20
    CXX_STANDARD_REQUIRED ON)
  if(PRESSMARK_FAISS_LINKS_FOR_GPUS)
    set(PRESSMARK_HAS_FAISS_GPU ON)
    message(STATUS "FAISS ${faiss_VERSION}: global vectors are searched on the engine's GPU")
  else()
    message(STATUS "FAISS ${faiss_VERSION} has no indexes for GPUs: global vectors are searched on the CPU")
  endif()
endif()
