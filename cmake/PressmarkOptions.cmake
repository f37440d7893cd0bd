# Everything a user may choose when configuring, and the flags that follow from it.

option(PRESSMARK_BUILD_BENCHMARKS "Build the benchmarks and the evaluation programs" ON)
option(PRESSMARK_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)
option(PRESSMARK_FUZZ "Build the fuzz targets (clang only)" OFF)
set(PRESSMARK_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")
set(PRESSMARK_CUDA "AUTO" CACHE STRING "CUDA backend: AUTO (if a toolkit is found), ON, OFF")
set_property(CACHE PRESSMARK_CUDA PROPERTY STRINGS AUTO ON OFF)
set(PRESSMARK_CUDA_ARCHITECTURES "80-real;90" CACHE STRING
    "What kernels are compiled for: 80-real is machine code, 90 machine code and PTX for later devices")
set(PRESSMARK_DATA_DIR "${CMAKE_CURRENT_SOURCE_DIR}/../shared/data" CACHE PATH
    "Photo sets for tests and evaluation that cannot be shipped; used where present")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_CUDA_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# Private build flags of every target of ours; never exported. nvcc hands those after -Xcompiler to
# the host's compiler.
add_library(pressmark_build_flags INTERFACE)
set(flags
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  # Backends and thread counts must give equal results: no contraction to fused multiply-add.
  -ffp-contract=off)
if(PRESSMARK_WARNINGS_AS_ERRORS)
  list(APPEND flags -Werror)
endif()
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  # The oldest processor that is supported; faster code is chosen at run time (Highway).
  list(APPEND flags -march=x86-64-v2)
endif()
if(PRESSMARK_SANITIZE)
  list(APPEND flags -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # A comma would end an option of -Xcompiler.
  string(REPLACE "," ";" sanitizers "${PRESSMARK_SANITIZE}")
  foreach(sanitizer IN LISTS sanitizers)
    list(APPEND flags -fsanitize=${sanitizer})
  endforeach()
  # AddressSanitizer sees what these see, and they take a sixth of the compiler's time.
  if("address" IN_LIST sanitizers AND "undefined" IN_LIST sanitizers)
    list(APPEND flags -fno-sanitize=null -fno-sanitize=object-size)
  endif()
  target_link_options(pressmark_build_flags INTERFACE -fsanitize=${PRESSMARK_SANITIZE})
endif()
list(JOIN flags "," flags_of_nvcc)
target_compile_options(pressmark_build_flags INTERFACE
  "$<$<COMPILE_LANGUAGE:C,CXX>:${flags};-Wpedantic>"
  "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=${flags_of_nvcc}>")
