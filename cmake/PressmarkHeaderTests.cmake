# Compiles every public header alone, twice in one unit: each must bring all that it needs and
# bear repetition. tools/check-layers tests that the list is complete.
set(PRESSMARK_PUBLIC_HEADERS
  catalogue.hpp
  decisions.hpp
  engine.hpp
  error.hpp
  evaluate.hpp
  export.hpp
  filter.hpp
  inputs.hpp
  json.hpp
  maintenance.hpp
  model.hpp
  options.hpp
  report.hpp
  seizure.hpp
  types.hpp)

set(header_test_sources)
foreach(header IN LISTS PRESSMARK_PUBLIC_HEADERS)
  string(MAKE_C_IDENTIFIER "${header}" identifier)
  set(source "${CMAKE_BINARY_DIR}/header_tests/${identifier}.cpp")
  file(CONFIGURE OUTPUT "${source}" @ONLY
    CONTENT "#include \"pressmark/@header@\"\n#include \"pressmark/@header@\"\n")
  list(APPEND header_test_sources "${source}")
endforeach()

add_library(pressmark_header_tests OBJECT ${header_test_sources})
target_include_directories(pressmark_header_tests PRIVATE "${PROJECT_SOURCE_DIR}/include")
target_link_libraries(pressmark_header_tests PRIVATE pressmark_build_flags)
