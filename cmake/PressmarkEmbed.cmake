# pressmark_embed(TARGET HEADER h NAMESPACE ns FILES ...)
#
# Compiles files into TARGET as raw bytes. For each file "page.html" the function
#   std::string_view ns::page_html()
# is defined, which the hand-written HEADER must declare. A changed file is embedded again by the
# next build. Run as a script (cmake -P), this same file writes one of the sources.

if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${INPUT}" bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  file(WRITE "${OUTPUT}" "// Generated from ${NAME}; do not edit.
#include \"${HEADER}\"

namespace ${NAMESPACE} {

std::string_view ${SYMBOL}() {
  static constexpr unsigned char kBytes[] = {
${bytes}
0};
  return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes) - 1};
}

}  // namespace ${NAMESPACE}
")
  return()
endif()

set(PRESSMARK_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(pressmark_embed target)
  cmake_parse_arguments(ARG "" "HEADER;NAMESPACE" "FILES" ${ARGN})
  foreach(file IN LISTS ARG_FILES)
    get_filename_component(input "${file}" ABSOLUTE)
    get_filename_component(name "${file}" NAME)
    string(MAKE_C_IDENTIFIER "${name}" symbol)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/embedded/${symbol}.cpp")
    add_custom_command(
      OUTPUT "${output}"
      COMMAND "${CMAKE_COMMAND}" "-DINPUT=${input}" "-DOUTPUT=${output}" "-DNAME=${name}"
              "-DSYMBOL=${symbol}" "-DHEADER=${ARG_HEADER}" "-DNAMESPACE=${ARG_NAMESPACE}"
              -P "${PRESSMARK_EMBED_SCRIPT}"
      DEPENDS "${input}" "${PRESSMARK_EMBED_SCRIPT}"
      COMMENT "Embedding ${name}"
      VERBATIM)
    target_sources(${target} PRIVATE "${output}")
  endforeach()
endfunction()
