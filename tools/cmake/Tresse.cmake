# The project's CMake verbs. All compiler code becomes one shared libTresse.so
# on the installed libMLIR.so and libLLVM.so; folders only name their sources.

find_package(MLIR 22.1 REQUIRED CONFIG)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
set(MLIR_LINK_MLIR_DYLIB ON)
set(LLVM_LINK_LLVM_DYLIB ON)
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(TRESSE_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")

execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE TRESSE_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT TRESSE_COMMIT)
  set(TRESSE_COMMIT "unknown commit")
endif()

# Compile settings of everything that includes MLIR.
function(tresse_compiler_settings target)
  target_include_directories(${target} SYSTEM PRIVATE ${MLIR_INCLUDE_DIRS}
                                                      ${LLVM_INCLUDE_DIRS})
  target_include_directories(${target} PRIVATE
    ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/runtime/include)
  target_compile_definitions(${target} PRIVATE ${TRESSE_LLVM_DEFINITIONS})
  target_compile_options(${target} PRIVATE -fno-exceptions -Wall -Wextra
    -Wno-unused-parameter
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
endfunction()

# The library's precompiled header, for what links it. clang wants the same kind
# of code: -fPIC, where CMake would give a program -fPIE.
function(tresse_reuse_headers target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC)
  target_precompile_headers(${target} REUSE_FROM Tresse)
endfunction()

function(tresse_begin_library)
  add_custom_target(tresse-headers)
  add_library(Tresse SHARED)
  tresse_compiler_settings(Tresse)
  target_link_libraries(Tresse PUBLIC MLIR LLVM)
  target_precompile_headers(Tresse PRIVATE
    ${CMAKE_SOURCE_DIR}/tools/cmake/Precompiled.h)
  add_dependencies(Tresse tresse-headers)
endfunction()

# Adds SOURCES (relative to the current folder) to libTresse.
function(tresse_add_sources)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  list(TRANSFORM ARG_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  target_sources(Tresse PRIVATE ${ARG_SOURCES})
endfunction()

# Runs mlir-tblgen: tresse_tablegen(Norm.td Norm.h.inc -gen-op-decls).
function(tresse_tablegen td output)
  set(LLVM_TARGET_DEFINITIONS ${td})
  mlir_tablegen(${output} ${ARGN} EXTRA_INCLUDES ${CMAKE_SOURCE_DIR} ${MLIR_INCLUDE_DIRS})
  string(MAKE_C_IDENTIFIER "tablegen-${CMAKE_CURRENT_SOURCE_DIR}-${output}" name)
  add_custom_target(${name} DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${output})
  add_dependencies(tresse-headers ${name})
endfunction()

# tresse_add_dialect(lm BASE LMBase INTERFACES Interfaces FAMILIES Norm Rope
#                    SOURCES LM.cpp Norm.cpp)
# BASE.td holds the dialect, its attributes and enums; every family's .td holds
# ops only, so that one family is one translation unit.
function(tresse_add_dialect name)
  cmake_parse_arguments(ARG "" "BASE" "INTERFACES;FAMILIES;SOURCES" ${ARGN})
  tresse_tablegen(${ARG_BASE}.td ${ARG_BASE}Dialect.h.inc -gen-dialect-decls -dialect=${name})
  tresse_tablegen(${ARG_BASE}.td ${ARG_BASE}Dialect.cpp.inc -gen-dialect-defs -dialect=${name})
  tresse_tablegen(${ARG_BASE}.td ${ARG_BASE}Enums.h.inc -gen-enum-decls)
  tresse_tablegen(${ARG_BASE}.td ${ARG_BASE}Enums.cpp.inc -gen-enum-defs)
  tresse_tablegen(${ARG_BASE}.td ${ARG_BASE}Attributes.h.inc -gen-attrdef-decls -attrdefs-dialect=${name})
  tresse_tablegen(${ARG_BASE}.td ${ARG_BASE}Attributes.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${name})
  foreach(interface ${ARG_INTERFACES})
    tresse_tablegen(${interface}.td ${interface}.h.inc -gen-op-interface-decls)
    tresse_tablegen(${interface}.td ${interface}.cpp.inc -gen-op-interface-defs)
  endforeach()
  foreach(family ${ARG_FAMILIES})
    tresse_tablegen(${family}.td ${family}.h.inc -gen-op-decls)
    tresse_tablegen(${family}.td ${family}.cpp.inc -gen-op-defs)
  endforeach()
  tresse_add_sources(SOURCES ${ARG_SOURCES})
endfunction()

# Reads ./Passes.td; `stage` names the generated registration function.
function(tresse_add_passes stage)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  tresse_tablegen(Passes.td Passes.h.inc -gen-pass-decls -name=${stage})
  tresse_add_sources(SOURCES ${ARG_SOURCES})
endfunction()

# A program in build/bin on libTresse.
function(tresse_add_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  tresse_compiler_settings(${name})
  tresse_reuse_headers(${name})
  target_compile_definitions(${name} PRIVATE
    TRESSE_VERSION="${PROJECT_VERSION}" TRESSE_COMMIT="${TRESSE_COMMIT}"
    TRESSE_LLVM="${LLVM_PACKAGE_VERSION}")
  target_link_libraries(${name} PRIVATE Tresse MLIR LLVM ${ARG_LIBRARIES})
  set_target_properties(${name} PROPERTIES
    INSTALL_RPATH "$ORIGIN/../lib;${LLVM_LIBRARY_DIR}" BUILD_RPATH "${CMAKE_BINARY_DIR}/lib")
  install(TARGETS ${name} EXPORT TresseTargets)
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/TressePlugin.cmake)

# Closes libTresse: its installation, its headers under include/tresse, and
# the CMake package with which passes are built elsewhere.
function(tresse_end_library)
  add_library(Tresse::Compiler ALIAS Tresse)
  set_target_properties(Tresse PROPERTIES EXPORT_NAME Compiler
    INSTALL_RPATH "$ORIGIN;${LLVM_LIBRARY_DIR}")
  target_include_directories(Tresse INTERFACE
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}>
    $<INSTALL_INTERFACE:include/tresse> $<INSTALL_INTERFACE:include>)
  install(TARGETS Tresse EXPORT TresseTargets)
  foreach(folder dialects passes codegen)
    foreach(root ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
      install(DIRECTORY ${root}/${folder} DESTINATION include/tresse
        FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.inc"
        PATTERN "CMakeFiles" EXCLUDE)
    endforeach()
  endforeach()
endfunction()

# The exported package; called once everything installed is declared.
function(tresse_export_package)
  include(CMakePackageConfigHelpers)
  set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/Tresse)
  set(cmake ${CMAKE_SOURCE_DIR}/tools/cmake)
  configure_package_config_file(${cmake}/TresseConfig.cmake.in
    ${CMAKE_BINARY_DIR}/TresseConfig.cmake INSTALL_DESTINATION ${folder})
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/TresseConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/TresseConfig.cmake
    ${CMAKE_BINARY_DIR}/TresseConfigVersion.cmake ${cmake}/TressePlugin.cmake
    DESTINATION ${folder})
  install(EXPORT TresseTargets NAMESPACE Tresse:: DESTINATION ${folder})
endfunction()
