# PRESSMARK_REVISION: the commit that is built, with "-dirty" where files differ from it.
execute_process(
  COMMAND git describe --always --dirty --exclude "*"
  WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
  OUTPUT_VARIABLE PRESSMARK_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE
  ERROR_QUIET)
if(NOT PRESSMARK_REVISION)
  set(PRESSMARK_REVISION "unknown revision")
endif()
