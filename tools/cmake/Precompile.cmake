# tresse_precompile(target [<gtest/gtest.h> ...]): the C++ sources of a target
# parse these headers, and the standard ones that most of them include, once.
function(tresse_precompile target)
  set(headers)
  foreach(header <algorithm> <array> <atomic> <cmath> <cstdint> <cstring>
          <functional> <map> <memory> <mutex> <optional> <set> <span> <string>
          <string_view> <thread> <unordered_map> <vector> ${ARGN})
    string(REPLACE ">" "$<ANGLE-R>" header "${header}")
    list(APPEND headers "$<$<COMPILE_LANGUAGE:CXX>:${header}>")
  endforeach()
  target_precompile_headers(${target} PRIVATE ${headers})
  # Without the time in it, equal headers are equal bytes: a compiler cache hits.
  target_compile_options(${target} PRIVATE
    "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()
