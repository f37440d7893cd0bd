# Headers that many sources include, compiled once for each kind of target: parsing them is half of
# what a build takes. Compiler caches do not work with precompiled headers, and save more.
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(precompile OFF)
else()
  set(precompile ON)
endif()
option(PRESSMARK_PRECOMPILE_HEADERS "Compile what many sources include once" ${precompile})

# pressmark_precompiled(NAME HEADER LIBRARIES ...)
#
# Headers for targets that are compiled as NAME is: an object library, as layers are, or with
# EXECUTABLE a program.
function(pressmark_precompiled name header)
  if(NOT PRESSMARK_PRECOMPILE_HEADERS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 2 ARG "EXECUTABLE" "" "LIBRARIES")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  file(GENERATE OUTPUT "${source}" CONTENT "")
  if(ARG_EXECUTABLE)
    add_executable(${name} EXCLUDE_FROM_ALL "${source}")
  else()
    add_library(${name} OBJECT EXCLUDE_FROM_ALL "${source}")
  endif()
  target_link_libraries(${name} PRIVATE pressmark_build_flags ${ARG_LIBRARIES})
  target_precompile_headers(${name} PRIVATE "${header}")
endfunction()

# The target must have the options of `name`: other optimisation or OpenMP makes headers unusable.
function(pressmark_use_precompiled target name)
  if(PRESSMARK_PRECOMPILE_HEADERS)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()
