# pressmark_add_layer(NAME SOURCES ... [PUBLIC libs] [PRIVATE libs])
#
# One static library per folder, named pressmark_NAME with alias pressmark::NAME. Include paths are
# the public headers and the repository root, so that a layer is named in every include
# ("engine/store/segment.hpp"): tools/check-layers reads these.
function(pressmark_add_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(pressmark_${name} STATIC ${ARG_SOURCES})
  add_library(pressmark::${name} ALIAS pressmark_${name})
  target_include_directories(pressmark_${name} PUBLIC
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}")
  target_link_libraries(pressmark_${name}
    PUBLIC ${ARG_PUBLIC}
    PRIVATE $<BUILD_INTERFACE:pressmark_build_flags> ${ARG_PRIVATE})
endfunction()

# OpenCV's own targets carry warnings of their headers into our builds; include them as system.
add_library(pressmark_opencv INTERFACE)
target_include_directories(pressmark_opencv SYSTEM INTERFACE ${OpenCV_INCLUDE_DIRS})
target_link_libraries(pressmark_opencv INTERFACE
  opencv_core opencv_imgproc opencv_imgcodecs opencv_features2d opencv_calib3d)
