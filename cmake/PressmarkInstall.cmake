# What an installation holds: the shared library with its headers and CMake package, the program,
# the models and the shell completions. Layers are inside the shared library and are not exported,
# so that a consumer needs none of their dependencies.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/pressmark")

install(TARGETS pressmark EXPORT pressmark-targets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/pressmark"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
install(EXPORT pressmark-targets NAMESPACE pressmark:: DESTINATION "${package_dir}")

file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/package/pressmark-config.cmake" @ONLY
  CONTENT "include(\"\${CMAKE_CURRENT_LIST_DIR}/pressmark-targets.cmake\")\n")
# As the library's SOVERSION: before 1.0 a minor version may break.
write_basic_package_version_file("${CMAKE_BINARY_DIR}/package/pressmark-config-version.cmake"
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_BINARY_DIR}/package/pressmark-config.cmake"
  "${CMAKE_BINARY_DIR}/package/pressmark-config-version.cmake"
  DESTINATION "${package_dir}")

install(TARGETS pressmark_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/models/"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/pressmark/models")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# The program itself knows its verbs and options; it has been built when it is installed.
function(pressmark_install_completion shell directory name)
  set(script "${CMAKE_BINARY_DIR}/completions/${shell}")
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/completions")
  install(CODE "execute_process(COMMAND \"$<TARGET_FILE:pressmark_cli>\" completion ${shell}
    OUTPUT_FILE \"${script}\" COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES "${script}" DESTINATION "${CMAKE_INSTALL_DATADIR}/${directory}" RENAME "${name}")
endfunction()
pressmark_install_completion(bash bash-completion/completions pressmark)
pressmark_install_completion(zsh zsh/site-functions _pressmark)
pressmark_install_completion(fish fish/vendor_completions.d pressmark.fish)
